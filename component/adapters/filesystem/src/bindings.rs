//! The world `filesystem-platform` of `wit/adapters.wit` as Rust, and nothing else.

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
    world: "filesystem-platform",
    with: {
        "wasi:clocks/wall-clock@0.2.3": coffer_adapter::bindings::wasi::clocks::wall_clock,
        "wasi:io/error@0.2.3": coffer_adapter::bindings::wasi::io::error,
        "wasi:io/poll@0.2.3": coffer_adapter::bindings::wasi::io::poll,
        "wasi:io/streams@0.2.3": coffer_adapter::bindings::wasi::io::streams,
    },
    generate_all,
});
