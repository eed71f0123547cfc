//! The configured storage engine, opened and closed.

mod waiting;

use std::panic;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use tokio::runtime::Runtime;

use crate::metrics::Metrics;
use crate::secrets::secret_file;
use crate::settings::{Engine, Serve, SettingsError};
use crate::store::BlobStore;
use crate::store::local::{Live, LocalStore, OpenError};
use crate::store::pending::Pending;
use crate::store::s3::{S3Store, SetupError};
use waiting::Waiting;

/// How long cleaning up aborted uploads may take.
const CLOSING: Duration = Duration::from_secs(5);

/// How long a start with `--s3-wait` waits for the service before it listens without it.
const BEFORE_LISTENING: Duration = Duration::from_secs(2);

/// Why the engine cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum EngineError {
    /// The settings do not allow it.
    Settings(#[from] SettingsError),
    /// The data directory.
    Local(#[from] OpenError),
    /// The bucket.
    S3(#[from] SetupError),
}

/// An engine that can be used; it may still be opening.
pub struct OpenedEngine {
    /// The engine.
    pub store: Arc<dyn BlobStore>,
    /// Resolves if it turns out that it cannot be opened.
    pub failed: BoxFuture<'static, EngineError>,
    /// What backups are made from, on the local engine.
    pub live: Option<Live>,
}

impl OpenedEngine {
    fn open(store: Arc<dyn BlobStore>) -> Self {
        let failed = future::pending().boxed();
        let live = None;
        Self {
            store,
            failed,
            live,
        }
    }
}

/// Opens it, and warns about what it cannot guarantee.
///
/// # Errors
/// See [`EngineError`].
pub fn open(
    asked: &Serve,
    runtime: &Runtime,
    metrics: &Metrics,
) -> Result<OpenedEngine, EngineError> {
    let store: Arc<dyn BlobStore> = match asked.checked_engine()? {
        Engine::Local => {
            let store = LocalStore::open(&asked.data_dir)?;
            let live = Some(store.live());
            announce(&store);
            return Ok(OpenedEngine {
                live,
                ..OpenedEngine::open(Arc::new(store))
            });
        }
        Engine::S3 => {
            let (config, requests) = (asked.s3.checked()?, metrics.s3_requests());
            if let Some(limit) = asked.s3.wait() {
                let pending = Arc::new(Pending::new(config.place()));
                return runtime.block_on(wait(Waiting {
                    config,
                    requests,
                    limit,
                    pending,
                }));
            }
            Arc::new(runtime.block_on(S3Store::open(config, &requests))?)
        }
    };
    announce(store.as_ref());
    Ok(OpenedEngine::open(store))
}

/// An engine that opens in the background, unless it is quick.
async fn wait(waiting: Waiting) -> Result<OpenedEngine, EngineError> {
    let store: Arc<dyn BlobStore> = Arc::clone(&waiting.pending) as _;
    let mut opening = tokio::spawn(waiting.open());
    match tokio::time::timeout(BEFORE_LISTENING, &mut opening).await {
        Ok(outcome) => {
            outcome.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()))?;
            Ok(OpenedEngine::open(store))
        }
        Err(_) => {
            let failed = async {
                match opening.await {
                    Ok(Err(error)) => error.into(),
                    Err(error) if error.is_panic() => panic::resume_unwind(error.into_panic()),
                    // Open, or ended with the runtime.
                    Ok(Ok(())) | Err(_) => future::pending().await,
                }
            };
            let failed = failed.boxed();
            let live = None;
            Ok(OpenedEngine {
                store,
                failed,
                live,
            })
        }
    }
}

/// Tells operators what an engine that was opened cannot guarantee.
pub fn announce(store: &dyn BlobStore) {
    let about = store.describe();
    if let Some(directory) = &about.data_dir {
        secret_file::warn_of_others(directory);
    }
    if let Some(notice) = about.notice {
        tracing::warn!("{notice}");
    }
}

/// Waits for the engine to close, but not forever.
pub fn close(store: &dyn BlobStore, runtime: &Runtime) {
    let closing = async { tokio::time::timeout(CLOSING, store.close()).await };
    if runtime.block_on(closing).is_err() {
        tracing::warn!("shutdown did not wait for the cleanup of aborted uploads");
    }
}
