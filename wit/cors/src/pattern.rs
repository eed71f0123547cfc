//! Origins as a policy lists them.

use http::Uri;

/// Every origin.
pub const ANY: &str = "*";

/// Stands for any single label, as the first label of a host.
const WILDCARD: &str = "*.";

/// Whether this is an origin as browsers write it: `scheme://host`, and `:port` only if it is
/// not the scheme's default port (RFC 6454, 6.2). The first label of a host may be `*` if a
/// domain of two or more labels follows, or `localhost`: a wildcard below `com` is a mistake.
#[must_use]
pub fn is_pattern(text: &str) -> bool {
    match text.split_once("://") {
        Some((scheme, rest)) => match rest.strip_prefix(WILDCARD) {
            Some(domain) => is_origin(&format!("{scheme}://{domain}")) && is_domain(domain),
            None => is_origin(text),
        },
        None => false,
    }
}

/// Whether a pattern matches this value of an `Origin` field.
pub(crate) fn admits(pattern: &str, origin: &str) -> bool {
    let Some((scheme, domain)) = pattern.split_once(WILDCARD) else {
        return pattern == origin;
    };
    let label = origin
        .strip_prefix(scheme)
        .and_then(|host| host.strip_suffix(domain)?.strip_suffix('.'));
    label.is_some_and(is_label)
}

fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else {
        return false;
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return false;
    };
    let own_port = matches!(
        (scheme, authority.port_u16()),
        ("http", Some(80)) | ("https", Some(443))
    );
    !own_port
        && text == format!("{scheme}://{authority}")
        && text == text.to_ascii_lowercase()
        && !authority.host().is_empty()
        && !text.contains(['@', '*'])
        && !text.ends_with(':')
}

/// Whether a host, with or without a port, is a domain that can have subdomains.
fn is_domain(host: &str) -> bool {
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    let last = name.rsplit('.').next().unwrap_or_default();
    // A host whose last label is numeric is an IP address.
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit());
    name.split('.').all(is_label) && !numeric && (name.contains('.') || name == "localhost")
}

fn is_label(text: &str) -> bool {
    let in_label =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    !text.is_empty() && text.bytes().all(in_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_write_them_with_a_wildcard_for_one_label() {
        for (text, expected) in [
            ("https://app.example.com", true),
            ("http://localhost:3000", true),
            ("http://[::1]:3000", true),
            ("capacitor://localhost", true),
            ("https://*.example.com", true),
            ("https://*.example.com:8443", true),
            ("http://*.localhost:3000", true),
            ("https://*.a.b.example.com", true),
            ("https://app.example.com/", false),
            ("https://app.example.com/x", false),
            ("https://App.example.com", false),
            ("https://app.example.com:443", false),
            ("https://app.example.com:", false),
            ("https://u@app.example.com", false),
            ("https://*.example.com:443", false),
            ("https://*.example.com/", false),
            ("https://*.Example.com", false),
            ("https://*", false),
            ("https://*.", false),
            ("https://*.com", false),
            ("https://*.com:8443", false),
            ("https://*.*.example.com", false),
            ("https://app.*.example.com", false),
            ("https://app-*.example.com", false),
            ("https://**.example.com", false),
            ("https://*.example.com.", false),
            ("https://*..example.com", false),
            ("https://*.0.0.1", false),
            ("https://*.[::1]", false),
            ("*://app.example.com", false),
            ("*.example.com", false),
            ("app.example.com", false),
            ("null", false),
            ("*", false),
            ("", false),
        ] {
            assert_eq!(is_pattern(text), expected, "{text}");
        }
    }

    #[test]
    fn a_wildcard_matches_exactly_one_label() {
        let pattern = "https://*.example.com";
        for (pattern, origin, expected) in [
            (pattern, "https://app.example.com", true),
            (pattern, "https://xn--mnchen-3ya.example.com", true),
            (pattern, "https://my_app-2.example.com", true),
            (pattern, "https://example.com", false),
            (pattern, "https://.example.com", false),
            (pattern, "https://a.b.example.com", false),
            (pattern, "https://evilexample.com", false),
            (pattern, "https://app.example.com.evil.org", false),
            (pattern, "https://evil.org/.example.com", false),
            (pattern, "https://evil.org:1.example.com", false),
            (pattern, "https://u@app.example.com", false),
            (pattern, "https://*.example.com", false),
            (pattern, "https://APP.example.com", false),
            (pattern, "https://app.example.com:8443", false),
            (pattern, "http://app.example.com", false),
            (pattern, "null", false),
            (pattern, "", false),
            (
                "https://*.example.com:8443",
                "https://a.example.com:8443",
                true,
            ),
            ("https://*.example.com:8443", "https://a.example.com", false),
            ("https://app.example.com", "https://app.example.com", true),
            (
                "https://app.example.com",
                "https://app.example.com:1",
                false,
            ),
        ] {
            assert_eq!(admits(pattern, origin), expected, "{pattern} {origin}");
        }
    }
}
