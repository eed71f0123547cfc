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
mod download;
mod failure;
mod fault;
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
mod sweep;
mod upload;
mod xml;

#[cfg(test)]
mod tests;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_s3::Client;
use futures_util::{StreamExt, stream};
use tokio::sync::OnceCell;
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;

use super::{
    Amendment, BlobStore, Conditions, Copy, CopyError, CreateOptions, Description, Error, Guard,
    Info, Key, ListOptions, Listing, OpenOptions, Opened, Refusal, Stored, Upload, check_read,
    readiness,
};
use crate::metrics::S3Requests;
use bucket::Bucket;
use budget::Budget;
use conditional::Conditional;
use copy::Sizes;
use health::Health;
use list::Lists;
use locks::Locks;
use network::Network;
use sealed::Sealed;
use setup::{Access, Setup, is_denied};
use shared::Shared;
use sweep::Uploads;
use upload::S3Upload;

pub use config::Config;
pub use fields::{AccountId, Encryption, Fields, KmsKey, StorageClass, Tag};
pub use key::{Prefix, PrefixError};
pub use setup::SetupError;

/// How many files of a batch are completed at the same time.
const SEALED_AT_ONCE: usize = 8;

/// What tests set to other values.
struct Tuning {
    sizes: Sizes,
    /// How long a turn of a resumable upload lasts without being renewed.
    lease: Duration,
}

impl Default for Tuning {
    fn default() -> Tuning {
        Tuning {
            sizes: Sizes::default(),
            lease: resumable::LEASE,
        }
    }
}

/// The engine for S3. Its operations must be called in a tokio runtime.
pub struct S3Store {
    shared: Arc<Shared>,
    /// Where the files are stored, for operators.
    place: String,
    sweeps: Vec<AbortHandle>,
}

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Serve,
    /// No file is stored or removed, so it is not tried how that works.
    Read,
}

impl S3Store {
    /// Finds or creates the bucket, and finds out what the service supports.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub async fn open(config: Config, requests: &S3Requests) -> Result<S3Store, SetupError> {
        let network = Network::from_env()?;
        let client = client::connect(&config, &network, requests, None).await;
        S3Store::with(client, config).await
    }

    /// Finds a bucket whose files are to be read, for which permissions to list and to read
    /// suffice, with the credentials of this profile of the AWS configuration files.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub async fn reader(
        config: Config,
        requests: &S3Requests,
        profile: Option<&str>,
    ) -> Result<S3Store, SetupError> {
        let network = Network::from_env()?;
        let config = Config {
            create_bucket: false,
            redirect: false,
            require_conditional: false,
            ..config
        };
        let credentials = profile.map(client::profile);
        let client = client::connect(&config, &network, requests, credentials).await;
        S3Store::opened(client, config, Tuning::default(), Purpose::Read).await
    }

    async fn with(client: Client, config: Config) -> Result<S3Store, SetupError> {
        S3Store::tuned(client, config, Tuning::default()).await
    }

    async fn tuned(client: Client, config: Config, tuning: Tuning) -> Result<S3Store, SetupError> {
        S3Store::opened(client, config, tuning, Purpose::Serve).await
    }

    async fn opened(
        client: Client,
        config: Config,
        tuning: Tuning,
        purpose: Purpose,
    ) -> Result<S3Store, SetupError> {
        let region = client.config().region().map(ToString::to_string);
        let place = config.place();
        let health = Health::default();
        let bucket = Bucket {
            client: health.watch(&client),
            name: config.bucket,
            prefix: config.prefix,
            lists: Lists::default(),
            uploads: Uploads::default(),
        };
        let setup = Setup {
            bucket: &bucket,
            place: &place,
            bucket_in_host: config.endpoint.is_some() && !config.path_style,
            region: region.unwrap_or_default(),
            create: config.create_bucket,
            block_public_access: config.block_public_access,
            abandoned_after: config.abandoned_after,
        };
        let access = setup.find_or_create().await?;
        let mut found = match purpose {
            Purpose::Serve => probe::conditions(&bucket).await,
            Purpose::Read => Ok(Conditional::NONE),
        };
        if access == Access::Blocked
            && let Err(failure) = &found
            && is_denied(failure)
            && setup.allow_acls().await
        {
            found = probe::conditions(&bucket).await;
        }
        let conditional = found.map_err(|failure| setup.explain(&failure))?;
        if config.require_conditional
            && let Some(lacking) = conditional.lacking_on_uploads()
        {
            return Err(SetupError::Unconditional(lacking));
        }
        let lists = match list::probe(&bucket).await {
            // A list in another order fails later, so nothing is left out.
            Err(failure) if purpose == Purpose::Read && is_denied(&failure) => Lists::default(),
            lists => lists.map_err(|failure| setup.explain(&failure))?,
        };
        if let Some(notice) = lists.notice() {
            tracing::warn!("{notice}");
        }
        let uploads = match purpose {
            Purpose::Serve => sweep::probe(&bucket).await,
            Purpose::Read => Uploads::default(),
        };
        let shared = Arc::new(Shared {
            bucket: Bucket {
                lists,
                uploads,
                ..bucket
            },
            conditional,
            health,
            redirect: config.redirect,
            sizes: tuning.sizes,
            one_by_one: AtomicBool::new(false),
            budget: Budget::new(config.memory),
            locks: Locks::new(),
            turns: Arc::default(),
            lease: tuning.lease,
            skips_numbers: OnceCell::new(),
            tasks: TaskTracker::new(),
            mismatches: AtomicU64::new(0),
        });
        let sweeps = match purpose {
            Purpose::Serve => {
                let sweep = tokio::spawn(sweep::run(shared.clone(), config.abandoned_after));
                let expired = tokio::spawn(resumable::run(shared.clone(), config.abandoned_after));
                vec![sweep.abort_handle(), expired.abort_handle()]
            }
            Purpose::Read => Vec::new(),
        };
        Ok(S3Store {
            shared,
            place,
            sweeps,
        })
    }
}

impl S3Store {
    /// The outcome of an operation that began with a HEAD.
    async fn explain_missing<T>(&self, key: &Key, outcome: Result<T, Error>) -> Result<T, Error> {
        match outcome {
            Err(Error::NotFound) => Err(self.shared.bucket.why_missing(key).await),
            outcome => outcome,
        }
    }
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
            true => {
                // In a box, since its state would make that of every download larger.
                let opened = Box::pin(redirect::open(&self.shared, key, &options)).await;
                Box::pin(self.explain_missing(key, opened)).await
            }
            false => download::open(&self.shared, key, &options).await,
        }
    }

    async fn stat(
        &self,
        key: &Key,
        may_read: &Guard,
        conditions: &Conditions,
    ) -> Result<Info, Error> {
        let found = self.shared.bucket.head(key).await;
        let found = self.explain_missing(key, found.map_err(Error::from)).await;
        let info = found?.info;
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
        let removed = self.shared.remove(key, may_remove, conditions).await;
        self.explain_missing(key, removed).await
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
        let amended = shared.amend(key, may_replace, conditions, &amendment);
        let amended = Box::pin(amended).await;
        self.explain_missing(key, amended).await
    }

    async fn list(&self, options: ListOptions) -> Result<Listing, Error> {
        list::page(&self.shared.bucket, &options).await
    }

    /// Lists, and tries the rest too if requests were refused.
    async fn ready(&self) -> Result<(), Error> {
        self.list(readiness()).await?;
        Ok(self.shared.health.check(&self.shared.bucket).await?)
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
