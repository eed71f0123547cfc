//! The world `s3-platform` of `wit/adapters.wit` as Rust, and nothing else.

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
    world: "s3-platform",
    with: {
        "wasi:clocks/monotonic-clock@0.2.3": coffer_adapter::bindings::wasi::clocks::monotonic_clock,
        "wasi:http/types@0.2.3": coffer_adapter::bindings::wasi::http::types,
        "wasi:io/error@0.2.3": coffer_adapter::bindings::wasi::io::error,
        "wasi:io/poll@0.2.3": coffer_adapter::bindings::wasi::io::poll,
        "wasi:io/streams@0.2.3": coffer_adapter::bindings::wasi::io::streams,
    },
    generate_all,
});
