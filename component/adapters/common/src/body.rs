//! Bodies: receiving a request's, sending a response's.

use std::any::Any;

use crate::bindings::exports::coffer::storage::blobs::Error;
use crate::bindings::wasi::clocks::monotonic_clock::subscribe_duration;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, IncomingBody, OutgoingBody, OutgoingResponse, ResponseOutparam,
    http_error_code,
};
use crate::bindings::wasi::io::poll::poll;
use crate::bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};

/// How much of a body is read at once, in bytes.
const CHUNK: u64 = 128 << 10;
/// How much of a refused body is still drained, in bytes.
const LINGER: usize = 1 << 20;
/// Idle timeout of a client meanwhile, in nanoseconds.
const LINGER_IDLE: u64 = 2_000_000_000;

/// Header fields that only the platform or the port may set.
const FRAMING: [&str; 10] = [
    "connection",
    "content-length",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Whether only the platform or the port may set this field.
pub(crate) fn is_of_framing(name: &str) -> bool {
    FRAMING.iter().any(|field| name.eq_ignore_ascii_case(field))
}

/// Where a file's bytes come from.
pub struct Source {
    // Dropped before its parent.
    stream: Option<InputStream>,
    _parent: Option<Box<dyn Any>>,
}

impl Source {
    /// No bytes at all.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            stream: None,
            _parent: None,
        }
    }

    /// A stream, and the parent that must outlive it.
    #[must_use]
    pub fn new(stream: InputStream, parent: impl Any) -> Self {
        Self {
            stream: Some(stream),
            _parent: Some(Box::new(parent)),
        }
    }
}

/// Passes each chunk of a request's body on.
pub(crate) fn receive(
    body: &IncomingBody,
    mut store: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let Ok(stream) = body.stream() else {
        panic!("the body given to `receive` has already been read");
    };
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(bytes) if bytes.is_empty() => {}
            Ok(bytes) => store(&bytes).inspect_err(|_| linger(&stream))?,
            Err(StreamError::Closed) => return Ok(()),
            Err(StreamError::LastOperationFailed(cause)) => {
                return Err(match http_error_code(&cause) {
                    Some(ErrorCode::HttpRequestBodySize(_)) => Error::TooLarge,
                    Some(ErrorCode::ConnectionReadTimeout) => Error::TimedOut,
                    _ => Error::BodyIncomplete,
                });
            }
        }
    }
}

/// Drains a little more of a refused body: if a platform closes the connection while the
/// client is still sending, the client sees a reset instead of the response.
fn linger(stream: &InputStream) {
    let mut taken = 0;
    while taken < LINGER {
        let (more, idle) = (stream.subscribe(), subscribe_duration(LINGER_IDLE));
        if !poll(&[&more, &idle]).contains(&0) {
            return;
        }
        match stream.read(CHUNK) {
            Ok(bytes) => taken += bytes.len(),
            Err(_) => return,
        }
    }
}

/// Responds to a request with the first `length` bytes of a source. A failure after the head
/// has been sent cuts the response off.
pub(crate) fn respond(
    source: &Source,
    length: u64,
    out: ResponseOutparam,
    status: u16,
    mut headers: Vec<(String, Vec<u8>)>,
) {
    assert!(
        !headers.iter().any(|(name, _)| is_of_framing(name)),
        "a header field that only the port may set"
    );
    assert!(
        matches!(status, 200 | 206),
        "a blob cannot be sent with the status {status}"
    );
    headers.push(("content-length".to_owned(), length.to_string().into_bytes()));
    let Ok(fields) = Fields::from_list(&headers) else {
        panic!("an invalid header field");
    };
    let response = OutgoingResponse::new(fields);
    let Ok((body, ())) = response
        .body()
        .and_then(|body| Ok((body, response.set_status_code(status)?)))
    else {
        panic!("a response without a body");
    };
    ResponseOutparam::set(out, Ok(response));
    let Ok(stream) = body.write() else { return };
    let sent = match &source.stream {
        Some(bytes) => copy(bytes, &stream, length),
        None => Ok(()),
    };
    drop(stream);
    // If it is not finished, the platform cuts the response off.
    if sent.is_ok() {
        // The client may have gone.
        let _ = OutgoingBody::finish(body, None);
    }
}

fn copy(from: &InputStream, to: &OutputStream, mut left: u64) -> Result<(), StreamError> {
    while left > 0 {
        let moved = to.blocking_splice(from, left.min(CHUNK));
        match moved {
            Ok(moved) => left = left.saturating_sub(moved),
            Err(error) => {
                // A client that has gone is not an error, but a broken store is.
                if let StreamError::LastOperationFailed(cause) = &error {
                    eprintln!("a download was cut off: {}", cause.to_debug_string());
                }
                return Err(error);
            }
        }
    }
    to.blocking_flush()
}
