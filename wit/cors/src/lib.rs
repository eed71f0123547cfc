//! CORS: the header fields that let scripts of other origins read a response (the Fetch
//! standard, 3.3), for the component's responses and the few that the host sends itself.
//! Without credentials: tokens are sent in a header field that scripts set themselves.

mod pattern;

use http::{HeaderName, HeaderValue, header};

pub use pattern::{ANY, is_pattern};

/// The response fields that scripts may read besides the CORS-safelisted ones, each by its
/// full name. A field whose name depends on the file has to be exposed where that response is
/// built.
const EXPOSED: &str = "Accept-Patch, Accept-Ranges, Allow, Content-Disposition, Content-Length, \
     Content-Location, Content-Range, Content-Security-Policy, Cross-Origin-Resource-Policy, \
     ETag, Link, Location, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, \
     Tus-Resumable, Tus-Version, Upload-Complete, Upload-Defer-Length, Upload-Expires, \
     Upload-Incomplete, Upload-Length, Upload-Limit, Upload-Metadata, Upload-Offset, \
     WWW-Authenticate, X-Content-Type-Options, X-Request-Id";

/// The CORS fields of a response to a request with this `Origin`. `patterns` are the origins
/// that may read it: each is [`ANY`] or a text that passes [`is_pattern`].
pub fn response_fields<P: AsRef<str>>(
    patterns: &[P],
    origin: Option<&HeaderValue>,
) -> Vec<(HeaderName, HeaderValue)> {
    let mut fields = Vec::new();
    if patterns.is_empty() {
        return fields;
    }
    let allowed = if patterns.iter().any(|pattern| pattern.as_ref() == ANY) {
        Some(HeaderValue::from_static(ANY))
    } else {
        // Even if the origin is not allowed, or a cache would serve that response to one that
        // is.
        fields.push((header::VARY, HeaderValue::from_static("Origin")));
        let admitted = |origin: &&HeaderValue| {
            let Ok(origin) = origin.to_str() else {
                return false;
            };
            patterns
                .iter()
                .any(|pattern| pattern::admits(pattern.as_ref(), origin))
        };
        origin.filter(admitted).cloned()
    };
    if let Some(allowed) = allowed {
        fields.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed));
        let exposed = HeaderValue::from_static(EXPOSED);
        fields.push((header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(patterns: &[&str], origin: Option<&'static str>) -> String {
        let origin = origin.map(HeaderValue::from_static);
        let fields = response_fields(patterns, origin.as_ref());
        let value = |wanted: HeaderName| {
            let field = fields.iter().find(|(name, _)| *name == wanted);
            field.and_then(|(_, value)| value.to_str().ok())
        };
        let allowed = value(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        let exposed = value(header::ACCESS_CONTROL_EXPOSE_HEADERS);
        assert_eq!(exposed, allowed.map(|_| EXPOSED));
        let vary = value(header::VARY).unwrap_or("-");
        format!("{} {vary}", allowed.unwrap_or("-"))
    }

    #[test]
    fn allowed_origins_may_read() {
        let (a, b) = ("https://a.example", "https://b.example");
        for (patterns, origin, expected) in [
            (&[][..], Some(a), "- -"),
            (&["*"], Some(a), "* -"),
            (&["*"], None, "* -"),
            (&[b, "*"], Some(a), "* -"),
            (&[a, b], Some(b), "https://b.example Origin"),
            (&[a], Some(b), "- Origin"),
            (&[a], Some("https://a.example.evil"), "- Origin"),
            (&[a], Some("null"), "- Origin"),
            (&[a], None, "- Origin"),
            (
                &[a, "https://*.b.example"],
                Some("https://x.b.example"),
                "https://x.b.example Origin",
            ),
            (&["https://*.b.example"], Some(b), "- Origin"),
        ] {
            assert_eq!(
                answer(patterns, origin),
                expected,
                "{patterns:?} {origin:?}"
            );
        }
    }
}
