//! Cross-origin requests (the Fetch standard, 3.3). No credentials: tokens
//! travel in a field that scripts set themselves.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::policy::Origins;

const METHODS: &str = "GET, HEAD, PUT, POST, DELETE, OPTIONS";

const EXPOSED: &str = "ETag, Location, Content-Range, Content-Disposition, Link, X-Request-Id";

/// What a preflight that names no fields is told.
const FIELDS: &str = "Authorization, Content-Type, Content-Digest, Repr-Digest, If-Match, \
     If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range, Range, X-Request-Id, \
     traceparent, tracestate";

/// For how many seconds a browser may remember a preflight. Two hours is the
/// most that Chromium keeps.
const MAX_AGE: &str = "7200";

/// The fields of every response, for the origins that the policy lists: `*`, or
/// origins as browsers write them.
pub(crate) fn response_fields(
    origins: &Origins,
    request: &HeaderMap,
) -> Vec<(HeaderName, HeaderValue)> {
    let mut fields = Vec::new();
    if origins.is_empty() {
        return fields;
    }
    if !origins.any() {
        // Also where the origin is not listed, or a cache would hand that
        // answer to one that is.
        fields.push((header::VARY, HeaderValue::from_static("Origin")));
    }
    let allowed = if origins.any() {
        Some(HeaderValue::from_static("*"))
    } else {
        let listed = |origin: &&HeaderValue| origin.to_str().is_ok_and(|text| origins.admit(text));
        request.get(header::ORIGIN).filter(listed).cloned()
    };
    if let Some(allowed) = allowed {
        fields.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed));
        let exposed = HeaderValue::from_static(EXPOSED);
        fields.push((header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed));
    }
    fields
}

/// What the answer to a preflight has beside [`response_fields`], where those allow the
/// origin. Whatever header fields the script wants to send, it may.
pub(crate) fn preflight(request: &HeaderMap) -> [(HeaderName, HeaderValue); 4] {
    let wanted = request
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
        .filter(|wanted| {
            wanted
                .as_bytes()
                .split(|byte| *byte == b',')
                .all(|name| HeaderName::from_bytes(name.trim_ascii()).is_ok())
        });
    [
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(METHODS),
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            wanted.cloned().unwrap_or(HeaderValue::from_static(FIELDS)),
        ),
        (
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static(MAX_AGE),
        ),
        (
            header::VARY,
            HeaderValue::from_static("Access-Control-Request-Headers"),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(origins: &[&str], origin: Option<&'static str>) -> String {
        let origins: Origins = serde_json::from_value(origins.into()).expect("origins");
        let mut request = HeaderMap::new();
        if let Some(origin) = origin {
            request.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        let fields = response_fields(&origins, &request);
        let exposes = fields
            .iter()
            .any(|(name, _)| *name == header::ACCESS_CONTROL_EXPOSE_HEADERS);
        let value = |wanted: &HeaderName| {
            fields
                .iter()
                .find(|(name, _)| name == wanted)
                .and_then(|(_, value)| value.to_str().ok())
        };
        let allowed = value(&header::ACCESS_CONTROL_ALLOW_ORIGIN);
        assert_eq!(exposes, allowed.is_some());
        format!(
            "{} {}",
            allowed.unwrap_or("-"),
            value(&header::VARY).unwrap_or("-")
        )
    }

    #[test]
    fn listed_origins_are_allowed() {
        let (a, b) = ("https://a.example", "https://b.example");
        for (origins, origin, expected) in [
            (&[][..], Some(a), "- -"),
            (&["*"], Some(a), "* -"),
            (&["*"], None, "* -"),
            (&[b, "*"], Some(a), "* -"),
            (&[a, b], Some(b), "https://b.example Origin"),
            (&[a], Some(b), "- Origin"),
            (&[a], Some("https://a.example.evil"), "- Origin"),
            (&[a], Some("null"), "- Origin"),
            (&[a], None, "- Origin"),
        ] {
            assert_eq!(answer(origins, origin), expected, "{origins:?} {origin:?}");
        }
    }

    #[test]
    fn a_preflight_is_told_methods_and_fields() {
        for (wanted, expected) in [
            (Some("authorization, x-own"), "authorization, x-own"),
            (None, FIELDS),
            (Some(""), FIELDS),
            (Some("a b"), FIELDS),
            (Some("a,,b"), FIELDS),
            (Some("x: y"), FIELDS),
        ] {
            let mut request = HeaderMap::new();
            if let Some(wanted) = wanted {
                let wanted = HeaderValue::from_static(wanted);
                request.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, wanted);
            }
            let answer = HeaderMap::from_iter(preflight(&request));
            assert_eq!(
                answer[header::ACCESS_CONTROL_ALLOW_HEADERS],
                expected,
                "{wanted:?}"
            );
            assert_eq!(answer[header::ACCESS_CONTROL_ALLOW_METHODS], METHODS);
        }
    }
}
