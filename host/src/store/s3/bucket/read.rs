//! Reading one object.

use std::collections::HashMap;

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectInput};
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::ChecksumType;
use aws_smithy_checksums::ChecksumAlgorithm;

use coffer_port::object::metadata::entry_name;
use coffer_port::object::range::placed;
use coffer_port::object::{ObjectMetadata, Range, Seen};

use super::{Bucket, Object};
use crate::store::s3::checksum::{CRC32_ENTRY, Checksum, SHA256_ENTRY};
use crate::store::s3::diagnosis::Diagnosis;
use crate::store::s3::failure::S3Failure;
use crate::store::s3::prepared::GetResponse;
use crate::store::{Conditions, CreateOptions, Error, Etags, Info, Key};

/// How often an object is looked for while HEAD and GET contradict each other.
const LOOKS: u32 = 3;

/// Bytes of an object, as a stream.
pub(in crate::store::s3) struct Bytes {
    pub(in crate::store::s3) object: Object,
    pub(in crate::store::s3) offset: u64,
    pub(in crate::store::s3) length: u64,
    pub(in crate::store::s3) partial: bool,
    /// Of the whole object, if all of it is here.
    pub(in crate::store::s3) checksum: Option<Checksum>,
    pub(in crate::store::s3) stream: ByteStream,
}

impl Bytes {
    /// Whether these are the bytes of that version between those offsets.
    pub(in crate::store::s3) fn is_of(&self, info: &Info, start: u64, end: u64) -> bool {
        let found = &self.object.info;
        (&found.etag, found.size) == (&info.etag, info.size)
            && (self.offset, self.offset + self.length) == (start, end)
    }
}

/// An object with all of its user metadata, by the names of the entries.
#[derive(Debug, Clone)]
pub(in crate::store::s3) struct Described {
    pub(in crate::store::s3) object: Object,
    pub(in crate::store::s3) entries: HashMap<String, String>,
}

impl Bucket {
    /// One HEAD.
    pub(in crate::store::s3) async fn head(&self, key: &Key) -> Result<Object, S3Failure> {
        Ok(self.describe(key).await?.object)
    }

    /// One HEAD.
    pub(in crate::store::s3) async fn describe(&self, key: &Key) -> Result<Described, S3Failure> {
        let head = self
            .client
            .head_object()
            .bucket(&self.name)
            .key(self.prefix.object(key.as_str()))
            .send()
            .await;
        let head = match head {
            Ok(head) => head,
            Err(error) => return Err(self.explained(key, error.into()).await),
        };
        let object = Object::new(
            key,
            length(head.content_length())?,
            head.e_tag().ok_or_else(no_etag)?,
            head.last_modified(),
            metadata(head.content_type(), |name| {
                Some(head.metadata()?.get(name)?.as_str())
            }),
        );
        Ok(Described {
            object: Object {
                version_id: head.version_id,
                ..object
            },
            entries: head.metadata.unwrap_or_default(),
        })
    }

    /// The failure of a HEAD, whose response cannot say why the service refused.
    async fn explained(&self, key: &Key, failure: S3Failure) -> S3Failure {
        match failure.diagnosis().is_some_and(Diagnosis::is_unexplained) {
            true => self.explain(key).await.map_or(failure, S3Failure::Other),
            false => failure,
        }
    }

    /// What the response to a GET says, which has a document.
    async fn explain(&self, key: &Key) -> Option<Error> {
        match self.get_a_byte(key).await {
            Err(S3Failure::Other(error) | S3Failure::NotImplemented(error)) => Some(error),
            _ => None,
        }
    }

    /// In a box, since it is needed rarely and its state is large.
    async fn get_a_byte(&self, key: &Key) -> Result<(), S3Failure> {
        let (first, unconditional) = (Range::between(0, 1), Conditions::default());
        Box::pin(self.get(key, first, &unconditional)).await?;
        Ok(())
    }

    /// The object without its bytes, or none if there is none.
    ///
    /// A 404 to HEAD may mean that the whole bucket is missing, or come from a proxy in front of
    /// the service. So a GET, whose response has a document, confirms that the object is missing.
    pub(in crate::store::s3) async fn look(&self, key: &Key) -> Result<Option<Object>, Error> {
        let found = self.look_closely(key).await?;
        Ok(found.map(|described| described.object))
    }

    /// [`Bucket::look`], with all user metadata.
    pub(in crate::store::s3) async fn look_closely(
        &self,
        key: &Key,
    ) -> Result<Option<Described>, Error> {
        for _ in 0..LOOKS {
            match self.describe(key).await {
                Ok(described) => return Ok(Some(described)),
                Err(S3Failure::NotFound) => {}
                Err(failure) => return Err(failure.into()),
            }
            match self.get_a_byte(key).await {
                Err(S3Failure::NotFound) => return Ok(None),
                // It was stored meanwhile, or the 404 was not the service's.
                Ok(()) | Err(S3Failure::RangeOutside) => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        Err(Error::unavailable("404 to HEAD, but not to GET"))
    }

    /// [`Bucket::look`] with a single HEAD: only for a write that names the condition that there is
    /// no object.
    pub(in crate::store::s3) async fn glance(&self, key: &Key) -> Result<Option<Object>, Error> {
        match self.head(key).await {
            Ok(object) => Ok(Some(object)),
            Err(S3Failure::NotFound) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// The current version, if it allows the file to be stored. That there is none is confirmed
    /// only if the file would be refused for it.
    ///
    /// # Errors
    /// As [`CreateOptions::check`].
    pub(in crate::store::s3) async fn look_and_check(
        &self,
        key: &Key,
        options: &CreateOptions,
    ) -> Result<Seen, Error> {
        let found = match options.check(None) {
            Ok(()) => self.glance(key).await?,
            Err(_) => self.look(key).await?,
        };
        Seen::check(found.map(|object| object.info), options)
    }

    /// One GET. Passes on the conditions that the service can evaluate, which saves bytes;
    /// the caller still has to check them all, and the checksum.
    pub(in crate::store::s3) async fn get(
        &self,
        key: &Key,
        range: Range,
        conditions: &Conditions,
    ) -> Result<Bytes, S3Failure> {
        let date = |time| Some(DateTime::from(time?));
        let input = GetObjectInput::builder()
            .bucket(&self.name)
            .key(self.prefix.object(key.as_str()))
            .set_range(range.into_field())
            .set_if_match(single(conditions.if_match.as_ref()))
            .set_if_none_match(single(conditions.if_none_match.as_ref()))
            .set_if_unmodified_since(match conditions.if_match {
                None => date(conditions.if_unmodified_since),
                Some(_) => None,
            })
            .set_if_modified_since(match conditions.if_none_match {
                None => date(conditions.if_modified_since),
                Some(_) => None,
            })
            .build()
            .map_err(SdkError::<GetObjectError, _>::construction_failure)?;
        let got = self.operations().await?.get.send(input).await?;
        let length = got.content_length.ok_or_else(no_length)?;
        let (offset, size) = match &got.content_range {
            None => (0, length),
            // Some services send a nonsensical range for the last bytes of an empty object.
            Some(range) => placed(range, length).ok_or(S3Failure::RangeOutside)?,
        };
        Ok(Bytes {
            checksum: match (offset, length) == (0, size) {
                true => checksum(&got),
                false => None,
            },
            object: Object::new(
                key,
                size,
                got.etag.as_deref().ok_or_else(no_etag)?,
                got.last_modified.as_ref(),
                metadata(got.content_type.as_deref(), |name| got.entries.get(name)),
            ),
            offset,
            length,
            partial: got.content_range.is_some(),
            stream: got.body,
        })
    }

    /// [`Bucket::get`] for the version described here, and no other.
    pub(in crate::store::s3) async fn get_version(
        &self,
        info: &Info,
        range: Range,
    ) -> Result<Bytes, S3Failure> {
        self.get(&info.key, range, &Conditions::only(&info.etag))
            .await
    }
}

/// The only tag in a list, which is all that S3 supports.
fn single(etags: Option<&Etags>) -> Option<String> {
    match etags {
        Some(Etags::List(tags)) => match tags.as_slice() {
            [tag] if is_tag(tag) => Some(tag.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a header field can carry it (RFC 9110, 8.8.3).
pub(super) fn is_tag(tag: &str) -> bool {
    let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    inner.is_some_and(|inner| inner.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'~')))
}

fn length(length: Option<i64>) -> Result<u64, Error> {
    length
        .and_then(|length| u64::try_from(length).ok())
        .ok_or_else(no_length)
}

fn no_length() -> Error {
    Error::Unavailable("a response without Content-Length".into())
}

fn no_etag() -> Error {
    Error::Unavailable("a response without an ETag".into())
}

/// The checksum of the object's bytes: the service's, or else the one in the user metadata.
fn checksum(got: &GetResponse) -> Option<Checksum> {
    use ChecksumAlgorithm::{Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
    // Without a type, that of an object in parts, or of a range, may be of some bytes only.
    let whole = match got.checksums.get("type") {
        Some(stated) => stated == ChecksumType::FullObject.as_str(),
        None => {
            got.content_range.is_none() && !got.etag.as_ref().is_some_and(|tag| tag.contains('-'))
        }
    };
    let stated = [
        (Crc64Nvme, got.checksums.get("crc64nvme")),
        (Crc32, got.checksums.get("crc32")),
        (Crc32c, got.checksums.get("crc32c")),
        (Sha1, got.checksums.get("sha1")),
        (Sha256, got.checksums.get("sha256")),
    ];
    let entry = |name: &str| got.entries.get(name);
    let kept = [(Crc32, entry(CRC32_ENTRY)), (Sha256, entry(SHA256_ENTRY))];
    let stated = stated.into_iter().filter(|_| whole);
    stated
        .chain(kept)
        .find_map(|(algorithm, value)| Checksum::parse(algorithm, value?))
}

/// From the user metadata's entries.
fn metadata<'e>(
    object_type: Option<&str>,
    entry: impl Fn(&str) -> Option<&'e str>,
) -> ObjectMetadata {
    ObjectMetadata::read(object_type, |name| entry(entry_name(name)))
}
