//! The protocol of a request, and how its answers look.

use borsh::{BorshDeserialize, BorshSerialize};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::turn::{Finished, Turn};
use super::{ietf, tus};
use crate::fields::resumable::Version;
use crate::fields::{resumable, tus as tus_fields};
use crate::http::Response;
use crate::problem::Problem;

/// A protocol for resumable uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum Dialect {
    /// tus 1.0.0.
    Tus,
    /// The IETF's, in this version.
    Ietf(Version),
}

/// How far an upload is, for an answer.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// The URL of the upload.
    pub(super) url: String,
    pub(super) offset: u64,
    pub(super) length: Option<u64>,
    /// The most bytes there can be.
    pub(super) max_size: u64,
    /// In seconds since 1970.
    pub(super) expires: u64,
}

impl Dialect {
    /// The protocol of a request about an upload; the IETF's unless it is tus.
    ///
    /// # Errors
    /// A version that is not supported.
    pub(super) fn of_request(headers: &HeaderMap) -> Result<Self, Problem> {
        if tus_fields::is_meant(headers) {
            tus_fields::check_version(headers)?;
            return Ok(Self::Tus);
        }
        resumable::Version::of_request(headers).map(Self::Ietf)
    }

    /// The answer to a request that began an upload and had no bytes of it.
    pub(super) fn begun(self, state: &State) -> Response {
        match self {
            Self::Tus => tus::begun(state),
            Self::Ietf(version) => ietf::begun(version, state),
        }
    }

    /// The answer to a request after which more bytes have to come.
    pub(super) fn suspended(self, turn: &Turn, state: &State) -> Response {
        match self {
            Self::Tus => tus::suspended(turn, state),
            Self::Ietf(version) => ietf::suspended(version, turn, state),
        }
    }

    /// The answer to the request that completed an upload.
    pub(super) fn finished(self, turn: &Turn, state: &State, finished: Finished) -> Response {
        match self {
            Self::Tus => tus::finished(turn, state, &finished),
            Self::Ietf(version) => ietf::finished(version, state, finished),
        }
    }

    /// The problem of an upload in this state, with what else this protocol says then.
    pub(super) fn limited(self, problem: Problem, state: &State) -> Problem {
        match self {
            Self::Tus => problem,
            Self::Ietf(version) => ietf::limited(version, problem, state),
        }
    }

    /// The problem as this protocol says it. `complete` is whether it is about the file that all
    /// the bytes make, rather than about sending them.
    pub(super) fn refused(self, problem: Problem, complete: bool) -> Problem {
        match self {
            Self::Tus => tus::refused(problem),
            Self::Ietf(version) => ietf::refused(version, problem, complete),
        }
    }
}

/// Adds a field, unless its value is not one.
pub(super) fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// Keeps an answer out of caches.
pub(super) fn no_store(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
