//! Problem documents (RFC 9457): the host's responses where the component gives none.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem<'a> {
    /// Its type, below `/problems/`, if it has one.
    pub slug: Option<&'a str>,
    /// The response's status.
    pub status: StatusCode,
    /// What is wrong, the same for all problems of the type.
    pub title: &'a str,
    /// What is wrong in this case.
    pub detail: &'a str,
}

impl Problem<'_> {
    /// The document's media type.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// A response with this document.
    pub fn response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(self.to_string()));
        *response.status_mut() = self.status;
        let fields = response.headers_mut();
        let text = HeaderValue::from_static;
        fields.insert(header::CONTENT_TYPE, text(Self::MEDIA_TYPE));
        fields.insert(header::CACHE_CONTROL, text("no-store"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            fields.insert(header::RETRY_AFTER, text("1"));
        }
        response
    }
}

/// The document.
impl fmt::Display for Problem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut document = serde_json::json!({
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let Some(slug) = self.slug {
            document["type"] = format!("/problems/{slug}").into();
        }
        document.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_may_have_a_type_and_503_has_a_retry_after() {
        for (slug, status, expected) in [
            (
                Some("unavailable"),
                StatusCode::SERVICE_UNAVAILABLE,
                r#"{"detail":"d","status":503,"title":"t","type":"/problems/unavailable"}"#,
            ),
            (
                None,
                StatusCode::NOT_FOUND,
                r#"{"detail":"d","status":404,"title":"t"}"#,
            ),
        ] {
            let problem = Problem {
                slug,
                status,
                title: "t",
                detail: "d",
            };
            assert_eq!(problem.to_string(), expected);
            let response = problem.response();
            let fields = response.headers();
            assert_eq!(response.status(), status);
            assert_eq!(fields[header::CONTENT_TYPE], Problem::MEDIA_TYPE);
            assert_eq!(fields[header::CACHE_CONTROL], "no-store");
            let retry = fields.contains_key(header::RETRY_AFTER);
            assert_eq!(retry, status == StatusCode::SERVICE_UNAVAILABLE);
        }
    }
}
