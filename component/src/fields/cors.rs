//! CORS preflights (the Fetch standard, 3.3). The fields of every response are in
//! [`coffer_cors`], which the host uses too.

use http::{HeaderMap, HeaderName, HeaderValue, header};

const METHODS: &str = "GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS";

/// The allowed header fields for a preflight that names none.
const FIELDS: &str = "Authorization, Content-Type, Content-Digest, Repr-Digest, If-Match, \
     If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range, Range, X-Request-Id, \
     traceparent, tracestate, Tus-Resumable, Upload-Checksum, Upload-Complete, \
     Upload-Defer-Length, Upload-Draft-Interop-Version, Upload-Incomplete, Upload-Length, \
     Upload-Metadata, Upload-Offset, X-HTTP-Method-Override";

/// For how many seconds a browser may cache a preflight. Chromium's maximum is two
/// hours.
const MAX_AGE: &str = "7200";

/// What the response to a preflight has besides [`coffer_cors::response_fields`], if those
/// allow the origin. A script may send any header field.
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

    #[test]
    fn a_preflight_allows_methods_and_fields() {
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
