//! Bakes a policy into the component: `COFFER_BAKED_POLICY` names its file, else
//! it is `policy.toml` beside this script.

use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-env-changed=COFFER_BAKED_POLICY");
    let own = std::env::var_os("COFFER_BAKED_POLICY").filter(|file| !file.is_empty());
    let pinned = own.is_some();
    let file = own.map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("policy.toml"),
        PathBuf::from,
    );
    println!("cargo:rerun-if-changed={}", file.display());
    println!("cargo:rustc-env=COFFER_POLICY_FILE={}", file.display());
    println!("cargo:rustc-check-cfg=cfg(pinned_policy)");
    if pinned {
        println!("cargo:rustc-cfg=pinned_policy");
    }
}
