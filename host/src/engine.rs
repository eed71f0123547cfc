//! The engine that was asked for, from its opening to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::secrets::secret_file;
use crate::settings::{Engine, Serve, SettingsError};
use crate::store::BlobStore;
use crate::store::local::{LocalStore, OpenError};
use crate::store::s3::{S3Store, SetupError};

/// How long uploads that were broken off may take to be cleared away.
const CLOSING: Duration = Duration::from_secs(5);

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum EngineError {
    /// None that may be used here was asked for.
    Settings(#[from] SettingsError),
    /// The data directory.
    Local(#[from] OpenError),
    /// The bucket.
    S3(#[from] SetupError),
}

/// Opens it, and says loudly what it cannot promise.
///
/// # Errors
/// See [`EngineError`].
pub fn open(asked: &Serve, runtime: &Runtime) -> Result<Arc<dyn BlobStore>, EngineError> {
    let store: Arc<dyn BlobStore> = match asked.checked_engine()? {
        Engine::Local => Arc::new(LocalStore::open(&asked.data_dir)?),
        Engine::S3 => Arc::new(runtime.block_on(S3Store::open(asked.s3.checked()?))?),
    };
    let about = store.describe();
    if let Some(directory) = &about.data_dir {
        secret_file::warn_of_others(directory);
    }
    if let Some(notice) = about.notice {
        tracing::warn!("{notice}");
    }
    Ok(store)
}

/// Waits for the engine's end, but not for ever.
pub fn close(store: &dyn BlobStore, runtime: &Runtime) {
    let closing = async { tokio::time::timeout(CLOSING, store.close()).await };
    if runtime.block_on(closing).is_err() {
        tracing::warn!("uploads that were broken off are not cleared away yet");
    }
}
