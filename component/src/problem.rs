//! Every problem: its status, type and detail (RFC 9457).

mod document;

use http::{HeaderName, HeaderValue, StatusCode};

use crate::bindings::coffer::storage::blobs::Error;
use crate::policy::{Denied, Policy};

/// How many characters of a client's input a message repeats at most.
pub(crate) const MAX_ECHO: usize = 100;

/// How many characters of a reason go to the log at most that another component gave.
const MAX_REASON: usize = 500;

/// Why a request is refused. Says only what the client may know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("the name is invalid: {0}")]
    InvalidName(&'static str),
    #[error("{0}")]
    InvalidRequest(String),
    #[error("{0}")]
    InvalidMultipart(String),
    #[error("the body does not match the digest in the request")]
    DigestMismatch,
    #[error("a bearer token is required")]
    Unauthenticated(Denied),
    /// The reason goes to the log only: it would tell a forger how far they got.
    #[error("the bearer token is invalid or expired")]
    InvalidToken,
    #[error("the caller may not do this")]
    Forbidden(Denied),
    /// By a component that is asked before the policy, for a reason that only the log gets.
    #[error("the caller may not do this")]
    Overruled(String),
    #[error("no IAM API is configured, so only the public area is available")]
    IamNotConfigured,
    #[error("the presigned URL is invalid")]
    LinkInvalid,
    #[error("the presigned URL has expired")]
    LinkExpired,
    #[error("no such file or path")]
    NotFound,
    /// What is to be copied.
    #[error("no such file: the name in \"from\" is not that of a file")]
    NoSource,
    #[error("this resource does not support this method")]
    MethodNotAllowed {
        /// The methods it supports, as `Allow` lists them.
        allow: &'static str,
    },
    #[error("a file with this name already exists")]
    AlreadyExists,
    #[error("a precondition of the request failed")]
    PreconditionFailed,
    #[error("{0}")]
    TooLarge(String),
    /// Names what was sent and what is accepted.
    #[error("{0}")]
    UnsupportedMediaType(String),
    #[error("the range starts after the end of the file")]
    RangeNotSatisfiable {
        /// The file's size in bytes.
        size: u64,
    },
    #[error("internal error; the server's log has the cause under this response's X-Request-Id")]
    Internal,
    #[error("the storage is unavailable; try again")]
    Unavailable,
    /// Each time it was to be copied, another version was there.
    #[error("the file to copy is being replaced; try again")]
    SourceChanges,
    #[error("the token cannot be verified: the IAM API is unavailable; try again")]
    IamUnavailable,
    #[error("timed out waiting for the request body")]
    Timeout,
    #[error("no such upload: it was discarded, has expired, or never began")]
    NoUpload,
    #[error("the upload continues at byte {expected}, not at {provided}")]
    MismatchingOffset {
        /// How many bytes there are.
        expected: u64,
        /// Where the request begins.
        provided: u64,
    },
    #[error("the length differs from what was said before, or from the bytes sent")]
    InconsistentLength,
    #[error("the upload is complete")]
    CompletedUpload,
    /// tus' own answer to a digest that does not match.
    #[error("the body does not match its checksum; nothing of it was kept")]
    ChecksumMismatch,
    #[error("the version of tus must be 1.0.0, in Tus-Resumable")]
    TusVersion,
    /// A problem whose response has these header fields too.
    #[error("{problem}")]
    WithFields {
        fields: Vec<(HeaderName, HeaderValue)>,
        problem: Box<Problem>,
    },
    #[error("another request appends to this upload")]
    UploadBusy,
    #[error("there are too many unfinished uploads; finish or delete others first")]
    TooManyUploads,
    #[error("the storage does not support this")]
    Unsupported,
    #[error("no space left in the storage")]
    NoSpace,
    /// A problem with one file of several.
    #[error("{problem}")]
    OfFile {
        /// Its name as the client sent it.
        file: String,
        problem: Box<Problem>,
    },
}

impl Problem {
    /// The body is not a form, but of this type or of none.
    pub(crate) fn not_a_form(content_type: Option<&str>) -> Self {
        let sent = match content_type {
            Some(sent) => {
                let sent: String = sent.chars().take(MAX_ECHO).collect();
                format!("the Content-Type is {sent}")
            }
            None => "there is no Content-Type".to_owned(),
        };
        Self::UnsupportedMediaType(format!(
            "expected a form (multipart/form-data), but {sent}; \
             to upload a single file, PUT it to its own URL"
        ))
    }

    /// A form that is malformed for this reason.
    pub(crate) fn malformed_form(reason: &str) -> Self {
        Self::InvalidMultipart(format!("the form is malformed: {reason}"))
    }

    /// The same problem, with the file it is about.
    pub(crate) fn of_file(self, file: &str) -> Self {
        Self::OfFile {
            file: file.to_owned(),
            problem: Box::new(self),
        }
    }

    /// The same problem, whose response has these header fields too.
    pub(crate) fn with_fields(self, fields: Vec<(HeaderName, HeaderValue)>) -> Self {
        Self::WithFields {
            fields,
            problem: Box::new(self),
        }
    }

    /// The status code of the response.
    pub(crate) fn status(&self) -> StatusCode {
        self.row().0
    }

    /// The reason for the log, if the client is told less and it has not been logged yet.
    pub(crate) fn reason(&self, policy: &Policy) -> Option<String> {
        match self {
            Self::Unauthenticated(denied) | Self::Forbidden(denied) => Some(denied.explain(policy)),
            Self::Overruled(reason) => {
                let reason: String = reason.chars().take(MAX_REASON).collect();
                Some(format!("the component that decides denied it: {reason}"))
            }
            Self::OfFile { problem, .. } | Self::WithFields { problem, .. } => {
                problem.reason(policy)
            }
            Self::IamNotConfigured | Self::LinkInvalid | Self::LinkExpired => {
                Some(self.to_string())
            }
            _ => None,
        }
    }

    /// Status, last segment of the type, title.
    fn row(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::InvalidName(_) => (S::BAD_REQUEST, "invalid-name", "Invalid name"),
            Self::InvalidRequest(_) => (S::BAD_REQUEST, "invalid-request", "Invalid request"),
            Self::InvalidMultipart(_) => (S::BAD_REQUEST, "invalid-multipart", "Invalid form"),
            Self::DigestMismatch => (S::BAD_REQUEST, "digest-mismatch", "Digest mismatch"),
            Self::Unauthenticated(_) => (S::UNAUTHORIZED, "unauthenticated", "Unauthenticated"),
            Self::InvalidToken => (S::UNAUTHORIZED, "invalid-token", "Invalid token"),
            Self::Forbidden(_) | Self::Overruled(_) => (S::FORBIDDEN, "forbidden", "Forbidden"),
            Self::IamNotConfigured => (S::FORBIDDEN, "iam-not-configured", "IAM not configured"),
            Self::LinkInvalid => (S::FORBIDDEN, "link-invalid", "Link invalid"),
            Self::LinkExpired => (S::FORBIDDEN, "link-expired", "Link expired"),
            Self::NotFound | Self::NoSource | Self::NoUpload => {
                (S::NOT_FOUND, "not-found", "Not found")
            }
            Self::MethodNotAllowed { .. } => (
                S::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "Method not allowed",
            ),
            Self::AlreadyExists => (S::CONFLICT, "already-exists", "Already exists"),
            Self::PreconditionFailed => (
                S::PRECONDITION_FAILED,
                "precondition-failed",
                "Precondition failed",
            ),
            Self::TooLarge(_) => (S::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
            Self::UnsupportedMediaType(_) => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "Unsupported media type",
            ),
            Self::RangeNotSatisfiable { .. } => (
                S::RANGE_NOT_SATISFIABLE,
                "range-not-satisfiable",
                "Range not satisfiable",
            ),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
            Self::Unavailable | Self::SourceChanges | Self::IamUnavailable => {
                (S::SERVICE_UNAVAILABLE, "unavailable", "Unavailable")
            }
            Self::UploadBusy => (S::LOCKED, "upload-busy", "Upload busy"),
            Self::TooManyUploads => (S::TOO_MANY_REQUESTS, "too-many-uploads", "Too many uploads"),
            Self::Unsupported => (S::NOT_IMPLEMENTED, "unsupported", "Unsupported"),
            Self::Timeout => (S::REQUEST_TIMEOUT, "timeout", "Timed out"),
            Self::NoSpace => (S::INSUFFICIENT_STORAGE, "no-space", "No space left"),
            Self::MismatchingOffset { .. } => (
                S::CONFLICT,
                "mismatching-upload-offset",
                "Mismatching upload offset",
            ),
            Self::InconsistentLength => (
                S::BAD_REQUEST,
                "inconsistent-upload-length",
                "Inconsistent upload length",
            ),
            Self::CompletedUpload => (S::BAD_REQUEST, "completed-upload", "Completed upload"),
            Self::ChecksumMismatch => (checksum_mismatch(), "digest-mismatch", "Digest mismatch"),
            Self::TusVersion => (
                S::PRECONDITION_FAILED,
                "precondition-failed",
                "Precondition failed",
            ),
            Self::OfFile { problem, .. } | Self::WithFields { problem, .. } => problem.row(),
        }
    }
}

/// 460, a status of tus' own.
fn checksum_mismatch() -> StatusCode {
    StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST)
}

/// What a store's error means to a client, unless the operation has a better
/// answer.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound,
            Error::PreconditionFailed => Self::PreconditionFailed,
            Error::SpanOutside(size) => Self::RangeNotSatisfiable { size },
            Error::TooLarge => Self::TooLarge("the file is larger than allowed".to_owned()),
            Error::DigestMismatch => Self::DigestMismatch,
            Error::BodyIncomplete => {
                Self::InvalidRequest("the body ended before it was complete".to_owned())
            }
            Error::UnsupportedKey => Self::InvalidName(
                "the storage cannot hold it; choose a shorter one, or another folder",
            ),
            Error::NoSpace => Self::NoSpace,
            Error::Busy => Self::UploadBusy,
            Error::TooMany => Self::TooManyUploads,
            Error::Unsupported => Self::Unsupported,
            Error::TimedOut => Self::Timeout,
            Error::Unavailable => Self::Unavailable,
            // Operations that can get the first two handle them themselves.
            Error::NotModified(_) | Error::Protected | Error::Misconfigured => Self::Internal,
        }
    }
}
