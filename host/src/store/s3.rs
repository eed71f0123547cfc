//! Files in a bucket of an S3-compatible service, shared by any number of stateless hosts.
//!
//! A key is an object of that name below a prefix; what is stored beside the bytes is in its
//! metadata, and its entity tag is the service's own. So two versions with the same bytes
//! have the same tag. A small file is one request; a large one is a multipart upload, which
//! is invisible until it is completed. Conditions and guards are evaluated by the service
//! ([`coffer_port::object`]); if it cannot, the start finds that out (`probe`) and warns.

mod batch;
mod body;
mod bucket;
mod budget;
mod checksum;
mod client;
mod config;
mod download;
mod failure;
mod key;
mod list;
mod locks;
mod multipart;
mod probe;
mod publish;
mod redirect;
mod sealed;
mod setup;
mod shared;
mod sweep;
mod upload;

#[cfg(test)]
mod tests;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_s3::Client;
use coffer_port::object::Remove;
use futures_util::{StreamExt, stream};
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;

use super::{
    BlobStore, Conditions, CreateOptions, Description, Error, Guard, Info, Key, ListOptions,
    Listing, OpenOptions, Opened, Refusal, Stored, Upload, check_read,
};
use bucket::Bucket;
use budget::Budget;
use failure::S3Failure;
use locks::Locks;
use sealed::Sealed;
use setup::{Access, Setup, is_denied};
use shared::Shared;
use upload::S3Upload;

pub use config::Config;
pub use key::{Prefix, PrefixError};
pub use setup::SetupError;

/// How many files of a batch are completed at the same time.
const SEALED_AT_ONCE: usize = 8;

/// The engine for S3. Its operations must be called in a tokio runtime.
pub struct S3Store {
    shared: Arc<Shared>,
    /// Where the files are stored, for operators.
    place: String,
    sweep: AbortHandle,
}

impl S3Store {
    /// Finds or creates the bucket, and finds out what the service supports.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub async fn open(config: Config) -> Result<S3Store, SetupError> {
        let client = client::connect(&config, None).await;
        S3Store::with(client, config).await
    }

    async fn with(client: Client, config: Config) -> Result<S3Store, SetupError> {
        let region = client.config().region().map(ToString::to_string);
        let place = config.place();
        let bucket = Bucket {
            client,
            name: config.bucket,
            prefix: config.prefix,
        };
        let setup = Setup {
            bucket: &bucket,
            endpoint: config.endpoint.as_deref().unwrap_or("AWS"),
            region: region.unwrap_or_default(),
            create: config.create_bucket,
            block_public_access: config.block_public_access,
            abandoned_after: config.abandoned_after,
        };
        let access = setup.find_or_create().await?;
        let mut found = probe::conditions(&bucket).await;
        if access == Access::Blocked
            && let Err(failure) = &found
            && is_denied(failure)
            && setup.allow_acls().await
        {
            found = probe::conditions(&bucket).await;
        }
        let conditional =
            found.map_err(|failure| setup.explain_failure("s3:PutObject", &failure))?;
        if config.require_conditional
            && !(conditional.put && conditional.complete)
            && let Some(notice) = conditional.notice()
        {
            return Err(SetupError::Unconditional(notice));
        }
        let shared = Arc::new(Shared {
            bucket,
            conditional,
            redirect: config.redirect,
            budget: Budget::new(config.memory),
            locks: Locks::new(),
            tasks: TaskTracker::new(),
            mismatches: AtomicU64::new(0),
        });
        let sweep = tokio::spawn(sweep::run(shared.clone(), config.abandoned_after));
        Ok(S3Store {
            shared,
            place,
            sweep: sweep.abort_handle(),
        })
    }
}

impl Drop for S3Store {
    fn drop(&mut self) {
        self.sweep.abort();
    }
}

#[async_trait::async_trait]
impl BlobStore for S3Store {
    async fn open(&self, key: &Key, options: OpenOptions) -> Result<Opened, Error> {
        match self.shared.redirect {
            true => redirect::open(&self.shared, key, &options).await,
            false => download::open(&self.shared, key, &options).await,
        }
    }

    async fn stat(
        &self,
        key: &Key,
        may_read: &Guard,
        conditions: &Conditions,
    ) -> Result<Info, Error> {
        let info = self.shared.bucket.head(key).await?.info;
        check_read(&info, may_read, conditions)?;
        Ok(info)
    }

    async fn create(&self, key: Key, options: CreateOptions) -> Result<Box<dyn Upload>, Error> {
        let upload = S3Upload::create(self.shared.clone(), key, options).await?;
        Ok(Box::new(upload))
    }

    async fn finish(&self, uploads: Vec<Box<dyn Upload>>) -> Result<Vec<Stored>, Refusal> {
        let shared = self.shared.clone();
        // Runs to the end even if the caller is gone, so that no half of a batch is left.
        let finishing = self.shared.tasks.spawn(async move {
            let sealing: Vec<_> = uploads.into_iter().map(seal).collect();
            let mut sealed = stream::iter(sealing).buffered(SEALED_AT_ONCE).enumerate();
            let mut batch = Vec::new();
            while let Some((index, outcome)) = sealed.next().await {
                batch.push(outcome.map_err(|error| Refusal { index, error })?);
            }
            shared.publish_all(batch).await
        });
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
        let shared = &self.shared;
        let evaluated = shared.conditional.delete;
        let _turn = match evaluated {
            true => None,
            false => Some(shared.locks.lock(key.as_str()).await),
        };
        let mut remove = Remove::new(may_remove, conditions, evaluated);
        loop {
            let found = shared.bucket.look(key).await?.map(|object| object.info);
            match shared.bucket.delete(key, &remove.pin(found)?).await {
                Err(S3Failure::Precondition | S3Failure::NotFound | S3Failure::Conflict) => {}
                outcome => return Ok(outcome?),
            }
        }
    }

    async fn list(&self, options: ListOptions) -> Result<Listing, Error> {
        list::page(&self.shared.bucket, &options).await
    }

    fn describe(&self) -> Description {
        let notice = self.shared.conditional.notice();
        Description {
            engine: match notice {
                None => "s3",
                Some(_) => "s3, conditional writes are best effort",
            },
            place: self.place.clone(),
            data_dir: None,
            notice,
        }
    }

    fn checksum_mismatches(&self) -> u64 {
        self.shared.mismatches.load(Ordering::Relaxed)
    }

    /// Waits until dropped uploads are cleaned up and those being published are done.
    async fn close(&self) {
        self.sweep.abort();
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
