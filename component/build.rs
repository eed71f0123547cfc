//! Bakes a policy into the component: `COFFER_BAKED_POLICY` names its file, else
//! it is `policy.toml` beside this script.
//!
//! And gives the component enough memory to start with: to grow is a system call, and
//! another one to shrink again for the next request.

use std::path::PathBuf;

/// Memory of a fresh instance, in bytes: the stack, the data, and a heap that does for most
/// requests. The kernel is asked about every page of it after each of them.
const MEMORY: u32 = 768 << 10;
/// The stack, in bytes.
const STACK: u32 = 256 << 10;

fn main() {
    if std::env::var_os("CARGO_CFG_TARGET_FAMILY").is_some_and(|family| family == "wasm") {
        println!("cargo:rustc-link-arg=--initial-memory={MEMORY}");
        println!("cargo:rustc-link-arg=-zstack-size={STACK}");
    }
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
