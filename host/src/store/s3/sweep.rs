//! Aborts abandoned multipart uploads of hosts that crashed, in case the bucket has no
//! lifecycle rule that does so.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::failure::S3Failure;
use super::shared::Shared;

/// The time between two sweeps.
const INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// Sweeps at once and then every day.
pub(super) async fn run(store: Arc<Shared>, abandoned_after: Duration) {
    loop {
        match sweep(&store, abandoned_after).await {
            Ok(0) => {}
            Ok(aborted) => tracing::info!(aborted, "aborted abandoned multipart uploads"),
            Err(failure) => tracing::warn!(?failure, "cannot abort abandoned multipart uploads"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Aborts the multipart uploads that are at least this old; returns how many.
async fn sweep(store: &Shared, abandoned_after: Duration) -> Result<usize, S3Failure> {
    let bucket = &store.bucket;
    let Some(limit) = SystemTime::now().checked_sub(abandoned_after) else {
        return Ok(0);
    };
    let (mut key_marker, mut id_marker, mut aborted) = (None, None, 0);
    loop {
        let page = bucket
            .client
            .list_multipart_uploads()
            .bucket(&bucket.name)
            .prefix(bucket.prefix.to_string())
            .set_key_marker(key_marker)
            .set_upload_id_marker(id_marker)
            .send()
            .await?;
        for upload in page.uploads() {
            let (Some(object), Some(id), Some(begun)) =
                (upload.key(), upload.upload_id(), upload.initiated())
            else {
                continue;
            };
            let begun = SystemTime::try_from(*begun).unwrap_or(limit);
            if begun < limit {
                match bucket.abort_parts(object, &id.to_owned()).await {
                    Ok(()) => aborted += 1,
                    Err(S3Failure::NoSuchUpload | S3Failure::NotFound) => {}
                    Err(failure) => return Err(failure),
                }
            }
        }
        if page.is_truncated != Some(true) {
            return Ok(aborted);
        }
        (key_marker, id_marker) = (page.next_key_marker, page.next_upload_id_marker);
    }
}
