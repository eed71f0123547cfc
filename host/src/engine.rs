//! The configured storage engine, opened and closed.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::secrets::secret_file;
use crate::settings::{Engine, Serve, SettingsError};
use crate::store::BlobStore;
use crate::store::local::{LocalStore, OpenError};
use crate::store::s3::{S3Store, SetupError};

/// How long cleaning up aborted uploads may take.
const CLOSING: Duration = Duration::from_secs(5);

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

/// Opens it, and warns about what it cannot guarantee.
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

/// Waits for the engine to close, but not forever.
pub fn close(store: &dyn BlobStore, runtime: &Runtime) {
    let closing = async { tokio::time::timeout(CLOSING, store.close()).await };
    if runtime.block_on(closing).is_err() {
        tracing::warn!("aborted uploads are not cleaned up yet");
    }
}
