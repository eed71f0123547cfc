//! A request's path for the log, without secrets.

/// The path up to where the token of a presigned URL would stand, or the id of a resumable upload,
/// which anyone may continue who knows it. Both are secret however they are sent: with doubled
/// slashes, encoded (the slashes too), behind dot segments or parameters, below a prefix that a
/// proxy did not strip.
pub(super) fn loggable(path: &str) -> &str {
    let mut end = 0;
    let (mut version_before, mut area_before) = (true, false);
    for segment in Segments(path) {
        end += segment.len();
        let name = segment.trim_end_matches('/');
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        let name = name.trim_end_matches('/');
        let name = name.split(';').next().unwrap_or_default();
        match name {
            "" | "." => continue,
            // Back to where the version or the start may be.
            ".." => {
                (version_before, area_before) = (true, true);
                continue;
            }
            _ => {}
        }
        let is_link = version_before && name.eq_ignore_ascii_case("links");
        if is_link || (area_before && name.eq_ignore_ascii_case("uploads")) {
            return path.get(..end).unwrap_or_default();
        }
        area_before = version_before;
        version_before = name.eq_ignore_ascii_case("v1");
    }
    path
}

/// The segments of a path with the slash behind each, which may be encoded.
struct Segments<'p>(&'p str);

impl<'p> Iterator for Segments<'p> {
    type Item = &'p str;

    fn next(&mut self) -> Option<&'p str> {
        if self.0.is_empty() {
            return None;
        }
        let bytes = self.0.as_bytes();
        let end = (0..bytes.len()).find_map(|at| match bytes.get(at..)? {
            [b'/', ..] => Some(at + 1),
            [b'%', b'2', b'f' | b'F', ..] => Some(at + 3),
            _ => None,
        });
        // A slash and its encoding are ASCII, so this is a boundary.
        let (segment, rest) = self.0.split_at(end.unwrap_or(bytes.len()));
        self.0 = rest;
        Some(segment)
    }
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
            ("/v1/links%2fTOKEN/a", "/v1/links%2f"),
            ("/v1%2Flinks/TOKEN", "/v1%2Flinks/"),
            ("/v1/./links/TOKEN", "/v1/./links/"),
            ("/v1/%2e/links/TOKEN", "/v1/%2e/links/"),
            ("/v1/x/../links/TOKEN", "/v1/x/../links/"),
            ("/v1/links;a/TOKEN", "/v1/links;a/"),
            (
                "/v1/user/files/..%2flinks/TOKEN",
                "/v1/user/files/..%2flinks/",
            ),
            ("/v1/user/uploads%2fID", "/v1/user/uploads%2f"),
            ("/v1/user%2fuploads/ID", "/v1/user%2fuploads/"),
            ("/v1/user/./uploads/ID", "/v1/user/./uploads/"),
            ("/v1/user/uploads;x/ID", "/v1/user/uploads;x/"),
            ("/v1/user/x/../uploads/ID", "/v1/user/x/../uploads/"),
            ("/v1/public/files/\u{e9}/a%2", "/v1/public/files/\u{e9}/a%2"),
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
