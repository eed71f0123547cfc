//! The IAM API's documents, over `wasi:http/outgoing-handler`. No copies are kept.

use crate::bindings::exports::coffer::storage::documents::{Error, Freshness, Guest};
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, IncomingResponse, OutgoingRequest, RequestOptions, Scheme,
};
use crate::bindings::wasi::io::streams::StreamError;
use crate::{Port, Store};

/// The timeout for the connection, for the first byte of the response, and between
/// bytes, in nanoseconds.
const PATIENCE: u64 = 5_000_000_000;
/// The maximum size of a document, in bytes.
const MAX_DOCUMENT: usize = 256 << 10;
/// How much of a document is read at once, in bytes.
const CHUNK: u64 = 64 << 10;

impl<S: Store> Guest for Port<S> {
    fn fetch(url: String, freshness: Freshness) -> Result<Vec<u8>, Error> {
        if let Freshness::InsteadOf(digest) = &freshness {
            assert!(digest.len() == 32, "not a SHA-256");
            return Err(Error::Unreachable("there is no other copy".to_owned()));
        }
        let response = send(&url, &freshness).map_err(|code| {
            // The platform's own description says more than its code.
            Error::Unreachable(match code {
                ErrorCode::InternalError(Some(cause)) => cause,
                code => code.to_string(),
            })
        })?;
        match response.status() {
            200 => read(&response),
            status => Err(Error::Status(status)),
        }
    }
}

fn send(url: &str, freshness: &Freshness) -> Result<IncomingResponse, ErrorCode> {
    let broken = |()| ErrorCode::HttpRequestUriInvalid;
    let (scheme, rest) = url.split_once("://").ok_or(()).map_err(broken)?;
    let scheme = match scheme {
        "https" => Scheme::Https,
        _ => Scheme::Http,
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut fields: Vec<(String, Vec<u8>)> = vec![field("accept", "application/json")];
    if let Freshness::Revalidated = freshness {
        fields.push(field("cache-control", "no-cache"));
    }
    let fields = Fields::from_list(&fields).unwrap_or_else(|_| Fields::new());
    let request = OutgoingRequest::new(fields);
    request
        .set_scheme(Some(&scheme))
        .and_then(|()| request.set_authority(Some(authority)))
        .and_then(|()| request.set_path_with_query(Some(if path.is_empty() { "/" } else { path })))
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

fn field(name: &str, value: &str) -> (String, Vec<u8>) {
    (name.to_owned(), value.as_bytes().to_vec())
}

fn read(response: &IncomingResponse) -> Result<Vec<u8>, Error> {
    let body = response.consume().map_err(|()| Error::BrokenOff)?;
    let stream = body.stream().map_err(|()| Error::BrokenOff)?;
    let mut document = Vec::new();
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(bytes) => document.extend(bytes),
            Err(StreamError::Closed) => return Ok(document),
            Err(StreamError::LastOperationFailed(_)) => return Err(Error::BrokenOff),
        }
        if document.len() > MAX_DOCUMENT {
            return Err(Error::TooLarge);
        }
    }
}
