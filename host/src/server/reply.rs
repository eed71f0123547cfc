//! The few responses of the host itself, where the component gave none.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::problem::Problem;

/// Why the host answers instead of the component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    /// A request without a valid Host (RFC 9112, 3.2).
    BadRequest,
    /// A host that this service does not answer to (RFC 9110, 15.5.20).
    Misdirected,
    /// A transfer coding besides `chunked`.
    UnknownCoding,
    /// More header fields than allowed.
    HeadersTooLarge,
    /// A longer body than allowed.
    TooLarge,
    /// The component trapped or gave no response.
    Internal,
    /// No instance became free within the queue timeout.
    Unavailable,
}

impl Reply {
    /// An `application/problem+json` response (RFC 9457), like the component's.
    pub(super) fn response(self) -> Response<HyperOutgoingBody> {
        let (status, slug, title, detail) = self.row();
        let problem = Problem {
            slug: Some(slug),
            status,
            title,
            detail,
        };
        let body = |body: Full<Bytes>| body.map_err(|never| match never {}).boxed_unsync();
        let mut response = problem.response().map(body);
        let nosniff = HeaderValue::from_static("nosniff");
        let fields = response.headers_mut();
        fields.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
        response
    }

    fn row(self) -> (StatusCode, &'static str, &'static str, &'static str) {
        match self {
            Self::BadRequest => (
                StatusCode::BAD_REQUEST,
                "invalid-request",
                "Invalid request",
                "the request needs exactly one valid Host header field",
            ),
            Self::Misdirected => (
                StatusCode::MISDIRECTED_REQUEST,
                "misdirected-request",
                "Misdirected request",
                "this service does not answer to the host name in the request",
            ),
            Self::UnknownCoding => (
                StatusCode::BAD_REQUEST,
                "invalid-request",
                "Invalid request",
                "the only supported Transfer-Encoding is chunked, applied once",
            ),
            Self::HeadersTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "headers-too-large",
                "Headers too large",
                "the header fields together are larger than this service accepts",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "Too large",
                "the body is larger than this service accepts",
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Internal error",
                "an internal error occurred; the server's log has its cause under this response's \
                 X-Request-Id",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Unavailable",
                "too many requests are in progress; try again",
            ),
        }
    }
}
