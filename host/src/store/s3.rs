//! Files in a bucket of an S3-compatible service, shared by any number of stateless hosts.
//!
//! A key is an object of that name below a prefix; what is stored beside the bytes is in its
//! metadata, and its entity tag is the service's own. So two versions with the same bytes
//! have the same tag. A small file is one request; a large one is a multipart upload, which
//! is invisible until it is completed. Conditions and guards are evaluated by the service
//! ([`coffer_port::object`]); the start finds out which it does not evaluate (`probe`) and warns.

mod agent;
mod amend;
mod batch;
mod body;
mod bucket;
mod budget;
mod checksum;
mod client;
mod conditional;
mod config;
mod copy;
mod diagnosis;
mod download;
mod failure;
mod fields;
mod gathered;
mod health;
mod key;
mod list;
mod locks;
mod multipart;
mod network;
mod observe;
mod permission;
mod prepared;
mod probe;
mod publish;
mod redirect;
mod remove;
mod remove_many;
mod resumable;
mod scratch;
mod sealed;
mod setup;
mod shared;
mod stall;
mod start;
mod sweep;
mod upload;
mod xml;

#[cfg(test)]
mod tests;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::{StreamExt, stream};
use tokio::task::AbortHandle;

use super::{
    Amendment, BlobStore, Conditions, Copy, CopyError, CreateOptions, Description, Error, Guard,
    Info, Key, ListOptions, Listing, OpenOptions, Opened, Refusal, Stored, Upload, check_read,
    readiness,
};
use sealed::Sealed;
use shared::Shared;
use upload::S3Upload;

pub use config::Config;
pub use fields::{AccountId, Encryption, Fields, KmsKey, StorageClass, Tag};
pub use key::{Prefix, PrefixError};
pub use setup::SetupError;

/// How many files of a batch are completed at the same time.
const SEALED_AT_ONCE: usize = 8;

/// The engine for S3. Its operations must be called in a tokio runtime.
pub struct S3Store {
    shared: Arc<Shared>,
    /// Where the files are stored, for operators.
    place: String,
    sweeps: Vec<AbortHandle>,
}

impl Drop for S3Store {
    fn drop(&mut self) {
        self.sweeps.iter().for_each(AbortHandle::abort);
    }
}

#[async_trait::async_trait]
impl BlobStore for S3Store {
    async fn open(&self, key: &Key, options: OpenOptions) -> Result<Opened, Error> {
        match self.shared.redirect {
            // In a box, since its state would make that of every download larger.
            true => Box::pin(redirect::open(&self.shared, key, &options)).await,
            false => download::open(&self.shared, key, &options).await,
        }
    }

    async fn stat(
        &self,
        key: &Key,
        may_read: &Guard,
        conditions: &Conditions,
    ) -> Result<Info, Error> {
        let found = self.shared.bucket.look(key).await?;
        let info = found.ok_or(Error::NotFound)?.info;
        check_read(&info, may_read, conditions)?;
        Ok(info)
    }

    async fn create(&self, key: Key, options: CreateOptions) -> Result<Box<dyn Upload>, Error> {
        let upload = S3Upload::create(self.shared.clone(), key, options).await?;
        Ok(Box::new(upload))
    }

    async fn finish(&self, uploads: Vec<Box<dyn Upload>>) -> Result<Vec<Stored>, Refusal> {
        let shared = self.shared.clone();
        // Runs to the end even if the caller is gone, so that no half of a batch is left. In a
        // box, since its state is large and spawning moves it about ten times.
        let finishing = self.shared.tasks.spawn(Box::pin(async move {
            let sealing: Vec<_> = uploads.into_iter().map(seal).collect();
            let mut sealed = stream::iter(sealing).buffered(SEALED_AT_ONCE).enumerate();
            let mut batch = Vec::new();
            while let Some((index, outcome)) = sealed.next().await {
                batch.push(outcome.map_err(|error| Refusal { index, error })?);
            }
            shared.publish_all(batch).await
        }));
        finishing.await.unwrap_or_else(|error| {
            Err(Refusal {
                index: 0,
                error: Error::unavailable(error),
            })
        })
    }

    async fn remove(
        &self,
        key: &Key,
        may_remove: &Guard,
        conditions: &Conditions,
    ) -> Result<(), Error> {
        self.shared.remove(key, may_remove, conditions).await
    }

    async fn remove_many(&self, keys: &[Key], may_remove: &Guard) -> Vec<Result<(), Error>> {
        self.shared.remove_many(keys, may_remove).await
    }

    async fn copy(&self, copies: Vec<Copy>) -> Vec<Result<Stored, CopyError>> {
        let (shared, count) = (self.shared.clone(), copies.len());
        // To the end, as in `finish`: a move should not end between its halves.
        let copying = self
            .shared
            .tasks
            .spawn(Box::pin(async move { shared.copy_all(&copies).await }));
        copying.await.unwrap_or_else(|error| {
            let error = |_| Err(CopyError::Target(Error::unavailable(error.to_string())));
            (0..count).map(error).collect()
        })
    }

    async fn amend(
        &self,
        key: &Key,
        may_replace: &Guard,
        conditions: &Conditions,
        amendment: Amendment,
    ) -> Result<Info, Error> {
        let shared = &self.shared;
        Box::pin(shared.amend(key, may_replace, conditions, &amendment)).await
    }

    async fn list(&self, options: ListOptions) -> Result<Listing, Error> {
        list::page(&self.shared.bucket, &options).await
    }

    /// Lists, and tries the rest too if requests were refused.
    async fn ready(&self) -> Result<(), Error> {
        self.list(readiness()).await?;
        self.shared.check_health().await
    }

    fn resumable(&self) -> Result<&dyn super::Resumable, Error> {
        Ok(self)
    }

    fn describe(&self) -> Description {
        let conditional = self.shared.conditional;
        Description {
            engine: match conditional.lacking() {
                None => "s3".to_owned(),
                Some(lacking) => format!("s3; best effort: {lacking}"),
            },
            place: self.place.clone(),
            data_dir: None,
            notice: conditional.notice(),
        }
    }

    fn checksum_mismatches(&self) -> u64 {
        self.shared.mismatches.load(Ordering::Relaxed)
    }

    /// Waits until dropped uploads are cleaned up and those being published are done.
    async fn close(&self) {
        self.sweeps.iter().for_each(AbortHandle::abort);
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

async fn seal(upload: Box<dyn Upload>) -> Result<Sealed, Error> {
    let upload: Box<dyn Any + Send> = upload;
    let Ok(upload) = upload.downcast::<S3Upload>() else {
        return Err(Error::Unavailable(
            "the upload belongs to another store".into(),
        ));
    };
    upload.seal().await
}
