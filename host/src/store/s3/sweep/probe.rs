//! Finds out what the service says of multipart uploads.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::retry::RetryConfig;
use uuid::Uuid;

use crate::store::s3::bucket::{Bucket, Marker, PartsId};
use crate::store::s3::xml::LenientXml;

/// How the service handles multipart uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::s3) struct Uploads {
    /// Whether they can have names that XML cannot carry.
    pub(in crate::store::s3) any_name: bool,
    /// Whether it says rightly when they began.
    pub(in crate::store::s3) dated: bool,
}

impl Default for Uploads {
    fn default() -> Uploads {
        Uploads {
            any_name: true,
            dated: true,
        }
    }
}

/// Names for uploads; XML cannot carry the first.
const NAMES: [&str; 2] = ["\u{ffff}", "plain"];
/// How far the service's clock may be off.
const SKEW: Duration = Duration::from_secs(3600);

/// Starts two uploads and aborts them. What cannot be found out is not relied on.
pub(in crate::store::s3) async fn probe(bucket: &Bucket) -> Uploads {
    let mut uploads = Uploads::default();
    for name in NAMES {
        let tried = attempt(bucket, name).await;
        uploads.any_name &= !tried.lost;
        uploads.dated &= tried.dated;
    }
    uploads
}

/// How an upload went.
struct Tried {
    /// The service may have started it, and did not say so.
    lost: bool,
    /// It was listed with the right time.
    dated: bool,
}

/// In a folder of its own, since OpenStack Swift cannot list two uploads of such a name.
async fn attempt(bucket: &Bucket, name: &str) -> Tried {
    let folder = bucket
        .prefix
        .object(&format!(".coffer/probe-{}/", Uuid::new_v4()));
    let object = format!("{folder}{name}");
    let mut open: Vec<_> = start(bucket, &object).await.into_iter().collect();
    let started = !open.is_empty();
    let mut tried = Tried {
        lost: false,
        dated: false,
    };
    match bucket.uploads_page(&folder, Marker::default()).await {
        Ok(page) => {
            // The only one there, even if the service lists it under another name: SeaweedFS
            // replaces what XML cannot carry.
            let listed = page.uploads.into_iter();
            let listed = listed.filter(|upload| upload.object.starts_with(&folder));
            for upload in listed {
                tried.dated = upload.begun.is_some_and(is_now);
                tried.lost = !started;
                open.push(upload.id);
            }
        }
        Err(failure) => {
            tracing::info!(
                ?failure,
                "cannot list multipart uploads; abandoned ones stay"
            );
            tried.lost = !started;
        }
    }
    open.dedup();
    for id in open {
        if let Err(failure) = bucket.abort_parts(&object, &id).await {
            tracing::info!(?failure, "cannot abort a multipart upload");
        }
    }
    tried
}

fn is_now(begun: SystemTime) -> bool {
    let now = SystemTime::now();
    let off = now.duration_since(begun);
    off.or_else(|_| begun.duration_since(now))
        .is_ok_and(|off| off < SKEW)
}

/// Once, since every attempt may leave an upload.
async fn start(bucket: &Bucket, object: &str) -> Option<PartsId> {
    let request = bucket.client.create_multipart_upload();
    let once = RetryConfig::disabled();
    let started = request
        .bucket(&bucket.name)
        .key(object)
        .customize()
        .config_override(aws_sdk_s3::Config::builder().retry_config(once))
        .interceptor(LenientXml)
        .send()
        .await;
    started.ok()?.upload_id
}
