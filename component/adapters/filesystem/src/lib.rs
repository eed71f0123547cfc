//! Coffer's blob-store port over a directory of `wasi:filesystem`.
//!
//! Bytes are in `blobs` under random names; which of them is a key's version is in the
//! `index`, a row of files of which each is complete in itself. The next one
//! is made with one hard link, which fails if somebody else has made it: that is the only
//! moment at which anything changes for a reader, and what keeps any number of instances
//! from overwriting each other without a lock. `DEPLOY.md` has the form on disk.

mod base;
mod bindings;
mod blobs;
mod disk;
mod generation;
mod index;
mod page;
mod row;
mod store;
mod sweep;
mod turn;

use coffer_adapter::Port;

use store::FileStore;

type Adapter = Port<FileStore>;
coffer_adapter::bindings::export!(Adapter with_types_in coffer_adapter::bindings);
