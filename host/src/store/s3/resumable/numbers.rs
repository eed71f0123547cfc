//! Whether a service completes multipart uploads whose part numbers have gaps.
//!
//! A part that arrives late from a turn that is lost must not replace one that counts. So the
//! next turn starts behind the numbers that the lost one had reserved, where that works. AWS
//! documents that it does not for parts with checksums. There the numbers stay consecutive, and the
//! entity tags in the list that completes the upload tell a part that was replaced: the upload then
//! fails, and never has other bytes.

use std::sync::Arc;

use bytes::Bytes;
use coffer_port::object::{ObjectMetadata, Pin};
use uuid::Uuid;

use crate::store::s3::failure::S3Failure;
use crate::store::s3::scratch::Scratch;
use crate::store::s3::shared::Shared;
use crate::store::{Error, Key};

impl Shared {
    /// Found out on first use, with a temporary object that is removed even if the caller is gone.
    pub(super) async fn may_skip_numbers(self: &Arc<Self>) -> bool {
        let shared = self.clone();
        let tried = self.tasks.spawn(async move {
            let tried = shared.skips_numbers.get_or_try_init(|| shared.try_a_gap());
            tried.await.copied()
        });
        match tried.await.map_err(Error::unavailable) {
            Ok(Ok(works)) => works,
            failure => {
                tracing::info!(
                    ?failure,
                    "cannot find out whether part numbers may have gaps"
                );
                false
            }
        }
    }

    async fn try_a_gap(&self) -> Result<bool, S3Failure> {
        let key = Key::new(format!(".coffer/probe-{}-gap", Uuid::new_v4()));
        let key = key.map_err(Error::unavailable)?;
        let scratch = Scratch::new(&self.bucket, &key).await?;
        let works = self.complete_with_a_gap(&scratch, &key).await;
        scratch.remove([&key]).await?;
        works
    }

    async fn complete_with_a_gap(&self, scratch: &Scratch, key: &Key) -> Result<bool, S3Failure> {
        let bucket = &scratch.bucket;
        let id = bucket.start_parts(key, &ObjectMetadata::plain()).await?;
        let completed = async {
            let bytes = Bytes::from_static(b"1");
            let part = bucket.put_part(key, &id, 2, bytes).await?;
            let parts = vec![part];
            bucket.complete_parts(key, &id, parts, &Pin::None).await
        };
        let outcome = completed.await;
        let works = outcome.is_ok();
        if !works {
            let object = bucket.prefix.object(key.as_str());
            let _ = bucket.abort_parts(&object, &id).await;
        }
        match outcome {
            // It passes, so it says nothing.
            Err(
                failure @ (S3Failure::Unconfirmed(_) | S3Failure::Other(Error::Unavailable(_))),
            ) => Err(failure),
            _ => Ok(works),
        }
    }
}
