//! Responses of the operations listener.

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::Value;

use crate::problem::Problem;

/// Head and body.
pub(super) type OpsResponse = Response<Full<Bytes>>;

/// One line of text.
pub(super) fn text(status: StatusCode, line: &str) -> OpsResponse {
    with(status, "text/plain; charset=utf-8", format!("{line}\n"))
}

/// Metrics in the OpenMetrics 1.0 format.
pub(super) fn metrics(text: String) -> OpsResponse {
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    with(StatusCode::OK, media_type, text)
}

/// A JSON document.
pub(super) fn json(document: &Value) -> OpsResponse {
    with(StatusCode::OK, "application/json", format!("{document}\n"))
}

/// Done, and nothing to say about it.
pub(super) fn done() -> OpsResponse {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
}

/// A refusal (RFC 9457).
pub(super) fn problem(status: StatusCode, detail: &str) -> OpsResponse {
    let problem = Problem {
        slug: None,
        status,
        title: status.canonical_reason().unwrap_or_default(),
        detail,
    };
    with(status, Problem::MEDIA_TYPE, format!("{problem}\n"))
}

/// 405 (RFC 9110, 15.5.6).
pub(super) fn not_allowed(allowed: &[Method]) -> OpsResponse {
    let mut answer = problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "this endpoint does not support this method",
    );
    let allowed: Vec<_> = allowed.iter().map(Method::as_str).collect();
    if let Ok(allowed) = HeaderValue::try_from(allowed.join(", ")) {
        answer.headers_mut().insert(header::ALLOW, allowed);
    }
    answer
}

fn with(status: StatusCode, media_type: &'static str, body: String) -> OpsResponse {
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = status;
    let fields = answer.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
