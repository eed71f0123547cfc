//! Opens the engine: finds or creates the bucket, finds out what the service supports, and begins
//! the sweeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use aws_sdk_s3::Client;
use tokio::sync::OnceCell;
use tokio_util::task::TaskTracker;

use super::bucket::Bucket;
use super::budget::Budget;
use super::conditional::Conditional;
use super::copy::Sizes;
use super::health::Health;
use super::list::{self, Lists};
use super::locks::Locks;
use super::network::Network;
use super::setup::{Access, Setup, is_denied};
use super::shared::Shared;
use super::sweep::{self, Uploads};
use super::{Config, S3Store, SetupError, client, probe, resumable};
use crate::metrics::S3Requests;

/// What tests set to other values.
pub(super) struct Tuning {
    pub(super) sizes: Sizes,
    /// How long a turn of a resumable upload lasts without being renewed.
    pub(super) lease: Duration,
}

impl Default for Tuning {
    fn default() -> Tuning {
        Tuning {
            sizes: Sizes::default(),
            lease: resumable::LEASE,
        }
    }
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

    pub(super) async fn with(client: Client, config: Config) -> Result<S3Store, SetupError> {
        S3Store::tuned(client, config, Tuning::default()).await
    }

    pub(super) async fn tuned(
        client: Client,
        config: Config,
        tuning: Tuning,
    ) -> Result<S3Store, SetupError> {
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
        let bucket = Bucket::new(health.watch(&client), config.bucket, config.prefix);
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
            bucket: bucket.on_service(lists, uploads),
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
