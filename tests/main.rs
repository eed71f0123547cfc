//! End-to-end tests: the real binary over HTTP, one module a subject.

#![allow(clippy::unwrap_used)]

mod names; // right or refused, and never a path on the disk
mod support;
