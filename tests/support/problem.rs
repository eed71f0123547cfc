//! What responses must look like, refusals above all.

use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::{Platform, RequestBuilder};

/// The JSON document that a request is answered with.
pub async fn json_of(request: RequestBuilder) -> Value {
    request.send().await.unwrap().json().await.unwrap()
}

/// Whether a response has a request id, as all of Coffer's host do.
pub fn is_identified(headers: &HeaderMap) -> bool {
    headers.contains_key("x-request-id") || !Platform::is_ours()
}

/// Checks that a response is a problem document (RFC 9457) of this status and
/// type, with everything that every response has.
pub async fn assert_problem(response: Response, status: u16, kind: &str) {
    let headers = response.headers().clone();
    let found = response.status().as_u16();
    let text = response.text().await.unwrap();
    assert_problem_parts(&(found, headers, text.into()), status, kind);
}

/// [`assert_problem`] for a [`raw`](super::raw) response.
pub fn assert_problem_parts(response: &(u16, HeaderMap, Vec<u8>), status: u16, kind: &str) {
    let (found, headers, body) = response;
    let text = String::from_utf8_lossy(body);
    assert_eq!(*found, status, "{text}");
    assert_eq!(
        headers["content-type"], "application/problem+json",
        "{text}"
    );
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(is_identified(headers), "{headers:?}");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["type"], format!("/problems/{kind}"), "{text}");
    assert_eq!(document["status"], status, "{text}");
    assert!(
        document["title"].is_string() && document["detail"].is_string(),
        "{text}"
    );
}
