//! The response to a request, as the platform gets it.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::bindings::coffer::storage::blobs::Blob;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use crate::log;
use crate::problem::Problem;

/// The most that `blocking-write-and-flush` accepts at once, in bytes.
const WRITE_CHUNK: usize = 4096;
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

/// Sends a response, or an internal error if it cannot be built: no response at all would
/// count as a failure of the whole component.
fn send(response: Response, out: ResponseOutparam, head_only: bool) {
    let built = build(response, head_only).or_else(|error| {
        log::failed(&error);
        build(Problem::Internal.into(), head_only)
    });
    let (outgoing, content) = match built {
        Ok(built) => built,
        Err(error) => {
            let code = ErrorCode::InternalError(Some(error.to_string()));
            return ResponseOutparam::set(out, Err(code));
        }
    };
    ResponseOutparam::set(out, Ok(outgoing));
    let Some((body, content)) = content else {
        return;
    };
    if let Ok(stream) = body.write() {
        for chunk in content.chunks(WRITE_CHUNK) {
            if stream.blocking_write_and_flush(chunk).is_err() {
                return;
            }
        }
    }
    // An error means that the client has disconnected.
    let _ = OutgoingBody::finish(body, None);
}

/// The platform does not accept a response, for instance because its header is too large.
#[derive(Debug, thiserror::Error)]
#[error("a response cannot be built: the platform rejects its {0}")]
struct Unbuildable(&'static str);

/// A response as the platform sends it, and what to write into its body.
type Built = (OutgoingResponse, Option<(OutgoingBody, Vec<u8>)>);

fn build(mut response: Response, head_only: bool) -> Result<Built, Unbuildable> {
    if let Some(body) = &response.body {
        response
            .headers
            .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    let fields =
        Fields::from_list(&entries(&response.headers)).map_err(|_| Unbuildable("header"))?;
    let outgoing = OutgoingResponse::new(fields);
    // A new response already has status 200.
    let status = response.status.as_u16();
    if status != 200 {
        outgoing
            .set_status_code(status)
            .map_err(|()| Unbuildable("status"))?;
    }
    let content = response
        .body
        .filter(|bytes| !head_only && !bytes.is_empty());
    let content = match content {
        Some(content) => {
            let body = outgoing.body().map_err(|()| Unbuildable("body"))?;
            Some((body, content))
        }
        None => None,
    };
    Ok((outgoing, content))
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
