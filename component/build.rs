//! Builds a policy into the component: the file that `COFFER_BAKED_POLICY` names, or
//! `policy.toml` next to this script; and the OpenAPI document.
//!
//! Also sets the component's initial memory: growing it costs a system call, and shrinking
//! it again for the next request another one.

#[path = "build/openapi.rs"]
mod openapi;

use std::path::{Path, PathBuf};

/// The initial memory of an instance, in bytes: the stack, the data, and a heap that is large
/// enough for most requests. No more, since the kernel checks each page after every request, and
/// what a host clears by hand is limited (`KEEP_MEMORY_RESIDENT` in `host/src/sandbox/limits.rs`):
/// the heap and the usual part of the stack have to fit. What is beyond the initial memory costs
/// only the requests that grow it.
const MEMORY: u32 = 576 << 10;
/// The size of the stack, in bytes.
const STACK: u32 = 256 << 10;
/// The level of miniz_oxide that compresses best.
const BEST: u8 = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::var_os("CARGO_CFG_TARGET_FAMILY").is_some_and(|family| family == "wasm") {
        println!("cargo:rustc-link-arg=--initial-memory={MEMORY}");
        println!("cargo:rustc-link-arg=-zstack-size={STACK}");
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    policy(here);
    describe(here)
}

fn policy(here: &Path) {
    println!("cargo:rerun-if-env-changed=COFFER_BAKED_POLICY");
    let own = std::env::var_os("COFFER_BAKED_POLICY").filter(|file| !file.is_empty());
    let pinned = own.is_some();
    let file = own.map_or_else(|| here.join("policy.toml"), PathBuf::from);
    println!("cargo:rerun-if-changed={}", file.display());
    println!("cargo:rustc-env=COFFER_POLICY_FILE={}", file.display());
    println!("cargo:rustc-check-cfg=cfg(pinned_policy)");
    if pinned {
        println!("cargo:rustc-cfg=pinned_policy");
    }
}

/// Compresses the document, since an instance's memory has all data in it.
fn describe(here: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let folder = here.join("openapi");
    println!("cargo:rerun-if-changed={}", folder.display());
    let document = openapi::document(&folder, env!("CARGO_PKG_VERSION"))?;
    let document = serde_json::to_vec(&document)?;
    let compressed = miniz_oxide::deflate::compress_to_vec(&document, BEST);
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("openapi.json.deflate"), compressed)?;
    let digest = hmac_sha256::Hash::hash(&document);
    let etag: String = digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    println!("cargo:rustc-env=COFFER_OPENAPI_ETAG=\"{etag}\"");
    println!("cargo:rustc-env=COFFER_OPENAPI_SIZE={}", document.len());
    Ok(())
}
