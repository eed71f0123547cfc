//! The world of `wit/world.wit` as Rust, and nothing else.

#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::undocumented_unsafe_blocks
)]

wit_bindgen::generate!({
    path: "../wit",
    world: "coffer",
    generate_all,
    // What is handed over need not be copied together first.
    ownership: Borrowing { duplicate_if_necessary: false },
});

use crate::Coffer;
export!(Coffer with_types_in self);
