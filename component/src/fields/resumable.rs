//! Resumable uploads of the IETF (draft-ietf-httpbis-resumable-upload): its fields, in the
//! versions that clients send.
//!
//! Interop version 3 is draft 01, which URLSession of iOS 17 sends; 5 is draft 03 and 6 is draft
//! 05, which later ones send; 8 is the current one, and what requests without a version mean.

mod item;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::body::content_length;
use super::digest;
use super::single::{invalid, missing};
use crate::bindings::coffer::storage::uploads::Digest;
use crate::problem::Problem;
use borsh::{BorshDeserialize, BorshSerialize};

/// The type of a body with more bytes of a file.
pub(crate) const MEDIA_TYPE: &str = "application/partial-upload";

const VERSION: &str = "upload-draft-interop-version";
const COMPLETE: &str = "upload-complete";
const INCOMPLETE: &str = "upload-incomplete";
const OFFSET: &str = "upload-offset";
const LENGTH: &str = "upload-length";
const LIMIT: &str = "upload-limit";

/// Which iteration of the draft a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Version(u8);

impl Version {
    const OLDEST: u8 = 3;
    const CURRENT: u8 = 8;

    /// The version that a request names, or the current one.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for another one, since it may mean something else by the
    /// same fields.
    pub(crate) fn of_request(headers: &HeaderMap) -> Result<Self, Problem> {
        match item::integer(headers, VERSION)? {
            None => Ok(Self(Self::CURRENT)),
            Some(version) => u8::try_from(version)
                .ok()
                .filter(|version| (Self::OLDEST..=Self::CURRENT).contains(version))
                .map(Self)
                .ok_or_else(|| {
                    let expected = "a version from 3 to 8";
                    invalid(VERSION, &version.to_string(), expected)
                }),
        }
    }

    /// Whether the state is said the other way round, as `Upload-Incomplete`.
    fn says_incomplete(self) -> bool {
        self.0 == 3
    }

    /// Whether what is appended has [`MEDIA_TYPE`].
    fn has_media_type(self) -> bool {
        self.0 >= 6
    }

    /// Whether an append that does not complete the upload is answered with 201.
    pub(crate) fn appends_create(self) -> bool {
        self.0 < 6
    }

    /// Whether the state may come with every request.
    fn tolerates_state(self) -> bool {
        self.0 >= 6
    }

    /// Whether `Upload-Limit` has `max-age`.
    fn limits_age(self) -> bool {
        self.0 >= 7
    }

    /// Whether a request says that its body ends the file.
    fn complete(self, headers: &HeaderMap) -> Result<Option<bool>, Problem> {
        if self.says_incomplete() {
            let incomplete = item::boolean(headers, INCOMPLETE)?;
            return Ok(incomplete.map(|incomplete| !incomplete));
        }
        item::boolean(headers, COMPLETE)
    }

    fn state(self, complete: bool) -> (HeaderName, HeaderValue) {
        let (name, said) = if self.says_incomplete() {
            (INCOMPLETE, !complete)
        } else {
            (COMPLETE, complete)
        };
        let value = HeaderValue::from_static(if said { "?1" } else { "?0" });
        (HeaderName::from_static(name), value)
    }

    /// How far an upload is, and whether it is complete.
    pub(crate) fn progress(
        self,
        offset: Option<u64>,
        complete: bool,
    ) -> Vec<(HeaderName, HeaderValue)> {
        let offset = offset.map(|offset| {
            let offset = HeaderValue::from(offset);
            (HeaderName::from_static(OFFSET), offset)
        });
        offset.into_iter().chain([self.state(complete)]).collect()
    }

    /// What an upload is limited to: bytes in all, if that is known, and seconds from now on.
    pub(crate) fn limit(
        self,
        max_size: Option<u64>,
        max_age: u64,
    ) -> Option<(HeaderName, HeaderValue)> {
        let max_size = max_size.map(|max_size| format!("max-size={}", item::clamped(max_size)));
        let max_age = self
            .limits_age()
            .then(|| format!("max-age={}", item::clamped(max_age)));
        let limits: Vec<String> = max_size.into_iter().chain(max_age).collect();
        let limits = HeaderValue::try_from(limits.join(", ")).ok()?;
        Some((HeaderName::from_static(LIMIT), limits))
    }

    /// Refuses the state in a request that only asks, as the versions say that have it so.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`].
    pub(crate) fn check_stateless(self, headers: &HeaderMap) -> Result<(), Problem> {
        let is_there = |name: &&str| headers.contains_key(*name);
        match [OFFSET, COMPLETE, INCOMPLETE]
            .iter()
            .find(|name| is_there(name))
        {
            Some(name) if !self.tolerates_state() => Err(Problem::InvalidRequest(format!(
                "{name} is not a field of this request"
            ))),
            _ => Ok(()),
        }
    }
}

/// What `OPTIONS` says where an upload can begin.
pub(crate) fn capabilities(max_size: Option<u64>, max_age: u64) -> Vec<(HeaderName, HeaderValue)> {
    let limit = Version(Version::CURRENT).limit(max_size, max_age);
    let accept_patch = HeaderName::from_static("accept-patch");
    let types = HeaderValue::from_static(MEDIA_TYPE);
    limit.into_iter().chain([(accept_patch, types)]).collect()
}

/// How many bytes there will be, as an answer says it.
pub(crate) fn length(length: u64) -> (HeaderName, HeaderValue) {
    (HeaderName::from_static(LENGTH), HeaderValue::from(length))
}

/// Whether a request is about an upload by this protocol.
pub(crate) fn is_spoken(headers: &HeaderMap) -> bool {
    [COMPLETE, INCOMPLETE, VERSION]
        .iter()
        .any(|name| headers.contains_key(*name))
}

/// What every response to a request with a whole file has, errors too: nothing can be resumed, since
/// HTTP/1.1 here has no interim response that would say where.
pub(crate) fn of_whole_file(headers: &HeaderMap) -> Option<(HeaderName, HeaderValue)> {
    let creation = Creation::of_request(headers).ok()??;
    creation
        .complete
        .then(|| creation.version.state(creation.complete))
}

/// A request that begins an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Creation {
    /// Which version the client speaks.
    pub(crate) version: Version,
    /// Whether the body is the whole file.
    pub(crate) complete: bool,
    /// How many bytes there will be in all.
    pub(crate) length: Option<u64>,
}

impl Creation {
    /// Reads the fields of a request; `None` if it does not begin an upload.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for a field that is malformed or occurs twice: ignored, a part
    /// would be stored as the whole.
    pub(crate) fn of_request(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let state = [COMPLETE, INCOMPLETE];
        if !state.iter().any(|name| headers.contains_key(*name)) {
            return Ok(None);
        }
        let version = Version::of_request(headers)?;
        if let Some(offset) = item::size(headers, OFFSET)?.filter(|&offset| offset > 0) {
            return Err(invalid(
                OFFSET,
                &offset.to_string(),
                "0, where an upload begins",
            ));
        }
        let complete = version.complete(headers)?;
        let name = if version.says_incomplete() {
            INCOMPLETE
        } else {
            COMPLETE
        };
        let creation = Self {
            version,
            complete: complete.ok_or_else(|| missing(name))?,
            length: item::size(headers, LENGTH)?,
        };
        match (creation.length, content_length(headers)) {
            (Some(length), Some(content)) if creation.complete && content != length => {
                Err(Problem::InconsistentLength)
            }
            _ => Ok(Some(creation)),
        }
    }
}

/// A `PATCH` that appends to an upload.
#[derive(Debug)]
pub(crate) struct Append {
    /// Where the body begins.
    pub(crate) offset: u64,
    /// Whether the body ends the file.
    pub(crate) complete: bool,
    /// How many bytes there will be in all.
    pub(crate) length: Option<u64>,
    /// Of the body.
    pub(crate) digest: Option<Digest>,
}

impl Append {
    /// Reads the fields of a request in this version.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for a field that is missing, malformed, or occurs twice;
    /// [`Problem::UnsupportedMediaType`] for a body of another type than [`MEDIA_TYPE`].
    pub(crate) fn of_request(version: Version, headers: &HeaderMap) -> Result<Self, Problem> {
        let given = headers.get(header::CONTENT_TYPE);
        let is_partial = given.is_some_and(|given| {
            let essence = given.as_bytes().split(|byte| *byte == b';').next();
            let essence = essence.unwrap_or_default().trim_ascii();
            essence.eq_ignore_ascii_case(MEDIA_TYPE.as_bytes())
        });
        if version.has_media_type() && !is_partial {
            return Err(Problem::UnsupportedMediaType(format!(
                "the Content-Type must be {MEDIA_TYPE}"
            )));
        }
        let complete = version.complete(headers)?;
        // Version 3 may leave it out where it ends the file.
        let complete = complete.or(version.says_incomplete().then_some(true));
        Ok(Self {
            offset: item::size(headers, OFFSET)?.ok_or_else(|| missing(OFFSET))?,
            complete: complete.ok_or_else(|| missing(COMPLETE))?,
            length: item::size(headers, LENGTH)?,
            digest: content_digest(headers)?,
        })
    }
}

/// The digest of a request's body, which may be a part of the file.
pub(crate) fn content_digest(headers: &HeaderMap) -> Result<Option<Digest>, Problem> {
    let digest = digest::of_content(headers)?;
    Ok(digest.map(|digest| Digest::Sha256(digest.to_vec())))
}

#[cfg(test)]
mod tests;
