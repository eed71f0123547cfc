//! tus 1.0.0: the fields of resumable uploads as tus clients send them.

mod checksum;
mod metadata;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::body::content_length;
use super::single::{self, invalid, missing};
use crate::bindings::coffer::storage::uploads::Digest;
use crate::problem::Problem;

pub(crate) use metadata::{Described, UploadMetadata};

/// The version of the protocol.
pub(crate) const VERSION: &str = "1.0.0";
/// What of it is optional and is here.
const EXTENSIONS: &str = "creation,creation-with-upload,creation-defer-length,expiration,\
                          termination,checksum";
/// The type of a body with bytes of a file.
const MEDIA_TYPE: &str = "application/offset+octet-stream";

const RESUMABLE: &str = "tus-resumable";
const OFFSET: &str = "upload-offset";
const LENGTH: &str = "upload-length";
const DEFER_LENGTH: &str = "upload-defer-length";
const METADATA: &str = "upload-metadata";
const CONCAT: &str = "upload-concat";
const EXPIRES: &str = "upload-expires";
const OVERRIDE: &str = "x-http-method-override";

/// Whether a request is tus'.
pub(crate) fn is_spoken(headers: &HeaderMap) -> bool {
    headers.contains_key(RESUMABLE)
}

/// Whether a request is tus' or was meant to be: its body has tus' type.
pub(crate) fn is_meant(headers: &HeaderMap) -> bool {
    is_spoken(headers) || has_media_type(headers).unwrap_or_default()
}

/// Refuses a version that is not [`VERSION`].
///
/// # Errors
/// [`Problem::TusVersion`].
pub(crate) fn check_version(headers: &HeaderMap) -> Result<(), Problem> {
    match single::text(headers, RESUMABLE) {
        Ok(Some(VERSION)) => Ok(()),
        _ => Err(Problem::TusVersion),
    }
}

/// The version, which every response to a tus client has.
pub(crate) fn resumable() -> (HeaderName, HeaderValue) {
    let version = HeaderValue::from_static(VERSION);
    (HeaderName::from_static(RESUMABLE), version)
}

/// The versions that are supported.
pub(crate) fn versions() -> (HeaderName, HeaderValue) {
    let version = HeaderValue::from_static(VERSION);
    (HeaderName::from_static("tus-version"), version)
}

/// What `OPTIONS` says besides, for uploads of files of at most this size, if that is known.
pub(crate) fn capabilities(max_size: Option<u64>) -> Vec<(HeaderName, HeaderValue)> {
    let max_size = max_size.map(|max_size| {
        let name = HeaderName::from_static("tus-max-size");
        (name, HeaderValue::from(max_size))
    });
    let fixed = [
        resumable(),
        versions(),
        (
            HeaderName::from_static("tus-extension"),
            HeaderValue::from_static(EXTENSIONS),
        ),
        (
            HeaderName::from_static("tus-checksum-algorithm"),
            HeaderValue::from_static(checksum::ALGORITHMS),
        ),
    ];
    fixed.into_iter().chain(max_size).collect()
}

/// The method that a client means that can only send `POST`; `None` if it means `POST`.
pub(crate) fn method(method: &Method, headers: &HeaderMap) -> Option<Method> {
    if *method != Method::POST || !is_spoken(headers) {
        return None;
    }
    let meant = single::text(headers, OVERRIDE).ok()??;
    [Method::HEAD, Method::PATCH, Method::DELETE]
        .into_iter()
        .find(|method| meant.eq_ignore_ascii_case(method.as_str()))
}

/// A `POST` that begins an upload.
#[derive(Debug)]
pub(crate) struct Creation {
    /// How many bytes there will be; `None` if the client will say so later.
    pub(crate) length: Option<u64>,
    /// Whether the body has the first of them.
    pub(crate) with_upload: bool,
    /// Of those.
    pub(crate) checksum: Option<Digest>,
    /// About the file.
    pub(crate) metadata: UploadMetadata,
}

impl Creation {
    /// Reads the fields of a request.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for a field that is missing, malformed, or occurs twice;
    /// [`Problem::UnsupportedMediaType`] for a body of another type than [`MEDIA_TYPE`].
    pub(crate) fn of_request(headers: &HeaderMap) -> Result<Self, Problem> {
        if headers.contains_key(CONCAT) {
            return Err(Problem::InvalidRequest(
                "Upload-Concat is not supported: a file is sent as one upload \
                 (parallelUploads: 1)"
                    .to_owned(),
            ));
        }
        let deferred = match single::text(headers, DEFER_LENGTH)? {
            None => false,
            Some("1") => true,
            Some(other) => return Err(invalid("Upload-Defer-Length", other, "1")),
        };
        let length = number(headers, LENGTH)?;
        if length.is_some() == deferred {
            return Err(Problem::InvalidRequest(
                "one of Upload-Length and Upload-Defer-Length is required, and only one".to_owned(),
            ));
        }
        let with_upload = has_media_type(headers)?;
        let has_content = content_length(headers).is_some_and(|length| length > 0);
        if !with_upload && headers.contains_key(header::CONTENT_TYPE) && has_content {
            return Err(wrong_media_type());
        }
        Ok(Self {
            length,
            with_upload,
            checksum: checksum::of_request(headers)?,
            metadata: UploadMetadata::parse(single::text(headers, METADATA)?.unwrap_or_default())?,
        })
    }
}

/// A `PATCH` that appends to an upload.
#[derive(Debug)]
pub(crate) struct Append {
    /// Where the body begins.
    pub(crate) offset: u64,
    /// How many bytes there will be in all, if that was not said before.
    pub(crate) length: Option<u64>,
    /// Of the body.
    pub(crate) checksum: Option<Digest>,
}

impl Append {
    /// Reads the fields of a request.
    ///
    /// # Errors
    /// As [`Creation::of_request`].
    pub(crate) fn of_request(headers: &HeaderMap) -> Result<Self, Problem> {
        if !has_media_type(headers)? {
            return Err(wrong_media_type());
        }
        Ok(Self {
            offset: number(headers, OFFSET)?.ok_or_else(|| missing("Upload-Offset"))?,
            length: number(headers, LENGTH)?,
            checksum: checksum::of_request(headers)?,
        })
    }
}

/// How far an upload is.
pub(crate) fn insert_offset(headers: &mut HeaderMap, offset: u64) {
    headers.insert(OFFSET, HeaderValue::from(offset));
}

/// How many bytes there will be, or that nobody has said so.
pub(crate) fn insert_length(headers: &mut HeaderMap, length: Option<u64>) {
    match length {
        Some(length) => headers.insert(LENGTH, HeaderValue::from(length)),
        None => headers.insert(DEFER_LENGTH, HeaderValue::from_static("1")),
    };
}

/// When an upload expires, as an HTTP date.
pub(crate) fn insert_expiry(headers: &mut HeaderMap, date: &str) {
    if let Ok(date) = HeaderValue::try_from(date) {
        headers.insert(EXPIRES, date);
    }
}

/// The metadata as the client sent it.
pub(crate) fn insert_metadata(headers: &mut HeaderMap, raw: &str) {
    if let Some(raw) = HeaderValue::try_from(raw)
        .ok()
        .filter(|raw| !raw.is_empty())
    {
        headers.insert(METADATA, raw);
    }
}

fn number(headers: &HeaderMap, name: &str) -> Result<Option<u64>, Problem> {
    let Some(text) = single::text(headers, name)? else {
        return Ok(None);
    };
    Some(text)
        .filter(|text| text.bytes().all(|digit| digit.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .map(Some)
        .ok_or_else(|| invalid(name, text, "a number of bytes"))
}

fn has_media_type(headers: &HeaderMap) -> Result<bool, Problem> {
    let given = single::text(headers, header::CONTENT_TYPE.as_str())?;
    Ok(given.is_some_and(|given| given.eq_ignore_ascii_case(MEDIA_TYPE)))
}

fn wrong_media_type() -> Problem {
    Problem::UnsupportedMediaType(format!("the Content-Type must be {MEDIA_TYPE}"))
}

#[cfg(test)]
mod tests;
