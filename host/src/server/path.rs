//! A request's path for the log, without secrets.

/// The path up to where the token of a presigned URL would stand, or the id of a resumable upload,
/// which anyone may continue who knows it. Both are secret however they are sent: with doubled
/// slashes, encoded, below a prefix that a proxy did not strip.
pub(super) fn loggable(path: &str) -> &str {
    let mut end = 0;
    let (mut version_before, mut area_before) = (true, false);
    for segment in path.split_inclusive('/') {
        end += segment.len();
        let name = segment.trim_end_matches('/');
        if name.is_empty() {
            continue;
        }
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        let is_link = version_before && name.eq_ignore_ascii_case("links");
        if is_link || (area_before && name.eq_ignore_ascii_case("uploads")) {
            return path.get(..end).unwrap_or_default();
        }
        area_before = version_before;
        version_before = name.eq_ignore_ascii_case("v1");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_links_and_ids_of_uploads_are_left_out() {
        for (path, expected) in [
            ("/v1/links/TOKEN/a.pdf", "/v1/links/"),
            ("/v1/links/TOKEN/", "/v1/links/"),
            ("//v1/links/TOKEN/a.pdf", "//v1/links/"),
            ("/v1//links//TOKEN", "/v1//links/"),
            ("/links/TOKEN", "/links/"),
            ("/V1/Links/TOKEN", "/V1/Links/"),
            ("/v1/%6cinks/TOKEN", "/v1/%6cinks/"),
            ("/app/files/v1/links/TOKEN/a", "/app/files/v1/links/"),
            ("/v1/public/uploads/ID", "/v1/public/uploads/"),
            ("/v1//user/Uploads//ID", "/v1//user/Uploads/"),
            ("/public/uploads/ID", "/public/uploads/"),
            ("/app/v1/org/uploads/ID", "/app/v1/org/uploads/"),
            ("/v1/public/uploads", "/v1/public/uploads"),
            ("/v1/public/files/uploads/a", "/v1/public/files/uploads/a"),
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
