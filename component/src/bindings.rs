//! The world of `wit/world.wit` as Rust, and nothing else.

#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::undocumented_unsafe_blocks
)]

#[cfg(not(feature = "decide"))]
wit_bindgen::generate!({
    path: "../wit",
    world: "coffer",
    generate_all,
    // Arguments are borrowed, so nothing has to be copied first.
    ownership: Borrowing { duplicate_if_necessary: false },
});

#[cfg(feature = "decide")]
wit_bindgen::generate!({
    path: "../wit",
    world: "deciding",
    generate_all,
    ownership: Borrowing { duplicate_if_necessary: false },
});

use crate::Coffer;
export!(Coffer with_types_in self);
