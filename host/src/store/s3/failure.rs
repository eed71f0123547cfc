//! What a request to the service may come back with, in few words.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use coffer_port::object::is_full;

use crate::store::Error;

/// Why a request was not answered with what was asked for.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no such object.
    NotFound,
    /// A precondition of the request does not hold.
    Precondition,
    /// Somebody else was writing at the same instant; to be tried again.
    Conflict,
    /// The caller's copy is still good.
    NotModified,
    /// The range lies outside of the object.
    RangeOutside,
    /// There is no such multipart upload.
    NoSuchUpload,
    /// Whatever the request was about, this is the answer.
    Other(Error),
}

impl<E> From<SdkError<E, HttpResponse>> for Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Failure {
        let status = error.raw_response().map(|raw| raw.status().as_u16());
        match (error.code(), status) {
            (Some("NoSuchUpload"), _) => Failure::NoSuchUpload,
            (Some("NoSuchKey" | "NotFound"), _) => Failure::NotFound,
            (Some("PreconditionFailed"), _) => Failure::Precondition,
            (Some("ConditionalRequestConflict" | "OperationAborted"), _) => Failure::Conflict,
            (Some("NotModified"), _) => Failure::NotModified,
            (Some("InvalidRange"), _) => Failure::RangeOutside,
            (Some("EntityTooLarge"), _) | (_, Some(413)) => Failure::Other(Error::TooLarge),
            (Some(code), _) if is_full(code) => Failure::Other(Error::NoSpace),
            (_, Some(507)) => Failure::Other(Error::NoSpace),
            // The answer to HEAD has no body to name a code in.
            (None, Some(404)) => Failure::NotFound,
            (_, Some(304)) => Failure::NotModified,
            (_, Some(412)) => Failure::Precondition,
            (_, Some(416)) => Failure::RangeOutside,
            _ => Failure::Other(Error::Unavailable(Box::new(error))),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Other(error)
    }
}

/// For requests that give no occasion for the particular answers.
impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        match failure {
            Failure::Other(error) => error,
            Failure::NotFound => Error::NotFound,
            Failure::Precondition => Error::PreconditionFailed,
            other => Error::Unavailable(format!("an unforeseen answer: {other:?}").into()),
        }
    }
}
