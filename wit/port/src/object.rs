//! What engines over an S3-compatible service share: how a file is an object, and how a
//! service without transactions is made to keep the port's promises. Sans I/O: the engine
//! sends the requests and says how they went.

pub mod batch;
pub mod code;
pub mod copy;
pub mod metadata;
pub mod pages;
pub mod publish;
pub mod range;
pub mod remove;
pub mod xml;

pub use code::Meaning;
pub use metadata::ObjectMetadata;
pub use pages::Pages;
pub use publish::{Publish, Seen};
pub use range::Range;
pub use remove::Remove;

/// Which version a write may replace, as the service evaluates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pin {
    /// Any, or none.
    None,
    /// There must be no object (`If-None-Match: *`).
    Absent,
    /// The version with this entity tag (`If-Match`).
    Version(String),
}

/// How often a decision is taken anew because another writer was faster.
const ROUNDS: u32 = 16;

/// An entity tag with its quotes, which some services leave out here and there.
#[must_use]
pub fn quoted(etag: &str) -> String {
    match etag.starts_with('"') {
        true => etag.to_owned(),
        false => format!("\"{etag}\""),
    }
}
