//! What only concerns Coffer on other platforms: what the composed components ask for, what
//! is missing there, and several hosts on one store. `just test-portable` makes what this
//! needs; it also runs the tests of `tests/main.rs` there.

#![allow(clippy::unwrap_used)]

#[path = "portable/imports.rs"]
mod imports; // what the composed components ask for, as DEPLOY.md says
#[path = "portable/missing.rs"]
mod missing; // settings that are not there
#[path = "portable/shared.rs"]
mod shared; // several hosts on one directory or bucket at once, and one that crashes

#[allow(dead_code, unused_imports)]
mod support;
