//! Coffer's blob-store port over a bucket of S3 or a compatible service, through `wasi:http`.
//!
//! The layout is that of the host's own S3 engine, so that both can share a bucket: a key is
//! an object of that name below a prefix, what is stored beside the bytes is in its metadata,
//! and its entity tag is the service's own. Conditions and guards are evaluated by the service
//! (`coffer_port::object`); if it ignores them, they are checked before the write instead of
//! with it.

mod batch;
mod bindings;
mod bucket;
mod copies;
mod copy;
mod download;
mod exchange;
mod failure;
mod list;
mod object;
mod parts;
mod publish;
mod remove;
mod run;
mod settings;
mod store;
mod upload;

use coffer_adapter::Port;

use store::S3Store;

type Adapter = Port<S3Store>;
coffer_adapter::bindings::export!(Adapter with_types_in coffer_adapter::bindings);
