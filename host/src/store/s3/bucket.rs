//! Single requests to the service, in the store's terms: keys instead of object names, [`Info`]
//! instead of header fields, [`S3Failure`] instead of the SDK's errors.

mod answer;
mod copy;
mod many;
mod parts;
mod presign;
mod read;
mod write;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::DateTime;
use tokio::sync::OnceCell;

use super::failure::S3Failure;
use super::key::Prefix;
use super::list::Lists;
use super::prepared::Operations;
use super::sweep::Uploads;
use coffer_port::object::{ObjectMetadata, quoted};

use crate::store::{Info, Key};

pub(super) use copy::{Range, Source};
pub(super) use many::Failed;
pub(super) use parts::{Marker, Open, Part, PartsId};
pub(super) use read::{Bytes, Described};
pub(super) use write::Written;

/// A bucket, and the prefix of the store's objects in it.
#[derive(Clone)]
pub(super) struct Bucket {
    pub(super) client: Client,
    /// Prepared with this client, on first use.
    operations: Arc<OnceCell<Operations>>,
    pub(super) name: String,
    pub(super) prefix: Prefix,
    /// How its lists have to be read.
    pub(super) lists: Lists,
    /// How it handles multipart uploads.
    pub(super) uploads: Uploads,
}

impl Bucket {
    pub(super) fn new(client: Client, name: String, prefix: Prefix) -> Bucket {
        Bucket {
            client,
            operations: Arc::default(),
            name,
            prefix,
            lists: Lists::default(),
            uploads: Uploads::default(),
        }
    }

    /// The same, with what was found out about the service.
    pub(super) fn on_service(self, lists: Lists, uploads: Uploads) -> Bucket {
        Bucket {
            lists,
            uploads,
            ..self
        }
    }

    /// The same, requested with another client.
    pub(super) fn with_client(&self, client: Client) -> Bucket {
        Bucket {
            client,
            operations: Arc::default(),
            ..self.clone()
        }
    }

    /// The operations that small files are read and stored with.
    async fn operations(&self) -> Result<&Operations, S3Failure> {
        let prepare = || Operations::prepare(&self.client, &self.name);
        self.operations.get_or_try_init(prepare).await
    }
}

/// An object without its bytes.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) info: Info,
    /// As in [`ObjectMetadata::version`].
    pub(super) version: Option<String>,
    /// The service's own version ID, in a bucket with versioning. Only [`Bucket::head`]
    /// sets it.
    pub(super) version_id: Option<String>,
}

impl Object {
    /// What a decision needs to know about it.
    pub(super) fn described(&self) -> (&Info, Option<&str>) {
        (&self.info, self.version.as_deref())
    }

    fn new(
        key: &Key,
        size: u64,
        etag: &str,
        modified: Option<&DateTime>,
        kept: ObjectMetadata,
    ) -> Self {
        Object {
            info: Info {
                key: key.clone(),
                size,
                etag: quoted(etag),
                modified: seconds(modified),
                content_type: kept.content_type,
                uploader: kept.uploader,
                metadata: kept.metadata,
            },
            version: kept.version,
            version_id: None,
        }
    }
}

/// Whole seconds, since lists may be more precise than header fields.
pub(super) fn seconds(time: Option<&DateTime>) -> SystemTime {
    let seconds = time.map_or(0, DateTime::secs);
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}
