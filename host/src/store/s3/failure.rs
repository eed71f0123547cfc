//! The outcomes of failed requests to the service.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use coffer_port::object::is_full;

use crate::store::Error;

/// Why a request failed.
#[derive(Debug)]
pub(super) enum S3Failure {
    /// The object does not exist.
    NotFound,
    /// A precondition of the request failed.
    Precondition,
    /// Another writer was active at the same moment; to be retried.
    Conflict,
    /// The caller's copy is still current.
    NotModified,
    /// The range is outside the object.
    RangeOutside,
    /// The multipart upload does not exist.
    NoSuchUpload,
    /// It may have been carried out: an answer was lost, or is a success that cannot be read.
    Unconfirmed(Error),
    /// Any other error, whatever the request was.
    Other(Error),
}

impl<E> From<SdkError<E, HttpResponse>> for S3Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> S3Failure {
        let status = error.raw_response().map(|raw| raw.status().as_u16());
        match (error.code(), status) {
            (Some("NoSuchUpload"), _) => S3Failure::NoSuchUpload,
            (Some("NoSuchKey" | "NotFound"), _) => S3Failure::NotFound,
            (Some("PreconditionFailed"), _) => S3Failure::Precondition,
            (Some("ConditionalRequestConflict" | "OperationAborted"), _) => S3Failure::Conflict,
            (Some("NotModified"), _) => S3Failure::NotModified,
            (Some("InvalidRange"), _) => S3Failure::RangeOutside,
            (Some("EntityTooLarge"), _) | (_, Some(413)) => S3Failure::Other(Error::TooLarge),
            (Some(code), _) if is_full(code) => S3Failure::Other(Error::NoSpace),
            (_, Some(507)) => S3Failure::Other(Error::NoSpace),
            // The response to HEAD has no body that could contain an error code.
            (None, Some(404)) => S3Failure::NotFound,
            (_, Some(304)) => S3Failure::NotModified,
            (_, Some(412)) => S3Failure::Precondition,
            (_, Some(416)) => S3Failure::RangeOutside,
            (None, Some(200..=299)) => S3Failure::Unconfirmed(Error::Unavailable(Box::new(error))),
            _ => S3Failure::Other(Error::Unavailable(Box::new(error))),
        }
    }
}

impl S3Failure {
    /// A success that lacks something.
    pub(super) fn unconfirmed(lacking: &'static str) -> S3Failure {
        S3Failure::Unconfirmed(Error::Unavailable(lacking.into()))
    }

    /// What a write's failure means if an earlier attempt may have been carried out: then it is
    /// that attempt which the condition failed for, or which is done.
    pub(super) fn after_lost_answer(self) -> S3Failure {
        match self {
            S3Failure::Precondition | S3Failure::NotFound | S3Failure::NoSuchUpload => {
                S3Failure::unconfirmed("the answer to an earlier attempt was lost")
            }
            other => other,
        }
    }
}

impl From<Error> for S3Failure {
    fn from(error: Error) -> S3Failure {
        S3Failure::Other(error)
    }
}

/// For requests that cannot get the more specific failures.
impl From<S3Failure> for Error {
    fn from(failure: S3Failure) -> Error {
        match failure {
            S3Failure::Other(error) | S3Failure::Unconfirmed(error) => error,
            S3Failure::NotFound => Error::NotFound,
            S3Failure::Precondition => Error::PreconditionFailed,
            other => Error::Unavailable(format!("unexpected response: {other:?}").into()),
        }
    }
}
