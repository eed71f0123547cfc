//! Opens both stores.

use std::sync::Arc;

use super::Store;
use crate::engine::announce;
use crate::maintenance::error::MaintenanceError;
use crate::metrics::S3Requests;
use crate::settings::End;
use crate::store::BlobStore;
use crate::store::local::{LocalStore, OpenError};
use crate::store::s3::S3Store;

/// A store that is only read, and what it is known by: a data directory and its backups by the
/// same.
///
/// # Errors
/// [`MaintenanceError::SourceInUse`], [`MaintenanceError::Open`], [`MaintenanceError::S3`].
pub(super) async fn source(end: End) -> Result<(Store, String), MaintenanceError> {
    Ok(match end {
        End::Directory(dir) => {
            let store = LocalStore::look(&dir).map_err(|error| match error {
                OpenError::InUse { path } => MaintenanceError::SourceInUse { dir: path },
                error => error.into(),
            })?;
            let known_by = match store.identity() {
                Some(identity) => format!("{identity:032x}"),
                None => store.describe().place,
            };
            (Arc::new(store), known_by)
        }
        End::Bucket(config, profile) => {
            let requests = S3Requests::default();
            let store = S3Store::reader(*config, &requests, profile.as_deref()).await?;
            let known_by = store.describe().place;
            (Arc::new(store), known_by)
        }
    })
}

/// A store that is written to.
///
/// # Errors
/// [`MaintenanceError::Open`], [`MaintenanceError::S3`].
pub(super) async fn target(end: End) -> Result<Store, MaintenanceError> {
    let store: Store = match end {
        End::Directory(dir) => Arc::new(LocalStore::open(&dir)?),
        End::Bucket(config, _) => Arc::new(S3Store::open(*config, &S3Requests::default()).await?),
    };
    announce(store.as_ref());
    Ok(store)
}
