//! The component's own outgoing requests: GET, for what the IAM API publishes.

use crate::bindings::coffer::storage::documents::{self, Error};
use crate::policy::WebUrl;

/// Whether a cached copy is good enough (RFC 9111).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It is.
    Cached,
    /// Only after revalidation with the origin (RFC 9111, 5.2.1.4).
    Revalidated,
    /// It is, unless it is the one with this SHA-256, which is unusable.
    InsteadOf([u8; 32]),
}

/// Why a document could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error("cannot be fetched: {0}")]
    Unreachable(String),
    #[error("the response has status {0}")]
    Status(u16),
    #[error("the response has more than 256 KiB")]
    TooLarge,
    #[error("the response was cut off")]
    BrokenOff,
    /// The cache has a copy, but could not or would not revalidate it.
    #[error("not revalidated: it was requested a moment ago, or is unreachable")]
    NotRenewed,
}

impl From<Error> for FetchError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unreachable(cause) => Self::Unreachable(cause),
            Error::Status(status) => Self::Status(status),
            Error::TooLarge => Self::TooLarge,
            Error::BrokenOff => Self::BrokenOff,
            Error::NotRenewed => Self::NotRenewed,
        }
    }
}

/// Fetches a document.
///
/// # Errors
/// A [`FetchError`] for anything but a complete 200; redirects are not followed.
pub(crate) fn get(url: &WebUrl, freshness: Freshness) -> Result<Vec<u8>, FetchError> {
    let freshness = match freshness {
        Freshness::Cached => documents::Freshness::Cached,
        Freshness::Revalidated => documents::Freshness::Revalidated,
        Freshness::InsteadOf(digest) => documents::Freshness::InsteadOf(digest.to_vec()),
    };
    Ok(documents::fetch(&url.to_string(), &freshness)?)
}
