//! What a request is answered with, as it goes to the platform.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::bindings::coffer::storage::blobs::Blob;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use crate::log;
use crate::problem::Problem;

/// The most that `blocking-write-and-flush` takes at once, in bytes.
const WRITE_CHUNK: usize = 4096;
/// The largest header of a response, in bytes: less than what platforms take, of which some
/// give no answer at all to a larger one.
const MAX_HEADER: usize = 96 << 10;

/// What a request is answered with.
pub(crate) enum Answer {
    /// Head and body, as far as there is one.
    Whole(Response),
    /// A file's bytes, which never come here.
    Bytes {
        /// 200 or 206.
        status: StatusCode,
        /// All but `Content-Length`.
        headers: HeaderMap,
        /// What is sent.
        blob: Blob,
    },
}

/// A response made here.
pub(crate) struct Response {
    /// RFC 9110, 15.
    pub(crate) status: StatusCode,
    /// All but `Content-Length`, unless there is no body to count.
    pub(crate) headers: HeaderMap,
    /// Its bytes; none is not the same as empty: it leaves `Content-Length` to
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

    /// A JSON document (RFC 8259) that nobody may keep.
    pub(crate) fn json(status: StatusCode, document: &impl serde::Serialize) -> Self {
        let body = serde_json::to_vec(document).unwrap_or_default();
        Self::document(status, "application/json", body)
    }

    fn document(status: StatusCode, media_type: &'static str, mut body: Vec<u8>) -> Self {
        // For those who read it in a terminal.
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
        response.headers.extend(problem.field());
        response
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        Self::Whole(problem.into())
    }
}

impl Answer {
    /// The header fields, for those that every answer gets.
    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        match self {
            Self::Whole(response) => &mut response.headers,
            Self::Bytes { headers, .. } => headers,
        }
    }

    /// Itself, or an internal error in place of an answer whose header is too large to be
    /// sent: whatever a client makes us repeat, it is answered here.
    pub(crate) fn bounded(mut self) -> Self {
        let fields = self.headers_mut().iter();
        let size: usize = fields
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        if size <= MAX_HEADER {
            return self;
        }
        log::failed(&format_args!("an answer's header would have {size} bytes"));
        Self::from(Problem::Internal)
    }

    /// Sends it. A client that has gone away meanwhile is nobody's error.
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

/// Sends a response, or an internal error in place of one that cannot be built: no answer at
/// all would count as a failure of the whole component.
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
    // An error means that the client has gone.
    let _ = OutgoingBody::finish(body, None);
}

/// The platform does not accept a response, for instance because its header is too large.
#[derive(Debug, thiserror::Error)]
#[error("an answer cannot be built: the platform refuses its {0}")]
struct Unbuildable(&'static str);

/// A response as the platform sends it, with what is to be written into its body.
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
    // It is 200 as it is made.
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
    fn an_answer_whose_header_is_too_large_is_an_error_of_our_own() {
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
