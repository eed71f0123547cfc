//! A request's path for the log, without secrets.

/// The path up to where the token of a presigned URL would stand. A token is secret however it is
/// sent: with doubled slashes, encoded, below a prefix that a proxy did not strip.
pub(super) fn loggable(path: &str) -> &str {
    let mut end = 0;
    let mut version_before = true;
    for segment in path.split_inclusive('/') {
        end += segment.len();
        let name = segment.trim_end_matches('/');
        if name.is_empty() {
            continue;
        }
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        if version_before && name.eq_ignore_ascii_case("links") {
            return path.get(..end).unwrap_or_default();
        }
        version_before = name.eq_ignore_ascii_case("v1");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_links_are_left_out() {
        for (path, expected) in [
            ("/v1/links/TOKEN/a.pdf", "/v1/links/"),
            ("/v1/links/TOKEN/", "/v1/links/"),
            ("//v1/links/TOKEN/a.pdf", "//v1/links/"),
            ("/v1//links//TOKEN", "/v1//links/"),
            ("/links/TOKEN", "/links/"),
            ("/V1/Links/TOKEN", "/V1/Links/"),
            ("/v1/%6cinks/TOKEN", "/v1/%6cinks/"),
            ("/app/files/v1/links/TOKEN/a", "/app/files/v1/links/"),
            ("/v1/links", "/v1/links"),
            ("/v1/public/files/links/a", "/v1/public/files/links/a"),
            ("/v1/public/files/a", "/v1/public/files/a"),
            ("*", "*"),
            ("", ""),
        ] {
            assert_eq!(loggable(path), expected, "{path}");
        }
    }
}
