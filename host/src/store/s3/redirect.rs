//! Opening a file whose bytes clients fetch from the service themselves: one HEAD that
//! decides everything, and a presigned URL for callers who may read them.

use std::sync::Arc;

use super::download;
use super::shared::Shared;
use crate::store::body::{Elsewhere, ServedAs};
use crate::store::{Body, Error, Key, OpenOptions, Opened};

pub(super) async fn open(
    store: &Arc<Shared>,
    key: &Key,
    options: &OpenOptions,
) -> Result<Opened, Error> {
    // A redirected client repeats If-Range together with Range. A service that does not
    // support If-Range would respond with a part of another version.
    if options.if_range.is_some() {
        return download::open(store, key, options).await;
    }
    let object = store.bucket.look(key).await?.ok_or(Error::NotFound)?;
    let info = object.info;
    let extent = options.check(&info)?.within(info.size)?;
    if extent.length == 0 {
        return Ok(download::empty(info));
    }
    Ok(Opened {
        info,
        offset: extent.offset,
        length: extent.length,
        partial: extent.partial,
        body: Body::Elsewhere(Box::new(Place {
            store: store.clone(),
            key: key.clone(),
            version_id: object.version_id,
        })),
    })
}

/// An object at the service.
struct Place {
    store: Arc<Shared>,
    key: Key,
    version_id: Option<String>,
}

#[async_trait::async_trait]
impl Elsewhere for Place {
    async fn url(&self, fields: ServedAs) -> Result<String, Error> {
        let version_id = self.version_id.clone();
        self.store
            .bucket
            .presign(&self.key, version_id, fields)
            .await
    }
}
