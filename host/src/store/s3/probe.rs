//! Finds out which conditional writes the service supports: some ignore conditions silently.

use bytes::Bytes;
use coffer_port::object::{Metadata, Pin};
use uuid::Uuid;

use super::bucket::Bucket;
use super::failure::S3Failure;
use super::scratch::Scratch;
use crate::store::{Error, Key};

/// Which conditional writes the service supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditional {
    /// Storing in one PUT: `If-None-Match: *` and `If-Match`.
    pub put: bool,
    /// Completing a multipart upload, likewise.
    pub complete: bool,
    /// Removing: `If-Match`.
    pub delete: bool,
}

impl Conditional {
    /// What is only best effort, as one line for the operator.
    #[must_use]
    pub fn notice(self) -> Option<&'static str> {
        match self {
            Conditional {
                put: true,
                complete: true,
                delete: true,
            } => None,
            Conditional {
                put: true,
                complete: true,
                delete: false,
            } => Some(
                "the S3 service does not support conditional deletes: a file that is replaced at \
                 the very moment of a conditional delete may be lost",
            ),
            _ => Some(
                "the S3 service does not support conditional writes: If-None-Match, If-Match and the \
                 policy's replace rule are checked before the write, not by the service; two \
                 hosts that store the same name at the same moment can both be told that they \
                 created it, and the bytes of the last one stay",
            ),
        }
    }
}

/// Tries all of them on a temporary object.
pub(super) async fn conditions(bucket: &Bucket) -> Result<Conditional, S3Failure> {
    let name = format!(".coffer/probe-{}", Uuid::new_v4());
    let key = Key::new(name).map_err(|error| Error::Unavailable(Box::new(error)))?;
    let scratch = Scratch::new(bucket, &key).await?;
    let found = try_all(&scratch.bucket, &key).await;
    let removed = scratch.remove([&key]).await;
    let found = found?;
    removed?;
    Ok(found)
}

async fn try_all(bucket: &Bucket, key: &Key) -> Result<Conditional, S3Failure> {
    let first = put(bucket, key, "1", &Pin::None).await?.etag;
    // The tag of other content.
    let other = Pin::Version("\"00000000000000000000000000000000\"".to_owned());
    let this = Pin::Version(first);
    let refuses = refused(put(bucket, key, "2", &Pin::Absent).await)
        && refused(put(bucket, key, "3", &other).await);
    // A service that refuses everything does not evaluate conditions.
    let put = refuses && put(bucket, key, "4", &this).await.is_ok();
    let complete = put && {
        let completed = complete(bucket, key, &Pin::Absent).await?;
        refused(completed)
    };
    let delete = refused(bucket.delete(key, &other).await);
    Ok(Conditional {
        put,
        complete,
        delete,
    })
}

async fn put(
    bucket: &Bucket,
    key: &Key,
    content: &'static str,
    pin: &Pin,
) -> Result<super::bucket::Written, S3Failure> {
    let content = Bytes::from_static(content.as_bytes());
    bucket.put(key, &metadata(), content, pin).await
}

/// The outer failure is one that the condition did not cause.
async fn complete(
    bucket: &Bucket,
    key: &Key,
    pin: &Pin,
) -> Result<Result<String, S3Failure>, S3Failure> {
    let id = bucket.start_parts(key, &metadata()).await?;
    let part = bucket.put_part(key, &id, 1, Bytes::from_static(b"5")).await;
    let completed = match part {
        Ok(part) => Ok(bucket.complete_parts(key, &id, vec![part], pin).await),
        Err(failure) => Err(failure),
    };
    if !matches!(completed, Ok(Ok(_))) {
        let object = bucket.prefix.object(key.as_str());
        let _ = bucket.abort_parts(&object, &id).await;
    }
    completed
}

fn refused<T>(outcome: Result<T, S3Failure>) -> bool {
    matches!(outcome, Err(S3Failure::Precondition | S3Failure::Conflict))
}

fn metadata() -> Metadata {
    Metadata {
        content_type: "text/plain".to_owned(),
        uploader: None,
        version: None,
    }
}
