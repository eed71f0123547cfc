//! The world `adapter` of `wit/adapters.wit` as Rust, and nothing else.

#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::undocumented_unsafe_blocks
)]

wit_bindgen::generate!({
    path: "../../../wit",
    world: "adapter",
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "coffer_adapter::bindings",
});
