//! The response to a request, as the platform gets it.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::bindings::coffer::storage::blobs::Blob;
use crate::bindings::coffer::storage::exchange;
use crate::bindings::wasi::http::types::ResponseOutparam;
use crate::log;
use crate::problem::Problem;

/// The maximum size of a response header, in bytes: less than platforms accept, some of
/// which send no response at all if it is larger.
const MAX_HEADER: usize = 96 << 10;

/// The response to a request.
pub(crate) enum Answer {
    /// Head and body, if there is one.
    Whole(Response),
    /// A file's bytes, which never pass through the component.
    Bytes {
        /// 200 or 206.
        status: StatusCode,
        /// All fields but `Content-Length`.
        headers: HeaderMap,
        /// What is sent.
        blob: Blob,
    },
}

/// A response made by the component.
pub(crate) struct Response {
    /// RFC 9110, 15.
    pub(crate) status: StatusCode,
    /// All fields but `Content-Length`, unless there is no body to measure.
    pub(crate) headers: HeaderMap,
    /// The body. `None` is not the same as empty: it leaves `Content-Length` to
    /// [`Response::headers`].
    pub(crate) body: Option<Vec<u8>>,
}

impl Response {
    /// A response without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: None,
        }
    }

    /// A JSON document (RFC 8259) that must not be cached.
    pub(crate) fn json(status: StatusCode, document: &impl serde::Serialize) -> Self {
        let body = serde_json::to_vec(document).unwrap_or_default();
        Self::document(status, "application/json", body)
    }

    fn document(status: StatusCode, media_type: &'static str, mut body: Vec<u8>) -> Self {
        // For reading it in a terminal.
        body.push(b'\n');
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Self {
            status,
            headers,
            body: Some(body),
        }
    }
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Self {
        let (status, document) = (problem.status(), problem.document());
        let mut response = Self::document(status, Problem::MEDIA_TYPE, document);
        response.headers.extend(problem.fields());
        response
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        Self::Whole(problem.into())
    }
}

impl Answer {
    /// The header fields, to add those that every response has.
    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        match self {
            Self::Whole(response) => &mut response.headers,
            Self::Bytes { headers, .. } => headers,
        }
    }

    /// The answer itself, or an internal error if its header is too large to be sent:
    /// whatever a client makes us repeat, it gets a response.
    pub(crate) fn bounded(mut self) -> Self {
        let fields = self.headers_mut().iter();
        let size: usize = fields
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        if size <= MAX_HEADER {
            return self;
        }
        log::failed(&format_args!(
            "a response header of {size} bytes is too large"
        ));
        Self::from(Problem::Internal)
    }

    /// Sends it. A client that has disconnected meanwhile is not an error.
    pub(crate) fn send(mut self, out: ResponseOutparam, head_only: bool) {
        let nosniff = HeaderValue::from_static("nosniff");
        self.headers_mut()
            .insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
        match self {
            Self::Bytes {
                status,
                headers,
                blob,
            } => {
                Blob::respond(blob, out, status.as_u16(), &entries(&headers));
            }
            Self::Whole(response) => send(response, out, head_only),
        }
    }
}

/// Sends a response that the component made.
fn send(mut response: Response, out: ResponseOutparam, head_only: bool) {
    // The platform adds the length where there are bytes.
    if let Some(body) = response.body.take_if(|body| head_only || body.is_empty()) {
        let length = HeaderValue::from(body.len());
        response.headers.insert(header::CONTENT_LENGTH, length);
    }
    let body = response.body.unwrap_or_default();
    let status = response.status.as_u16();
    exchange::respond(out, status, &entries(&response.headers), &body);
}

fn entries(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    let fields = headers.iter();
    fields
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_header_that_is_too_large_becomes_an_internal_error() {
        for (bytes, expected) in [(0, 200), (60_000, 200), (100_000, 500)] {
            let mut response = Response::empty(StatusCode::OK);
            for name in [header::LINK, header::CONTENT_DISPOSITION] {
                let value = HeaderValue::try_from("!".repeat(bytes / 2)).expect("a value");
                response.headers.insert(name, value);
            }
            let Answer::Whole(bounded) = Answer::Whole(response).bounded() else {
                panic!("{bytes}");
            };
            assert_eq!(bounded.status, expected, "{bytes}");
        }
    }
}
