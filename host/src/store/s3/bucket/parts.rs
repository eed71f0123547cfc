//! The steps of a multipart upload.

mod open;

use std::collections::HashMap;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart};

use coffer_port::object::{ObjectMetadata, Pin, quoted, xml};

use super::Bucket;
use super::answer::Answer;
use super::write::{if_match, if_none_match, user_metadata};
use crate::store::s3::client::{intercepted, patient};
use crate::store::s3::failure::S3Failure;
use crate::store::s3::xml::LenientXml;
use crate::store::{Error, Key};

pub(in crate::store::s3) use open::{Marker, Open};

/// The service's ID of a multipart upload.
pub(in crate::store::s3) type PartsId = String;

/// A part that the service has received.
pub(in crate::store::s3) type Part = CompletedPart;

impl Bucket {
    /// Starts a multipart upload.
    ///
    /// # Errors
    /// Nothing is started where the service fails with this name, since it would start the
    /// upload and not say which.
    pub(in crate::store::s3) async fn start_parts(
        &self,
        key: &Key,
        metadata: &ObjectMetadata,
    ) -> Result<PartsId, S3Failure> {
        self.start_parts_with(key, metadata, HashMap::new()).await
    }

    /// Starts one with more entries of user metadata.
    pub(in crate::store::s3) async fn start_parts_with(
        &self,
        key: &Key,
        metadata: &ObjectMetadata,
        more: HashMap<String, String>,
    ) -> Result<PartsId, S3Failure> {
        if !self.uploads.any_name && !xml::carries(key.as_str()) {
            return Err(NoParts.into());
        }
        let mut entries = user_metadata(metadata);
        entries.extend(more);
        let started = self
            .client
            .create_multipart_upload()
            .bucket(&self.name)
            .key(self.prefix.object(key.as_str()))
            .content_type(metadata.object_type())
            .set_metadata(Some(entries))
            // Of all bytes, where the default is one of the parts' checksums, which only those
            // who know the parts' sizes can verify.
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .checksum_type(ChecksumType::FullObject)
            .customize()
            .interceptor(LenientXml)
            .send()
            .await?;
        let id = started.upload_id.ok_or_else(|| {
            Error::Unavailable("a multipart upload was started without an upload ID".into())
        })?;
        Ok(id)
    }

    /// Sends a part; the first has number 1.
    pub(in crate::store::s3) async fn put_part(
        &self,
        key: &Key,
        id: &PartsId,
        number: i32,
        bytes: bytes::Bytes,
    ) -> Result<Part, S3Failure> {
        let sent = self
            .client
            .upload_part()
            .bucket(&self.name)
            .key(self.prefix.object(key.as_str()))
            .upload_id(id)
            .part_number(number)
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .body(ByteStream::from(bytes))
            .customize()
            .config_override(patient())
            .send()
            .await?;
        Ok(CompletedPart::builder()
            .part_number(number)
            .set_e_tag(sent.e_tag)
            .set_checksum_crc32(sent.checksum_crc32)
            .build())
    }

    /// Completes the upload, and returns the new version's entity tag if the service tells it:
    /// on Ceph's radosgw it is empty if a lost answer had the request repeated.
    pub(in crate::store::s3) async fn complete_parts(
        &self,
        key: &Key,
        id: &PartsId,
        parts: Vec<Part>,
        pin: &Pin,
    ) -> Result<Option<String>, S3Failure> {
        let answer = Answer::default();
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts));
        let completed = self
            .client
            .complete_multipart_upload()
            .bucket(&self.name)
            .key(self.prefix.object(key.as_str()))
            .upload_id(id)
            .multipart_upload(parts.build())
            .set_if_none_match(if_none_match(pin))
            .set_if_match(if_match(pin)?)
            .customize()
            .config_override(intercepted(patient(), answer.clone()))
            .interceptor(LenientXml)
            .send()
            .await;
        let completed = completed.map_err(|error| answer.explain(error.into()))?;
        let etag = completed.e_tag().map(|etag| etag.trim_matches('"'));
        Ok(etag.filter(|etag| !etag.is_empty()).map(quoted))
    }

    /// Aborts the upload, which discards its parts.
    pub(in crate::store::s3) async fn abort_parts(
        &self,
        object: &str,
        id: &PartsId,
    ) -> Result<(), S3Failure> {
        self.client
            .abort_multipart_upload()
            .bucket(&self.name)
            .key(object)
            .upload_id(id)
            .send()
            .await?;
        Ok(())
    }
}

/// A file that does not fit in one request has a name that the service cannot handle.
#[derive(Debug, thiserror::Error)]
#[error("the service cannot store large files under names with U+FFFE or U+FFFF")]
struct NoParts;

impl From<NoParts> for S3Failure {
    fn from(cause: NoParts) -> S3Failure {
        S3Failure::Other(Error::UnsupportedKey(Box::new(cause)))
    }
}
