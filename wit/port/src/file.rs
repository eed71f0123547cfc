//! What is stored beside the bytes of a file.

use std::time::SystemTime;

use crate::{Key, Metadata};

/// What is stored beside the bytes of one version of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The key that it is stored under.
    pub key: Key,
    /// In bytes.
    pub size: u64,
    /// A strong entity tag with its quotes (RFC 9110, 8.8.3); never the same for
    /// two versions of a key whose bytes differ.
    pub etag: String,
    /// When this version became visible.
    pub modified: SystemTime,
    /// As given when it was stored.
    pub content_type: String,
    /// As given when it was stored.
    pub uploader: Option<String>,
    /// As given when it was stored or last amended.
    pub metadata: Metadata,
}

/// A file as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key that it is stored under.
    pub key: Key,
    /// In bytes.
    pub size: u64,
    /// As in [`Info`].
    pub etag: String,
    /// As in [`Info`].
    pub modified: SystemTime,
}

/// A file that has become visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its description as readers see it; `modified` may be a little later, where the
    /// engine tells the exact time only to readers.
    pub info: Info,
    /// Whether the key had a version before.
    pub replaced: bool,
}
