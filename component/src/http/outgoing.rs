//! The component's own outgoing requests: GET, for what the IAM API publishes.

use ct_codecs::{Encoder, Hex};

use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, IncomingResponse, OutgoingRequest, RequestOptions, Scheme,
};
use crate::bindings::wasi::io::streams::StreamError;
use crate::policy::WebUrl;

/// The timeout for the connection, for the first byte of the response, and between
/// bytes, in nanoseconds.
const PATIENCE: u64 = 5_000_000_000;
/// The maximum size of a document, in bytes.
const MAX_DOCUMENT: usize = 256 << 10;
/// How much of a document is read at once, in bytes.
const CHUNK: u64 = 64 << 10;

/// Whether a cache in between may answer (RFC 9111).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It may.
    Cached,
    /// It should revalidate with the origin (RFC 9111, 5.2.1.4).
    Revalidated,
    /// It may, but not with the document of this SHA-256, which is unusable
    /// (RFC 9110, 13.1.2).
    InsteadOf([u8; 32]),
}

/// Why a document could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error("cannot be fetched: {0}")]
    Unreachable(String),
    #[error("the response has status {0}")]
    Status(u16),
    #[error("the response has more than {MAX_DOCUMENT} bytes")]
    TooLarge,
    #[error("the response was cut off")]
    BrokenOff,
    /// The cache has a copy, but could not or would not revalidate it.
    #[error("not revalidated: it was requested a moment ago, or is unreachable")]
    NotRenewed,
}

/// Fetches a document.
///
/// # Errors
/// A [`FetchError`] for anything but a complete 200; redirects are not followed.
pub(crate) fn get(url: &WebUrl, freshness: Freshness) -> Result<Vec<u8>, FetchError> {
    let response = send(url, freshness).map_err(|code| match code {
        // The platform's own description says more than its code.
        ErrorCode::InternalError(Some(cause)) => FetchError::Unreachable(cause),
        code => FetchError::Unreachable(code.to_string()),
    })?;
    if freshness == Freshness::Revalidated && is_copy(&response) {
        return Err(FetchError::NotRenewed);
    }
    match response.status() {
        200 => read(&response),
        status => Err(FetchError::Status(status)),
    }
}

fn send(url: &WebUrl, freshness: Freshness) -> Result<IncomingResponse, ErrorCode> {
    let broken = |()| ErrorCode::InternalError(None);
    let request = OutgoingRequest::new(fields(freshness));
    let scheme = if url.is_secure() {
        Scheme::Https
    } else {
        Scheme::Http
    };
    request.set_scheme(Some(&scheme)).map_err(broken)?;
    request
        .set_authority(Some(url.authority()))
        .map_err(broken)?;
    request
        .set_path_with_query(Some(url.path_with_query()))
        .map_err(broken)?;
    let options = RequestOptions::new();
    // A platform that does not support them has timeouts of its own.
    let _ = options.set_connect_timeout(Some(PATIENCE));
    let _ = options.set_first_byte_timeout(Some(PATIENCE));
    let _ = options.set_between_bytes_timeout(Some(PATIENCE));
    let answer = outgoing_handler::handle(request, Some(options))?;
    answer.subscribe().block();
    match answer.get() {
        Some(Ok(answered)) => answered,
        _ => Err(ErrorCode::InternalError(None)),
    }
}

fn fields(freshness: Freshness) -> Fields {
    let mut entries: Vec<(&str, &[u8])> = vec![("accept", b"application/json")];
    let tag;
    match freshness {
        Freshness::Cached => {}
        Freshness::Revalidated => entries.push(("cache-control", b"no-cache")),
        Freshness::InsteadOf(digest) => {
            let digest = Hex::encode_to_string(digest).unwrap_or_default();
            tag = format!("\"{digest}\"");
            entries.push(("if-none-match", tag.as_bytes()));
        }
    }
    Fields::from_list(&entries).unwrap_or_else(|_| Fields::new())
}

/// Whether it came from the host's cache without revalidation (RFC 9211, 2.1).
fn is_copy(response: &IncomingResponse) -> bool {
    let status = response.headers().get("cache-status");
    status.iter().any(|value| value == b"Coffer; hit")
}

fn read(response: &IncomingResponse) -> Result<Vec<u8>, FetchError> {
    let body = response.consume().map_err(|()| FetchError::BrokenOff)?;
    let stream = body.stream().map_err(|()| FetchError::BrokenOff)?;
    let mut document = Vec::new();
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(bytes) => document.extend(bytes),
            Err(StreamError::Closed) => return Ok(document),
            Err(StreamError::LastOperationFailed(_)) => return Err(FetchError::BrokenOff),
        }
        if document.len() > MAX_DOCUMENT {
            return Err(FetchError::TooLarge);
        }
    }
}
