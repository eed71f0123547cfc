//! Storing and removing one object.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat};

use coffer_port::object::metadata::entry_name;
use coffer_port::object::{Metadata, Pin, quoted};

use super::{Bucket, read::is_tag, seconds};
use crate::store::s3::checksum::{CRC32_ENTRY, crc32};
use crate::store::s3::client::patient;
use crate::store::s3::failure::S3Failure;
use crate::store::{Error, Key};

/// A condition as `If-None-Match`.
pub(super) fn if_none_match(pin: &Pin) -> Option<String> {
    (*pin == Pin::Absent).then(|| "*".to_owned())
}

/// A condition as `If-Match`.
///
/// # Errors
/// A tag that no header field can carry is not the tag of any version.
pub(super) fn if_match(pin: &Pin) -> Result<Option<String>, S3Failure> {
    match pin {
        Pin::Version(tag) if is_tag(tag) => Ok(Some(tag.clone())),
        Pin::Version(_) => Err(S3Failure::Precondition),
        Pin::None | Pin::Absent => Ok(None),
    }
}

/// What is stored beside the bytes, as the object's user metadata.
pub(super) fn user_metadata(metadata: &Metadata) -> HashMap<String, String> {
    let fields = metadata.fields().into_iter();
    fields
        .map(|(name, value)| (entry_name(name).to_owned(), value))
        .collect()
}

/// A version that was just stored.
#[derive(Debug, Clone)]
pub(in crate::store::s3) struct Written {
    pub(in crate::store::s3) etag: String,
    /// The service's clock when it responded: S3 tells the recorded time only to readers.
    pub(in crate::store::s3) modified: SystemTime,
}

impl Bucket {
    /// One PUT. The SDK adds a CRC-32, which services that support it verify and keep, and
    /// signs the SHA-256 of the bytes, which all services verify. The CRC-32 is in the user
    /// metadata too, for services that keep none.
    pub(in crate::store::s3) async fn put(
        &self,
        key: &Key,
        metadata: &Metadata,
        bytes: bytes::Bytes,
        pin: &Pin,
    ) -> Result<Written, S3Failure> {
        let clock = Clock::default();
        let mut entries = user_metadata(metadata);
        entries.insert(CRC32_ENTRY.to_owned(), crc32(&bytes));
        let put = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(self.prefix.object(key.as_str()))
            .content_type(metadata.object_type())
            .set_metadata(Some(entries))
            .set_if_none_match(if_none_match(pin))
            .set_if_match(if_match(pin)?)
            .body(ByteStream::from(bytes))
            .customize()
            .config_override(patient())
            .interceptor(clock.clone())
            .send()
            .await?;
        Ok(Written {
            etag: quoted(put.e_tag().ok_or_else(|| {
                Error::Unavailable("an object was stored without an ETag".into())
            })?),
            modified: clock.read(),
        })
    }

    /// One DELETE. S3 responds the same whether there was an object or not, unless a
    /// condition names a version.
    pub(in crate::store::s3) async fn delete(&self, key: &Key, pin: &Pin) -> Result<(), S3Failure> {
        self.client
            .delete_object()
            .bucket(&self.name)
            .key(self.prefix.object(key.as_str()))
            .set_if_match(if_match(pin)?)
            .send()
            .await?;
        Ok(())
    }
}

/// Reads the service's clock from the `Date` of the last response.
#[derive(Debug, Clone, Default)]
struct Clock(Arc<OnceLock<DateTime>>);

impl Clock {
    fn read(&self) -> SystemTime {
        let own = || DateTime::from(SystemTime::now());
        seconds(Some(self.0.get_or_init(own)))
    }
}

impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let read = date.map(|date| DateTime::from_str(date, DateTimeFormat::HttpDate));
        if let Some(Ok(time)) = read
            && context.response().status().is_success()
        {
            let _ = self.0.set(time);
        }
        Ok(())
    }
}
