//! What only concerns Coffer on other platforms: what the composed components import,
//! missing settings, and several hosts on one store. `just test-portable` builds what this
//! needs; it also runs the tests of `tests/main.rs` there.

#![allow(clippy::unwrap_used)]

#[path = "portable/imports.rs"]
mod imports; // what the composed components import, as DEPLOY.md says
#[path = "portable/missing.rs"]
mod missing; // missing settings
#[path = "portable/proxied.rs"]
mod proxied; // a proxy that responds instead of the S3 service
#[path = "portable/shared.rs"]
mod shared; // several hosts on one directory or bucket at once, and one that crashes

#[allow(dead_code, unused_imports)]
mod support;
