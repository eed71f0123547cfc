//! Whether the service lets this host do all that it needs to.
//!
//! A list alone does not show that storing is denied. So once a request has been refused, the
//! next check stores, reads and removes an object of its own. Files that only some cannot read
//! (an object in an archive) make no host unready, and nobody has to be served for a host to
//! find out that it is ready again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use bytes::Bytes;
use coffer_port::object::{ObjectMetadata, Pin};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::bucket::Bucket;
use super::client::intercepted;
use super::failure::S3Failure;
use super::scratch::Scratch;
use super::shared::Shared;
use crate::store::{Error, Key};

/// What requests have shown so far.
#[derive(Debug, Default)]
pub(super) struct Health {
    refused: Refused,
    /// How many refusals there were at the last check that found everything allowed.
    settled: Arc<Mutex<u64>>,
}

impl Health {
    /// The client, with its refused requests counted here.
    pub(super) fn watch(&self, client: &Client) -> Client {
        let config = client.config().to_builder();
        Client::from_conf(intercepted(config, self.refused.clone()).build())
    }

    /// The service has refused one of several objects of a request, in a successful response.
    pub(super) fn note_refusal(&self) {
        self.refused.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Shared {
    /// Finds out whether everything is allowed, if requests were refused since it last was. A
    /// check that has begun runs to its end even if its caller is gone, so its object is removed.
    pub(super) async fn check_health(self: &Arc<Self>) -> Result<(), Error> {
        let mut settled = self.health.settled.clone().lock_owned().await;
        let refused = self.health.refused.0.load(Ordering::Relaxed);
        if *settled == refused {
            return Ok(());
        }
        let shared = self.clone();
        let trying = async move {
            try_out(&shared.bucket).await?;
            *settled = refused;
            Ok::<_, S3Failure>(())
        };
        let tried = self.tasks.spawn(trying).await;
        Ok(tried.map_err(Error::unavailable)??)
    }
}

async fn try_out(bucket: &Bucket) -> Result<(), S3Failure> {
    let name = format!(".coffer/ready-{}", Uuid::new_v4());
    let key = Key::new(name).map_err(Error::unavailable)?;
    let scratch = Scratch::new(bucket, &key).await?;
    let bucket = &scratch.bucket;
    let metadata = ObjectMetadata::plain();
    let put = bucket
        .put(&key, &metadata, Bytes::from_static(b"1"), &Pin::None)
        .await;
    let read = match put {
        Ok(_) => bucket.head(&key).await.map(drop),
        Err(failure) => Err(failure),
    };
    let removed = scratch.remove([&key]).await;
    read.and(removed)
}

/// How many requests the service refused.
#[derive(Debug, Clone, Default)]
struct Refused(Arc<AtomicU64>);

impl Intercept for Refused {
    fn name(&self) -> &'static str {
        "refused"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if matches!(
            context.response().status().as_u16(),
            301 | 400 | 401 | 403 | 405
        ) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}
