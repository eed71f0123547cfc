//! The outcomes of failed requests to the service.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use coffer_port::object::Meaning;

use super::diagnosis::Diagnosis;
use super::permission::NeedsPermission;
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
    /// The service does not implement the request.
    NotImplemented(Error),
    /// It may have been carried out: an answer was lost, or is a success that cannot be read.
    Unconfirmed(Error),
    /// Any other error, whatever the request was.
    Other(Error),
}

impl<E> From<SdkError<E, HttpResponse>> for S3Failure
where
    E: NeedsPermission + ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> S3Failure {
        let diagnosis = || Box::new(Diagnosis::of(&error));
        let Some(response) = error.raw_response() else {
            let diagnosis = diagnosis();
            return S3Failure::Other(match diagnosis.passes() {
                true => Error::Unavailable(diagnosis),
                false => Error::Misconfigured(diagnosis),
            });
        };
        let status = response.status().as_u16();
        let code = error.code().filter(|code| !code.is_empty());
        let meaning = match E::EXPLAINED {
            true => Meaning::of(status, code, error.message()),
            false => Meaning::of_head(status),
        };
        match meaning {
            Meaning::NotFound if E::ABOUT_OBJECT => S3Failure::NotFound,
            Meaning::NoSuchUpload => S3Failure::NoSuchUpload,
            Meaning::Precondition => S3Failure::Precondition,
            Meaning::Conflict => S3Failure::Conflict,
            Meaning::NotModified => S3Failure::NotModified,
            Meaning::RangeOutside => S3Failure::RangeOutside,
            Meaning::TooLarge => S3Failure::Other(Error::TooLarge),
            Meaning::NoSpace => S3Failure::Other(Error::NoSpace),
            Meaning::UnsupportedKey => S3Failure::Other(Error::UnsupportedKey(diagnosis())),
            Meaning::Transient if code.is_none() && response.status().is_success() => {
                S3Failure::Unconfirmed(Error::Unavailable(diagnosis()))
            }
            Meaning::Transient => S3Failure::Other(Error::Unavailable(diagnosis())),
            Meaning::NotImplemented => S3Failure::NotImplemented(Error::Misconfigured(diagnosis())),
            Meaning::NotFound | Meaning::Permanent => {
                S3Failure::Other(Error::Misconfigured(diagnosis()))
            }
        }
    }
}

impl S3Failure {
    /// The failed request, unless its outcome is one that requests of its kind have.
    pub(super) fn diagnosis(&self) -> Option<&Diagnosis> {
        match self {
            S3Failure::Other(
                Error::Unavailable(cause)
                | Error::Misconfigured(cause)
                | Error::UnsupportedKey(cause),
            )
            | S3Failure::NotImplemented(Error::Misconfigured(cause))
            | S3Failure::Unconfirmed(Error::Unavailable(cause)) => cause.downcast_ref(),
            _ => None,
        }
    }

    /// The same for each of the files that a request was about.
    pub(super) fn repeated(&self) -> Error {
        match (self, self.diagnosis()) {
            (S3Failure::Other(Error::NoSpace), _) => Error::NoSpace,
            (S3Failure::Other(Error::Misconfigured(_)), Some(diagnosis)) => {
                Error::Misconfigured(Box::new(diagnosis.clone()))
            }
            (_, Some(diagnosis)) => Error::Unavailable(Box::new(diagnosis.clone())),
            (_, None) => Error::unavailable(format!("unexpected response: {self:?}")),
        }
    }

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
            S3Failure::Other(error)
            | S3Failure::NotImplemented(error)
            | S3Failure::Unconfirmed(error) => error,
            S3Failure::NotFound => Error::NotFound,
            S3Failure::Precondition => Error::PreconditionFailed,
            other => Error::Unavailable(format!("unexpected response: {other:?}").into()),
        }
    }
}
