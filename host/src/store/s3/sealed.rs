//! A file that is complete except for being published.

use bytes::Bytes;
use coffer_port::object::{ObjectMetadata, Seen};

use super::bucket::Written;
use super::budget::Grant;
use super::multipart::Multipart;
use crate::store::{CreateOptions, Info, Key, Stored};

/// A file that was received completely and verified.
pub(super) struct Sealed {
    pub(super) key: Key,
    pub(super) options: CreateOptions,
    pub(super) metadata: ObjectMetadata,
    pub(super) size: u64,
    pub(super) seen: Seen,
    pub(super) content: Content,
}

/// Where the bytes are.
pub(super) enum Content {
    /// In memory, to be sent in one request.
    Whole { bytes: Bytes, _grant: Option<Grant> },
    /// At the service, in parts.
    Parts(Multipart),
}

impl Content {
    /// Whether it is in a multipart upload that was there before.
    pub(super) fn was_there(&self) -> bool {
        matches!(self, Content::Parts(multipart) if multipart.was_there())
    }
}

impl Sealed {
    /// What the response to an upload says about it.
    pub(super) fn stored(&self, written: Written, replaced: bool) -> Stored {
        Stored {
            info: Info {
                key: self.key.clone(),
                size: self.size,
                etag: written.etag,
                modified: written.modified,
                content_type: self.options.content_type.clone(),
                uploader: self.options.uploader.clone(),
                metadata: self.options.metadata.clone(),
            },
            replaced,
        }
    }
}
