//! A request as the platform delivers it.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::bindings::coffer::storage::exchange::{self, Head};
use crate::bindings::wasi::http::types::{IncomingBody, IncomingRequest, Method as WasiMethod};
use crate::bindings::wasi::io::streams::{InputStream, StreamError};
use crate::problem::Problem;

/// How much of a request's body is read at once, in bytes.
const READ_CHUNK: u64 = 128 << 10;
/// The maximum length of a host (RFC 1035, 2.3.4) with its port, in bytes.
const LONGEST_AUTHORITY: usize = 255 + ":65535".len();

/// A request with its header read and its body untouched.
pub(crate) struct Request {
    /// RFC 9110, 9.
    pub(crate) method: Method,
    /// Path and query, as received.
    pub(crate) target: String,
    /// RFC 9110, 5.
    pub(crate) headers: HeaderMap,
    /// When it was read, in seconds since 1970.
    pub(crate) now: u64,
    incoming: IncomingRequest,
}

impl Request {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for a method or field that is not valid HTTP.
    pub(crate) fn read(incoming: IncomingRequest) -> Result<Self, Problem> {
        let unusable = |_| Problem::InvalidRequest("the request header is malformed".to_owned());
        let head: Head = exchange::read_head(&incoming);
        let mut headers = HeaderMap::with_capacity(head.headers.len());
        for (name, value) in head.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unusable(()))?;
            let value =
                HeaderValue::from_maybe_shared(Bytes::from(value)).map_err(|_| unusable(()))?;
            headers.try_append(name, value).map_err(|_| unusable(()))?;
        }
        Ok(Self {
            method: method(head.method).ok_or(()).map_err(unusable)?,
            target: head.target.unwrap_or_default(),
            headers,
            now: head.now.seconds,
            incoming,
        })
    }

    /// The host and port that the client addressed.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] if no host has such a long name: it would be in several URLs
    /// of an answer.
    pub(crate) fn authority(&self) -> Result<String, Problem> {
        bounded(self.incoming.authority().unwrap_or_default())
    }

    /// The body, to be passed on unread.
    ///
    /// # Errors
    /// [`Problem::Internal`] if it was taken before.
    pub(crate) fn into_body(self) -> Result<IncomingBody, Problem> {
        self.incoming.consume().map_err(|()| Problem::Internal)
    }

    /// The body, to be read by the component.
    ///
    /// # Errors
    /// As [`Request::into_body`].
    pub(crate) fn into_reader(self) -> Result<BodyReader, Problem> {
        let body = self.into_body()?;
        let stream = body.stream().map_err(|()| Problem::Internal)?;
        Ok(BodyReader {
            stream,
            _body: body,
        })
    }
}

/// A request's body, read a chunk at a time.
pub(crate) struct BodyReader {
    // Dropped before the body that it is a child of.
    stream: InputStream,
    _body: IncomingBody,
}

/// The body was cut off before its end.
#[derive(Debug, thiserror::Error)]
#[error("the request body was cut off")]
pub(crate) struct BrokenOff;

impl BodyReader {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// [`BrokenOff`].
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Vec<u8>>, BrokenOff> {
        match self.stream.blocking_read(READ_CHUNK) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(StreamError::Closed) => Ok(None),
            Err(StreamError::LastOperationFailed(_)) => Err(BrokenOff),
        }
    }
}

fn bounded(authority: String) -> Result<String, Problem> {
    if authority.len() <= LONGEST_AUTHORITY {
        return Ok(authority);
    }
    Err(Problem::InvalidRequest(format!(
        "Host is longer than {LONGEST_AUTHORITY} bytes"
    )))
}

fn method(method: WasiMethod) -> Option<Method> {
    Some(match method {
        WasiMethod::Get => Method::GET,
        WasiMethod::Head => Method::HEAD,
        WasiMethod::Post => Method::POST,
        WasiMethod::Put => Method::PUT,
        WasiMethod::Delete => Method::DELETE,
        WasiMethod::Connect => Method::CONNECT,
        WasiMethod::Options => Method::OPTIONS,
        WasiMethod::Trace => Method::TRACE,
        WasiMethod::Patch => Method::PATCH,
        WasiMethod::Other(name) => Method::from_bytes(name.as_bytes()).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_as_long_as_a_host_name_can_be() {
        let host = |length: usize| format!("{}:65535", "a".repeat(length));
        assert_eq!(bounded(host(255)), Ok(host(255)));
        let refused = bounded(host(256));
        assert!(matches!(refused, Err(Problem::InvalidRequest(_))));
    }
}
