//! Temporary objects for trying out what the service does, of which nothing is left: in a
//! bucket with versioning no version and no delete marker either.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use coffer_port::object::Pin;

use super::bucket::Bucket;
use super::failure::S3Failure;
use crate::store::Key;

/// To be emptied in the end, with [`Scratch::remove`].
pub(super) struct Scratch {
    /// The bucket, for requests about temporary objects alone.
    pub(super) bucket: Bucket,
    versions: Versions,
    /// Whether deleting leaves delete markers.
    versioned: bool,
}

impl Scratch {
    /// For this object and others, none of which exists yet.
    ///
    /// # Errors
    /// Deleting is denied, so that nothing could be removed.
    pub(super) async fn new(bucket: &Bucket, first: &Key) -> Result<Scratch, S3Failure> {
        let versions = Versions::default();
        let config = bucket.client.config().to_builder();
        let mut scratch = Scratch {
            bucket: bucket.with_client(Client::from_conf(
                config.interceptor(versions.clone()).build(),
            )),
            versions,
            versioned: false,
        };
        scratch.delete(first).await?;
        scratch.versioned = scratch.versions.any();
        Ok(scratch)
    }

    /// Removes these objects, which may not exist, and all that they were.
    pub(super) async fn remove(
        &self,
        keys: impl IntoIterator<Item = &Key>,
    ) -> Result<(), S3Failure> {
        let versions = self.versions.all();
        let mut outcome = Ok(());
        for key in keys {
            let end = format!("/{key}");
            let versions = versions.iter().filter(|(path, _)| path.ends_with(&end));
            let versions: Vec<_> = versions.map(|(_, id)| id.as_str()).collect();
            // Deleting what never was would leave a delete marker.
            if !self.versioned || !versions.is_empty() {
                outcome = outcome.and(self.remove_one(key, versions).await);
            }
        }
        outcome
    }

    async fn remove_one(&self, key: &Key, versions: Vec<&str>) -> Result<(), S3Failure> {
        let mut all = !versions.is_empty();
        for version in versions {
            let deleted = self
                .bucket
                .client
                .delete_object()
                .bucket(&self.bucket.name)
                .key(self.bucket.prefix.object(key.as_str()))
                .version_id(version)
                .send()
                .await
                .map_err(S3Failure::from);
            all &= matches!(deleted, Ok(_) | Err(S3Failure::NotFound));
        }
        match all {
            true => Ok(()),
            // Versions may be deleted only with a permission of its own; without it they stay,
            // unseen, for the bucket's lifecycle.
            false => self.delete(key).await,
        }
    }

    async fn delete(&self, key: &Key) -> Result<(), S3Failure> {
        match self.bucket.delete(key, &Pin::None).await {
            Err(S3Failure::NotFound) => Ok(()),
            outcome => outcome,
        }
    }
}

/// The IDs of versions and delete markers that responses mention, each with the path of its
/// object.
#[derive(Debug, Clone, Default)]
struct Versions(Arc<Mutex<BTreeSet<(String, String)>>>);

impl Versions {
    fn any(&self) -> bool {
        let versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !versions.is_empty()
    }

    fn all(&self) -> BTreeSet<(String, String)> {
        let mut versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut versions)
    }
}

impl Intercept for Versions {
    fn name(&self) -> &'static str {
        "versions"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let path = context.request().uri().split('?').next();
        let path = Path(path.unwrap_or_default().to_owned());
        state.interceptor_state().store_put(path);
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let id = context.response().headers().get("x-amz-version-id");
        // "null" is what an object has without versioning.
        let id = id.filter(|id| *id != "null");
        if let (Some(id), Some(Path(path))) = (id, state.load::<Path>()) {
            let mut versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            versions.insert((path.clone(), id.to_owned()));
        }
        Ok(())
    }
}

/// The path of a request.
#[derive(Debug)]
struct Path(String);

impl Storable for Path {
    type Storer = StoreReplace<Path>;
}
