//! A file that lacks nothing but being published.

use bytes::Bytes;
use coffer_port::object::{Metadata, Seen};

use super::bucket::Written;
use super::budget::Grant;
use super::multipart::Multipart;
use crate::store::{CreateOptions, Info, Key, Stored};

/// A file that has arrived whole and is as its sender said.
pub(super) struct Sealed {
    pub(super) key: Key,
    pub(super) options: CreateOptions,
    pub(super) metadata: Metadata,
    pub(super) size: u64,
    pub(super) seen: Seen,
    pub(super) content: Content,
}

/// Where the bytes are.
pub(super) enum Content {
    /// Here, and in one request at the service.
    Whole { bytes: Bytes, _grant: Option<Grant> },
    /// At the service.
    Parts(Multipart),
}

impl Sealed {
    /// What the answer to an upload says of it.
    pub(super) fn stored(&self, written: Written, replaced: bool) -> Stored {
        Stored {
            info: Info {
                key: self.key.clone(),
                size: self.size,
                etag: written.etag,
                modified: written.modified,
                content_type: self.options.content_type.clone(),
                uploader: self.options.uploader.clone(),
            },
            replaced,
        }
    }
}
