//! End-to-end tests: the real binary over HTTP, one module a subject.

#![allow(clippy::unwrap_used)]

mod crash; // kill -9, restart, a second host, an orderly stop
mod large; // 3 GiB up and down, 64 at once, and the host's memory
mod names; // right or refused, and never a path on the disk
mod support;
mod upload; // PUT: what is stored, on which conditions, and seen by whom
