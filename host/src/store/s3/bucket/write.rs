//! Storing and removing one object.

use std::collections::HashMap;
use std::time::SystemTime;

use aws_sdk_s3::Config;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::put_object::{PutObjectError, PutObjectInput};
use aws_sdk_s3::primitives::ByteStream;

use coffer_port::object::metadata::entry_name;
use coffer_port::object::{ObjectMetadata, Pin, quoted};

use super::answer::Answer;
use super::{Bucket, read::is_tag};
use crate::store::Key;
use crate::store::s3::checksum::{CRC32_ENTRY, crc32};
use crate::store::s3::client::intercepted;
use crate::store::s3::failure::S3Failure;

/// A condition as `If-None-Match`.
pub(super) fn if_none_match(pin: &Pin) -> Option<String> {
    (*pin == Pin::Absent).then(|| "*".to_owned())
}

/// A condition as `If-Match`, with the quotes that the tag has.
///
/// # Errors
/// A tag that no header field can carry is not the tag of any version.
pub(super) fn if_match(pin: &Pin) -> Result<Option<String>, S3Failure> {
    match pin {
        Pin::Version(tag) if is_tag(&quoted(tag)) => Ok(Some(tag.clone())),
        Pin::Version(_) => Err(S3Failure::Precondition),
        Pin::None | Pin::Absent => Ok(None),
    }
}

/// What is stored beside the bytes, as the object's user metadata.
pub(super) fn user_metadata(metadata: &ObjectMetadata) -> HashMap<String, String> {
    let fields = metadata.fields().into_iter();
    fields
        .map(|(name, value)| (entry_name(name).to_owned(), value))
        .collect()
}

/// A version that was just stored.
#[derive(Debug, Clone)]
pub(in crate::store::s3) struct Written {
    pub(in crate::store::s3) etag: String,
    /// As recorded, if the service says so; else its clock when it responded, since S3 tells the
    /// recorded time only to readers.
    pub(in crate::store::s3) modified: SystemTime,
}

impl Bucket {
    /// One PUT. The SDK adds a CRC-32, which services that support it verify and keep, and
    /// signs the SHA-256 of the bytes, which all services verify. The CRC-32 is in the user
    /// metadata too, for services that keep none.
    pub(in crate::store::s3) async fn put(
        &self,
        key: &Key,
        metadata: &ObjectMetadata,
        bytes: bytes::Bytes,
        pin: &Pin,
    ) -> Result<Written, S3Failure> {
        let answer = Answer::default();
        let mut entries = user_metadata(metadata);
        entries.insert(CRC32_ENTRY.to_owned(), crc32(&bytes));
        let input = PutObjectInput::builder()
            .bucket(&self.name)
            .key(self.prefix.object(key.as_str()))
            .content_type(metadata.object_type())
            .set_metadata(Some(entries))
            .set_if_none_match(if_none_match(pin))
            .set_if_match(if_match(pin)?)
            .body(ByteStream::from(bytes))
            .build()
            .map_err(SdkError::<PutObjectError, _>::construction_failure)?;
        let put = self.operations().await?.put.intercepted(answer.clone());
        let put = put.send(input).await;
        let put = put.map_err(|error| answer.explain(error.into()))?;
        // Swift leaves it out if another writer was faster and that version stays.
        let etag = put.etag.filter(|etag| !etag.is_empty());
        Ok(Written {
            etag: quoted(&etag.ok_or(S3Failure::unconfirmed("stored without an ETag"))?),
            modified: answer.modified(),
        })
    }

    /// One DELETE. S3 responds the same whether there was an object or not, unless a
    /// condition names a version.
    pub(in crate::store::s3) async fn delete(&self, key: &Key, pin: &Pin) -> Result<(), S3Failure> {
        let answer = Answer::default();
        let deleted = self
            .client
            .delete_object()
            .bucket(&self.name)
            .key(self.prefix.object(key.as_str()))
            .set_if_match(if_match(pin)?)
            .customize()
            .config_override(intercepted(Config::builder(), answer.clone()))
            .send()
            .await;
        deleted.map_err(|error| answer.explain(error.into()))?;
        Ok(())
    }
}
