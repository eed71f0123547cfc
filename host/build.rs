//! Finds the component that the host embeds.

use std::path::Path;

fn main() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/component/coffer.wasm");
    println!("cargo:rerun-if-changed={}", path.display());
    let found = path.canonicalize().unwrap_or_else(|_| {
        panic!(
            "{} is missing: build it with `just component`",
            path.display()
        )
    });
    println!(
        "cargo:rustc-env=COFFER_EMBEDDED_COMPONENT={}",
        found.display()
    );
}
