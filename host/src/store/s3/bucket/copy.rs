//! Copying within the bucket.

use std::collections::HashMap;

use aws_sdk_s3::types::{CompletedPart, MetadataDirective};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use coffer_port::object::copy::{ORIGIN, carried, has_bytes_of};
use coffer_port::object::metadata::entry_name;
use coffer_port::object::{ObjectMetadata, Pin, quoted};

use super::answer::Answer;
use super::read::Described;
use super::write::{if_match, if_none_match, user_metadata};
use super::{Bucket, Part, PartsId, Written, seconds};
use crate::store::s3::client::{intercepted, patient};
use crate::store::s3::diagnosis::Diagnosis;
use crate::store::s3::failure::S3Failure;
use crate::store::{Error, Key};

/// What percent-encoding leaves as it is in a path (RFC 3986, 2.3), where a plus is a space to
/// some services.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The object that a copy is made of.
#[derive(Debug, Clone)]
pub(in crate::store::s3) struct Source {
    pub(in crate::store::s3) key: Key,
    /// Its version, if the service evaluates that.
    pub(in crate::store::s3) pin: Pin,
}

/// Some bytes of it: the first and the last, both included.
pub(in crate::store::s3) type Range = (u64, u64);

impl Described {
    /// Whether it has the bytes of an object with this entity tag, as far as can be told.
    pub(in crate::store::s3) fn has_bytes_of(&self, etag: &str) -> bool {
        let origin = self.entries.get(entry_name(ORIGIN));
        has_bytes_of(&self.object.info.etag, origin.map(String::as_str), etag)
    }

    /// The entries of user metadata that its copy gets besides those of `metadata`.
    pub(in crate::store::s3) fn carried(
        &self,
        metadata: &ObjectMetadata,
        origin: Option<&str>,
    ) -> HashMap<String, String> {
        let entries = self.entries.iter();
        let entries = entries.map(|(name, value)| (name.as_str(), value.as_str()));
        carried(metadata, entries, origin).into_iter().collect()
    }
}

impl Bucket {
    /// One CopyObject, with this metadata and these entries of user metadata besides.
    pub(in crate::store::s3) async fn copy(
        &self,
        source: &Source,
        to: &Key,
        metadata: &ObjectMetadata,
        more: HashMap<String, String>,
        pin: &Pin,
    ) -> Result<Written, S3Failure> {
        let answer = Answer::default();
        let mut entries = user_metadata(metadata);
        entries.extend(more);
        let copied = self
            .client
            .copy_object()
            .copy_source(self.path(&source.key))
            .set_copy_source_if_match(if_match(&source.pin)?)
            .bucket(&self.name)
            .key(self.prefix.object(to.as_str()))
            .metadata_directive(MetadataDirective::Replace)
            .content_type(metadata.object_type())
            .set_metadata(Some(entries))
            .set_if_none_match(if_none_match(pin))
            .set_if_match(if_match(pin)?)
            .customize()
            .config_override(intercepted(patient(), answer.clone()))
            .send()
            .await;
        let copied = match copied {
            Ok(copied) => copied,
            Err(error) => return Err(answer.explain(self.why_not(source, error.into()).await)),
        };
        let copied = copied.copy_object_result();
        let etag = copied.and_then(|copied| copied.e_tag());
        let etag = etag.filter(|etag| is_whole(etag));
        let recorded = copied.and_then(|copied| copied.last_modified());
        // Without either it may have broken off, and a clock is not the recorded time.
        let (Some(etag), Some(recorded)) = (etag, recorded) else {
            return Err(S3Failure::unconfirmed("copied without an ETag or a time"));
        };
        Ok(Written {
            etag: quoted(etag),
            modified: seconds(Some(recorded)),
        })
    }

    /// Copies a part; the first has number 1.
    pub(in crate::store::s3) async fn copy_part(
        &self,
        source: &Source,
        (first, last): Range,
        to: &Key,
        id: &PartsId,
        number: i32,
    ) -> Result<Part, S3Failure> {
        let copied = self
            .client
            .upload_part_copy()
            .copy_source(self.path(&source.key))
            .set_copy_source_if_match(if_match(&source.pin)?)
            .copy_source_range(format!("bytes={first}-{last}"))
            .bucket(&self.name)
            .key(self.prefix.object(to.as_str()))
            .upload_id(id)
            .part_number(number)
            .customize()
            .config_override(patient())
            .send()
            .await;
        let copied = match copied {
            Ok(copied) => copied.copy_part_result,
            Err(error) => return Err(self.why_not(source, error.into()).await),
        };
        let etag = copied.as_ref().and_then(|copied| copied.e_tag.clone());
        let etag = etag.filter(|etag| is_whole(etag));
        Ok(CompletedPart::builder()
            .part_number(number)
            .e_tag(etag.ok_or(S3Failure::unconfirmed("a part was copied without an ETag"))?)
            .set_checksum_crc32(copied.and_then(|copied| copied.checksum_crc32))
            .build())
    }

    /// Why a copy failed. Swift answers `NoSuchBucket` if the source was removed a moment before.
    async fn why_not(&self, source: &Source, failure: S3Failure) -> S3Failure {
        let without = failure
            .diagnosis()
            .is_some_and(Diagnosis::is_without_bucket);
        if without && matches!(self.look(&source.key).await, Ok(None)) {
            return S3Failure::NotFound;
        }
        unsupported(failure)
    }

    /// The object of a key, as a source of copies is named.
    fn path(&self, key: &Key) -> String {
        let object = self.prefix.object(key.as_str());
        format!("{}/{}", self.name, utf8_percent_encode(&object, ENCODED))
    }
}

/// Whether an entity tag was read to its end: the SDK accepts documents that break off.
fn is_whole(etag: &str) -> bool {
    let inner = match etag.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').unwrap_or_default(),
        None => etag,
    };
    !inner.is_empty()
}

/// A service without copies is a limit to tell the client, not a failure to log.
fn unsupported(failure: S3Failure) -> S3Failure {
    match failure {
        S3Failure::NotImplemented(_) => S3Failure::Other(Error::Unsupported),
        failure => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_tag_that_breaks_off_is_none() {
        for (etag, expected) in [
            ("\"1-2\"", true),
            ("1-2", true),
            ("\"1-2", false),
            ("\"", false),
            ("\"\"", false),
            ("", false),
        ] {
            assert_eq!(is_whole(etag), expected, "{etag}");
        }
    }
}
