//! One file an operation: parse, ask the store, answer.

pub(crate) mod delete;
pub(crate) mod download;
pub(crate) mod form;
pub(crate) mod list;
pub(crate) mod upload;
pub(crate) mod url;

mod file;

use crate::bindings::coffer::storage::blobs::Error;
use crate::http::Request;
use crate::policy::Policy;
use crate::problem::Problem;
use crate::settings::Settings;
use crate::token::Caller;

/// What every operation may look at.
pub(crate) struct Context<'a> {
    /// The rules.
    pub(crate) policy: &'a Policy,
    /// How this service was set up.
    pub(crate) settings: &'a Settings,
    /// Who asks.
    pub(crate) caller: Caller,
    /// What stands behind the path's `?`.
    pub(crate) query: &'a str,
}

impl Context<'_> {
    /// The service's own address, as this request's client knows it.
    pub(crate) fn base_url(&self, request: &Request) -> String {
        match self.settings.public_url() {
            Some(url) => url.to_owned(),
            None => format!("http://{}", request.authority()),
        }
    }
}

/// What a store's refusal means to a client, where the operation has no better
/// answer.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound,
            Error::Protected => Self::Forbidden,
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
            // Only reads get it, and they answer it themselves.
            Error::NotModified(_) | Error::Misconfigured => Self::Internal,
        }
    }
}
