//! A file being uploaded: gathered in memory while it is small, then sent in parts.

use std::sync::Arc;

use bytes::Bytes;
use coffer_port::object::publish::begins_without_look;
use coffer_port::object::{ObjectMetadata, Seen};
use uuid::Uuid;

use super::checksum;
use super::gathered::Gathered;
use super::multipart::Multipart;
use super::sealed::{Content, Sealed};
use super::shared::Shared;
use crate::store::{CreateOptions, Digest, Error, Key, Size, Upload};

pub(super) struct S3Upload {
    store: Arc<Shared>,
    key: Key,
    options: CreateOptions,
    metadata: ObjectMetadata,
    size: Size,
    digest: Digest,
    seen: Seen,
    /// None once it has failed.
    gathered: Option<Gathered>,
}

impl S3Upload {
    /// Looks up the current version if necessary, so that an upload can be refused before a
    /// byte is received.
    pub(super) async fn create(
        store: Arc<Shared>,
        key: Key,
        options: CreateOptions,
    ) -> Result<S3Upload, Error> {
        let seen = match begins_without_look(&options) {
            true => Seen::NotLooked,
            false => store.bucket.look_and_check(&key, &options).await?,
        };
        let metadata = ObjectMetadata {
            content_type: options.content_type.clone(),
            uploader: options.uploader.clone(),
            version: Some(Uuid::new_v4().to_string()),
            metadata: options.metadata.clone(),
        };
        Ok(S3Upload {
            store,
            key,
            metadata,
            size: Size::up_to(options.max_size),
            digest: Digest::expecting(options.sha256),
            seen,
            gathered: Some(Gathered::default()),
            options,
        })
    }

    /// Ends the file: afterwards the digest is verified, and all parts of a file that is not
    /// stored in one request are at the service.
    pub(super) async fn seal(mut self: Box<Self>) -> Result<Sealed, Error> {
        let mut gathered = self.gathered.take().ok_or_else(failed_before)?;
        self.digest.verify()?;
        if gathered.multipart.is_some() {
            gathered.send_on().await?;
        }
        let content = match gathered.multipart {
            Some(multipart) => {
                multipart.drained().await?;
                Content::Parts(multipart)
            }
            None => Content::Whole {
                bytes: gathered.buffer.into(),
                _grant: gathered.grant,
            },
        };
        Ok(Sealed {
            key: self.key,
            options: self.options,
            metadata: self.metadata,
            size: self.size.get(),
            seen: self.seen,
            content,
        })
    }

    async fn take_in(&mut self, gathered: &mut Gathered, mut bytes: Bytes) -> Result<(), Error> {
        while !bytes.is_empty() {
            if gathered.is_full() {
                self.spill(gathered).await?;
            }
            gathered.fill(&self.store.budget, &mut bytes).await?;
        }
        Ok(())
    }

    /// Sends the gathered bytes as a part.
    async fn spill(&mut self, gathered: &mut Gathered) -> Result<(), Error> {
        if gathered.multipart.is_none() {
            let (key, metadata) = (self.key.clone(), self.metadata.clone());
            let entries = checksum::entry(self.options.sha256.as_ref());
            gathered.multipart = Some(Multipart::start(&self.store, key, metadata, entries));
        }
        gathered.send_on().await
    }
}

#[async_trait::async_trait]
impl Upload for S3Upload {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        // Not put back on any error, nor if the call is cancelled.
        let mut gathered = self.gathered.take().ok_or_else(failed_before)?;
        self.size.add(bytes.len())?;
        self.digest.update(&bytes);
        self.take_in(&mut gathered, bytes).await?;
        self.gathered = Some(gathered);
        Ok(())
    }

    async fn complete(&mut self) -> Result<(), Error> {
        let mut gathered = self.gathered.take().ok_or_else(failed_before)?;
        let held = match gathered.multipart {
            None => self.store.budget.held(gathered.buffer.len()),
            Some(_) => None,
        };
        if held.is_some() {
            gathered.buffer.shrink_to_fit();
            gathered.grant = held;
        } else {
            self.spill(&mut gathered).await?;
            if let Some(multipart) = &gathered.multipart {
                multipart.drained().await?;
            }
        }
        self.gathered = Some(gathered);
        Ok(())
    }
}

fn failed_before() -> Error {
    Error::Unavailable("this upload has already failed".into())
}
