//! Finds the component that the host embeds, and names the commit that is built.

use std::path::Path;

fn main() {
    commit();
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

/// The commit is told by `COFFER_COMMIT`, as `just production` sets it, and not asked of git: a
/// build for tests would otherwise compile the host again for each commit.
fn commit() {
    println!("cargo:rerun-if-env-changed=COFFER_COMMIT");
    let commit = std::env::var("COFFER_COMMIT").unwrap_or_default();
    assert!(
        commit.chars().all(|c| c.is_ascii_graphic()),
        "COFFER_COMMIT={commit:?} is not a commit"
    );
    let commit = if commit.is_empty() {
        "unknown"
    } else {
        &commit
    };
    println!("cargo:rustc-env=COFFER_COMMIT={commit}");
}
