//! The engine that was asked for, from its opening to its end.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::keep;
use crate::settings::{Engine, Serve};
use crate::store::BlobStore;
use crate::store::local::LocalStore;
use crate::store::s3::S3Store;

/// How long uploads that were broken off may take to be cleared away.
const CLOSING: Duration = Duration::from_secs(5);

/// An engine in use.
pub enum Files {
    /// One directory of this machine.
    Local(Arc<LocalStore>),
    /// A bucket.
    S3(Arc<S3Store>),
}

impl Files {
    /// Opens it, and says loudly what it cannot promise.
    ///
    /// # Errors
    /// One line.
    pub fn open(asked: &Serve, runtime: &Runtime) -> Result<Files, String> {
        match asked.checked_engine()? {
            Engine::Local => {
                let store = LocalStore::open(&asked.data_dir).map_err(|error| error.to_string())?;
                keep::warn_of_others(&asked.data_dir);
                Ok(Files::Local(Arc::new(store)))
            }
            Engine::S3 => {
                let opening = S3Store::open(asked.s3.checked()?);
                let store = runtime
                    .block_on(opening)
                    .map_err(|error| error.to_string())?;
                if let Some(notice) = store.conditional().notice() {
                    tracing::warn!("{notice}");
                }
                Ok(Files::S3(Arc::new(store)))
            }
        }
    }

    /// For those who use it.
    pub fn store(&self) -> Arc<dyn BlobStore> {
        match self {
            Files::Local(store) => store.clone(),
            Files::S3(store) => store.clone(),
        }
    }

    /// Which engine it is and what it can promise, for operators.
    pub fn describe(&self) -> &'static str {
        match self {
            Files::Local(_) => "local",
            Files::S3(store) if store.conditional().notice().is_none() => "s3",
            Files::S3(_) => "s3, conditions on writes are best effort",
        }
    }

    /// Where the files are, for operators.
    pub fn place(&self, asked: &Serve) -> String {
        match self {
            Files::Local(_) => {
                let dir = &asked.data_dir;
                let whole = dir.canonicalize();
                whole.as_ref().unwrap_or(dir).display().to_string()
            }
            Files::S3(_) => asked.s3.place(),
        }
    }

    /// The directory of this machine that it keeps files in, if it does.
    pub fn data_dir<'a>(&self, asked: &'a Serve) -> Option<&'a Path> {
        match self {
            Files::Local(_) => Some(&asked.data_dir),
            Files::S3(_) => None,
        }
    }

    /// Waits until what is under way is in order, so that the next start does not have
    /// to look for what a crash left.
    pub fn close(&self, runtime: &Runtime) {
        let closing = async {
            match self {
                Files::Local(store) => store.close().await,
                Files::S3(store) => store.close().await,
            }
        };
        let closing = async { tokio::time::timeout(CLOSING, closing).await };
        if runtime.block_on(closing).is_err() {
            tracing::warn!("uploads that were broken off are not cleared away yet");
        }
    }
}
