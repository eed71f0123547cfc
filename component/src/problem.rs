//! Every refusal: its status, its type and its words (RFC 9457).

mod document;

use http::StatusCode;

use crate::bindings::coffer::storage::blobs::Error;
use crate::policy::{Denied, Policy};

/// How many characters of what a client sent are repeated.
pub(crate) const MAX_ECHO: usize = 100;

/// Why a request is refused. Carries only what the client may know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("the name cannot be used: {0}")]
    InvalidName(&'static str),
    #[error("{0}")]
    InvalidRequest(String),
    #[error("{0}")]
    InvalidMultipart(String),
    #[error("the bytes received do not have the digest that the request announced")]
    DigestMismatch,
    #[error("a bearer token is needed")]
    Unauthenticated(Denied),
    /// The reason is for the log alone: it would tell a forger how far they got.
    #[error("the bearer token was refused")]
    InvalidToken,
    #[error("this is not allowed to the bearer of this token")]
    Forbidden(Denied),
    #[error("this service has no IAM API configured, only its public area works")]
    IamNotConfigured,
    #[error("the link is not one that this service made")]
    LinkInvalid,
    #[error("the link's time is over")]
    LinkExpired,
    #[error("there is nothing here")]
    NotFound,
    #[error("this resource does not take this method")]
    MethodNotAllowed {
        /// The methods it takes, as `Allow` lists them.
        allow: &'static str,
    },
    #[error("a file of this name exists")]
    AlreadyExists,
    #[error("a precondition of the request does not hold")]
    PreconditionFailed,
    #[error("{0}")]
    TooLarge(String),
    /// Names what was sent and what is accepted.
    #[error("{0}")]
    UnsupportedMediaType(String),
    #[error("the range starts behind the file's end")]
    RangeNotSatisfiable {
        /// The file's size in bytes.
        size: u64,
    },
    #[error("something went wrong here; the log has it under this response's X-Request-Id")]
    Internal,
    #[error("the store cannot be reached; try again")]
    Unavailable,
    #[error("no token can be verified, since the IAM API cannot be reached; try again")]
    IamUnavailable,
    #[error("the request's body made no progress")]
    Timeout,
    #[error("there is no space left")]
    NoSpace,
    /// Another problem, and which file of several it is about.
    #[error("{problem}")]
    OfFile {
        /// As the sender calls it.
        file: String,
        problem: Box<Problem>,
    },
}

impl Problem {
    /// A form is expected and something else was sent: a body of this type, or of none.
    pub(crate) fn not_a_form(content_type: Option<&str>) -> Self {
        let sent = match content_type {
            Some(sent) => {
                let sent: String = sent.chars().take(MAX_ECHO).collect();
                format!("the Content-Type is {sent}")
            }
            None => "there is no Content-Type".to_owned(),
        };
        Self::UnsupportedMediaType(format!(
            "files are sent here as a form, multipart/form-data, but {sent}; \
             PUT to a file's own URL takes it as it is"
        ))
    }

    /// A form that cannot be read, for this reason.
    pub(crate) fn malformed_form(reason: &str) -> Self {
        Self::InvalidMultipart(format!("the form is malformed: {reason}"))
    }

    /// The same problem, with the file that it is about.
    pub(crate) fn of_file(self, file: &str) -> Self {
        Self::OfFile {
            file: file.to_owned(),
            problem: Box::new(self),
        }
    }

    /// The status code that this problem is answered with.
    pub(crate) fn status(&self) -> StatusCode {
        self.row().0
    }

    /// Why, for the log, where the client is told less and it has not been logged yet.
    pub(crate) fn reason(&self, policy: &Policy) -> Option<String> {
        match self {
            Self::Unauthenticated(denied) | Self::Forbidden(denied) => Some(denied.explain(policy)),
            Self::OfFile { problem, .. } => problem.reason(policy),
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
            Self::Forbidden(_) => (S::FORBIDDEN, "forbidden", "Forbidden"),
            Self::IamNotConfigured => (S::FORBIDDEN, "iam-not-configured", "IAM not configured"),
            Self::LinkInvalid => (S::FORBIDDEN, "link-invalid", "Link invalid"),
            Self::LinkExpired => (S::FORBIDDEN, "link-expired", "Link expired"),
            Self::NotFound => (S::NOT_FOUND, "not-found", "Not found"),
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
            Self::Unavailable | Self::IamUnavailable => {
                (S::SERVICE_UNAVAILABLE, "unavailable", "Unavailable")
            }
            Self::Timeout => (S::REQUEST_TIMEOUT, "timeout", "Timed out"),
            Self::NoSpace => (S::INSUFFICIENT_STORAGE, "no-space", "No space left"),
            Self::OfFile { problem, .. } => problem.row(),
        }
    }
}

/// What a store's refusal means to a client, where the operation has no better
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
            Error::NoSpace => Self::NoSpace,
            Error::TimedOut => Self::Timeout,
            Error::Unavailable => Self::Unavailable,
            // Only reads get the one, and only what a permit guards the other; those
            // answer it themselves.
            Error::NotModified(_) | Error::Protected | Error::Misconfigured => Self::Internal,
        }
    }
}
