//! Coffer's blob-store port over a directory of `wasi:filesystem`.
//!
//! Bytes are in `blobs` under random names; which of them is a key's version is in the
//! `index`, a sequence of files that are each complete. The next one is created with one hard
//! link, which fails if another writer was faster: that is the only moment at which anything
//! changes for a reader, and it keeps any number of instances from overwriting each other
//! without a lock. `DEPLOY.md` describes the format on disk.

mod base;
mod bindings;
mod blobs;
mod copies;
mod disk;
mod generation;
mod index;
mod page;
mod row;
mod snapshot;
mod store;
mod sweep;
mod turn;
mod version;

use coffer_adapter::Port;

use store::FileStore;

type Adapter = Port<FileStore>;
coffer_adapter::bindings::export!(Adapter with_types_in coffer_adapter::bindings);
