//! Builds a policy into the component: the file that `COFFER_BAKED_POLICY` names, or
//! `policy.toml` next to this script.
//!
//! Also sets the component's initial memory: growing it costs a system call, and shrinking
//! it again for the next request another one.

use std::path::PathBuf;

/// The initial memory of an instance, in bytes: the stack, the data, and a heap that is large
/// enough for most requests. No more, since the kernel checks each page after every request.
const MEMORY: u32 = 768 << 10;
/// The size of the stack, in bytes.
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
