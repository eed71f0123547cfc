//! Copying and moving files: the bytes stay at the service.
//!
//! A HEAD of the source decides whether it may be copied, and tells the size, which the answer to
//! a copy does not. Then [`Publish`] decides as for an upload, about a request that copies. That
//! one names the version of the source, too; where it is refused, either may have changed.
//!
//! A move copies, then removes that version of the source. So a crash can leave two files, never
//! none.

mod transfer;

use std::sync::Arc;

use coffer_port::object::publish::Step;
use coffer_port::object::{ObjectMetadata, Pin, Publish, Seen};
use futures_util::{FutureExt, StreamExt, stream};
use tokio::sync::MutexGuard;
use uuid::Uuid;

use super::bucket::{Described, Written};
use super::failure::S3Failure;
use super::shared::Shared;
use crate::store::{Copy, CopyError, Error, Info, Key, Stored};

pub(super) use transfer::{Sizes, Transfer};

/// How many files of a batch are copied at the same time.
const AT_ONCE: usize = 32;
/// How often a removal is tried that meets with another writer.
const ROUNDS: u32 = 16;

impl Shared {
    /// Copies or moves each of these files.
    pub(super) async fn copy_all(
        self: &Arc<Self>,
        copies: &[Copy],
    ) -> Vec<Result<Stored, CopyError>> {
        let copying: Vec<_> = copies.iter().map(|copy| self.copy(copy).boxed()).collect();
        stream::iter(copying).buffered(AT_ONCE).collect().await
    }

    async fn copy(self: &Arc<Self>, copy: &Copy) -> Result<Stored, CopyError> {
        // Where the service does not evaluate which version is copied, no writer of this host
        // may come between the look at the source and the copy.
        let _both = match self.conditional.source.is_evaluated() {
            true => Vec::new(),
            false => self.turns(&[&copy.from, &copy.to]).await,
        };
        let source = self.source(copy).await?;
        let stored = self.place(copy, &source).await?;
        if copy.may_remove.is_some() {
            let removed = self.remove_version(&copy.from, &copy.etag).await;
            removed.map_err(CopyError::Target)?;
        }
        Ok(stored)
    }

    /// What is under `from` now, if it may be copied.
    async fn source(&self, copy: &Copy) -> Result<Described, CopyError> {
        let found = self.bucket.look_closely(&copy.from).await;
        let found = found.map_err(CopyError::Target)?;
        let found = found.ok_or(CopyError::Source(Error::NotFound))?;
        copy.check_source(Some(&found.object.info))?;
        Ok(found)
    }

    /// Stores the copy.
    async fn place(self: &Arc<Self>, copy: &Copy, source: &Described) -> Result<Stored, CopyError> {
        let size = source.object.info.size;
        let mut seen = Seen::NotLooked;
        // A request that copies at once is itself the quickest way to find out.
        if self.sizes.are_parts(size) || copy.options.check(None).is_err() {
            let found = self.bucket.look_closely(&copy.to).await;
            let found = found.map_err(CopyError::Target)?;
            if let Some(same) = same(copy, source, found.as_ref()) {
                return Ok(same);
            }
            let found = found.map(|found| found.object.info);
            seen = Seen::check(found, &copy.options).map_err(CopyError::Target)?;
        }
        let metadata = ObjectMetadata {
            content_type: copy.options.content_type.clone(),
            uploader: copy.options.uploader.clone(),
            version: Some(Uuid::new_v4().to_string()),
            metadata: copy.options.metadata.clone(),
        };
        let origin = Some(copy.etag.as_str());
        let begun = Transfer::begin(self, source, &copy.to, metadata, origin).await;
        let transfer = begun.map_err(|error| match error {
            Error::NotFound | Error::PreconditionFailed => CopyError::Source(error),
            error => CopyError::Target(error),
        })?;
        self.publish_copy(copy, source, &seen, &transfer).await
    }

    async fn publish_copy(
        &self,
        copy: &Copy,
        source: &Described,
        seen: &Seen,
        transfer: &Transfer<'_>,
    ) -> Result<Stored, CopyError> {
        let options = &copy.options;
        let stored = |written: Written, replaced| Stored {
            info: Info {
                key: copy.to.clone(),
                size: source.object.info.size,
                etag: written.etag,
                modified: written.modified,
                content_type: options.content_type.clone(),
                uploader: options.uploader.clone(),
                metadata: options.metadata.clone(),
            },
            replaced,
        };
        let _turn = self.turn_within_copy(&copy.to).await;
        let mut publish = Publish::new(options, transfer.version(), seen, transfer.means());
        // The condition on the target that was not said to be why a request failed.
        let mut doubted = None;
        loop {
            match publish.step().map_err(CopyError::Target)? {
                Step::Wait(time) => tokio::time::sleep(time).await,
                Step::Look => {
                    let found = self.bucket.look_closely(&copy.to).await;
                    let found = found.map_err(CopyError::Target)?;
                    let described = found.as_ref().map(|found| found.object.described());
                    if described.is_none_or(|(_, version)| version != transfer.version()) {
                        if let Some(same) = same(copy, source, found.as_ref()) {
                            return Ok(same);
                        }
                        let etag = described.map(|(info, _)| info.etag.as_str());
                        if doubted.take().is_some_and(|pin| holds(&pin, etag)) {
                            self.source(copy).await?;
                        }
                    }
                    let own = publish.looked(described).map_err(CopyError::Target)?;
                    if own && let Some(found) = found {
                        return Ok(stored(found.object.into(), publish.replaces()));
                    }
                }
                Step::Send(pin) => match transfer.send(pin.clone()).await {
                    Ok(written) => return Ok(stored(written, publish.replaces())),
                    Err(S3Failure::Precondition | S3Failure::NotFound)
                        if pin == Pin::None && transfer.names_source() =>
                    {
                        self.source(copy).await?;
                        publish.collided();
                    }
                    Err(S3Failure::Precondition | S3Failure::NotFound) => {
                        if copy.or_same && options.is_free() {
                            let found = self.bucket.look_closely(&copy.to).await;
                            let found = found.map_err(CopyError::Target)?;
                            if let Some(same) = same(copy, source, found.as_ref()) {
                                return Ok(same);
                            }
                        }
                        doubted = transfer.names_source().then_some(pin);
                        publish.overtaken();
                    }
                    Err(S3Failure::Unconfirmed(_)) => {
                        doubted = transfer.names_source().then_some(pin);
                        publish.unconfirmed();
                    }
                    Err(S3Failure::Conflict) => publish.collided(),
                    Err(S3Failure::NoSuchUpload) => publish.forgotten(),
                    Err(failure) => return Err(CopyError::Target(failure.into())),
                },
            }
        }
    }

    /// [`Shared::turn`], unless the copy has the turns of both its keys.
    async fn turn_within_copy(&self, key: &Key) -> Option<MutexGuard<'_, ()>> {
        match self.conditional.source.is_evaluated() {
            true => self.turn(key).await,
            false => None,
        }
    }

    /// Removes this version, which may be gone by now.
    async fn remove_version(&self, key: &Key, etag: &str) -> Result<(), Error> {
        let _turn = self.turn_within_copy(key).await;
        let if_match = self.conditional.delete;
        let pin = match if_match.is_evaluated() {
            true => if_match.form(Pin::Version(etag.to_owned())),
            false => Pin::None,
        };
        for _ in 0..ROUNDS {
            if pin == Pin::None {
                let found = self.bucket.look(key).await?;
                if found.is_none_or(|object| object.info.etag != etag) {
                    return Ok(());
                }
            }
            match self.bucket.delete(key, &pin).await {
                Err(S3Failure::Conflict) => {}
                // Replaced or removed by others, or by an attempt whose answer was lost.
                Err(S3Failure::Precondition | S3Failure::NotFound | S3Failure::Unconfirmed(_)) => {
                    return Ok(());
                }
                outcome => return Ok(outcome?),
            }
        }
        Err(Error::unavailable("too many others write this key"))
    }
}

/// What is under `to`, if it counts as the copy.
fn same(copy: &Copy, source: &Described, found: Option<&Described>) -> Option<Stored> {
    let found = found.filter(|found| copy.counts(&found.object.info))?;
    let same_size = found.object.info.size == source.object.info.size;
    (same_size && found.has_bytes_of(&copy.etag)).then(|| Stored {
        info: found.object.info.clone(),
        replaced: true,
    })
}

/// Whether a condition holds for a version with this entity tag, or for none.
fn holds(pin: &Pin, etag: Option<&str>) -> bool {
    match pin {
        Pin::None => true,
        Pin::Absent => etag.is_none(),
        Pin::Version(tag) => etag == Some(tag),
    }
}
