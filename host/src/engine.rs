//! The engine that was asked for, from its opening to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::secrets::secret_file;
use crate::settings::{Engine, Serve};
use crate::store::BlobStore;
use crate::store::local::LocalStore;
use crate::store::s3::S3Store;

/// How long uploads that were broken off may take to be cleared away.
const CLOSING: Duration = Duration::from_secs(5);

/// Opens it, and says loudly what it cannot promise.
///
/// # Errors
/// One line.
pub fn open(asked: &Serve, runtime: &Runtime) -> Result<Arc<dyn BlobStore>, String> {
    let store: Arc<dyn BlobStore> = match asked.checked_engine()? {
        Engine::Local => Arc::new(LocalStore::open(&asked.data_dir).map_err(|e| e.to_string())?),
        Engine::S3 => Arc::new(
            runtime
                .block_on(S3Store::open(asked.s3.checked()?))
                .map_err(|e| e.to_string())?,
        ),
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
