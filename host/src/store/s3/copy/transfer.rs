//! The bytes of an object on their way to another name, or to a new version of their own.

use std::collections::HashMap;
use std::sync::Arc;

use coffer_port::object::publish::Means;
use coffer_port::object::{ObjectMetadata, Pin};

use crate::store::s3::bucket::{Described, Source, Written};
use crate::store::s3::conditional::Evaluated;
use crate::store::s3::failure::S3Failure;
use crate::store::s3::multipart::Multipart;
use crate::store::s3::shared::Shared;
use crate::store::{Error, Key};

/// How much one request copies.
#[derive(Debug, Clone, Copy)]
pub(in crate::store::s3) struct Sizes {
    /// The largest object that is copied in one request.
    pub(in crate::store::s3) whole: u64,
    /// The size of the parts of others.
    pub(in crate::store::s3) part: u64,
}

impl Default for Sizes {
    /// S3 would copy 5 GiB at once. A service that copies 10 MB/s is still done in time with
    /// these, and 10,000 parts are more than the largest object.
    fn default() -> Sizes {
        Sizes {
            whole: 1 << 30,
            part: 512 << 20,
        }
    }
}

impl Sizes {
    /// Whether an object of this size is copied in parts.
    pub(in crate::store::s3) fn are_parts(self, size: u64) -> bool {
        size > self.whole
    }
}

/// A copy that is complete except for being published. Dropped before that, it leaves nothing.
pub(in crate::store::s3) struct Transfer<'a> {
    store: &'a Arc<Shared>,
    to: &'a Key,
    metadata: ObjectMetadata,
    content: Content,
}

enum Content {
    /// To be copied in one request, with these entries of user metadata besides.
    Whole(Source, HashMap<String, String>),
    /// Copied already.
    Parts(Multipart),
}

impl<'a> Transfer<'a> {
    /// Of this version; copies the parts of a large one.
    ///
    /// # Errors
    /// [`Error::NotFound`] and [`Error::PreconditionFailed`] where that version is gone.
    pub(in crate::store::s3) async fn begin(
        store: &'a Arc<Shared>,
        described: &Described,
        to: &'a Key,
        metadata: ObjectMetadata,
        origin: Option<&str>,
    ) -> Result<Transfer<'a>, Error> {
        let info = &described.object.info;
        let if_match = store.conditional.source;
        let source = Source {
            key: info.key.clone(),
            pin: match if_match.is_evaluated() {
                true => if_match.form(Pin::Version(info.etag.clone())),
                false => Pin::None,
            },
        };
        let more = described.carried(&metadata, origin);
        let content = match store.sizes.are_parts(info.size) {
            false => Content::Whole(source, more),
            true => {
                let multipart = Multipart::start(store, to.clone(), metadata.clone(), more);
                let (source, part) = (Arc::new(source), store.sizes.part);
                let mut first = 0;
                while first < info.size {
                    let end = info.size.min(first + part);
                    multipart.copy(&source, (first, end - 1)).await?;
                    first = end;
                }
                multipart.drained().await?;
                // Not every service that evaluates the version of a copy does so for parts.
                match store.bucket.look(&info.key).await? {
                    Some(now) if now.info.etag == info.etag => {}
                    Some(_) => return Err(Error::PreconditionFailed),
                    None => return Err(Error::NotFound),
                }
                Content::Parts(multipart)
            }
        };
        Ok(Transfer {
            store,
            to,
            metadata,
            content,
        })
    }

    /// The name of the version that it will be.
    pub(in crate::store::s3) fn version(&self) -> Option<&str> {
        self.metadata.version.as_deref()
    }

    /// Whether the request that publishes it can fail because of its source.
    pub(in crate::store::s3) fn names_source(&self) -> bool {
        matches!(self.content, Content::Whole(..))
    }

    /// What the service evaluates of the target's conditions.
    pub(in crate::store::s3) fn evaluated(&self) -> Evaluated {
        match self.content {
            Content::Whole(..) => self.store.conditional.copy,
            Content::Parts(_) => self.store.conditional.complete,
        }
    }

    /// The same, for the decision what to send.
    pub(in crate::store::s3) fn means(&self) -> Means {
        let evaluated = self.evaluated();
        Means {
            absent: evaluated.absent,
            version: evaluated.version.is_evaluated(),
            folders: self.store.conditional.folders,
            whole: self.names_source(),
        }
    }

    /// Publishes it on this condition. May be called again if that failed.
    pub(in crate::store::s3) async fn send(&self, pin: Pin) -> Result<Written, S3Failure> {
        let pin = self.evaluated().version.form(pin);
        match &self.content {
            Content::Whole(source, more) => {
                let bucket = &self.store.bucket;
                let more = more.clone();
                bucket
                    .copy(source, self.to, &self.metadata, more, &pin)
                    .await
            }
            Content::Parts(multipart) => {
                let version = self.version();
                self.store.complete(multipart, self.to, version, pin).await
            }
        }
    }
}
