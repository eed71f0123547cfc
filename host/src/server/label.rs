//! What a request is counted as. Says nothing about what it is: that is the component's
//! decision.

use http::Method;

use crate::metrics::Word;

/// Operation and area, as far as method and path name some that there are.
pub(super) fn of(method: &Method, path: &str) -> (Word, Word) {
    let mut segments = path.split('/').skip(1);
    if segments.next() != Some("v1") {
        return (Word("other"), Word("none"));
    }
    let area = match segments.next() {
        Some("public") => "public",
        Some("user") => "user",
        Some("org") => "org",
        Some("links") => return (Word("follow-link"), Word("none")),
        _ => return (Word("other"), Word("none")),
    };
    let named = |name: Option<&str>| name.is_some();
    let operation = match (method.as_str(), segments.next(), named(segments.next())) {
        ("GET", Some("files"), true) => "download",
        ("HEAD", Some("files"), true) => "head",
        ("PUT", Some("files"), true) => "upload",
        ("DELETE", Some("files"), true) => "delete",
        ("POST", Some("files"), false) => "form",
        ("GET", Some("files"), false) => "list",
        ("POST", Some("urls"), true) => "make-url",
        ("OPTIONS", _, _) => "options",
        _ => "other",
    };
    (Word(operation), Word(area))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_what_they_ask_for() {
        for (method, path, operation, area) in [
            ("GET", "/v1/public/files/a/b", "download", "public"),
            ("HEAD", "/v1/user/files/a", "head", "user"),
            ("PUT", "/v1/org/files/a", "upload", "org"),
            ("DELETE", "/v1/org/files/a", "delete", "org"),
            ("POST", "/v1/public/files", "form", "public"),
            ("GET", "/v1/public/files", "list", "public"),
            ("POST", "/v1/user/urls/a", "make-url", "user"),
            ("GET", "/v1/links/token/a", "follow-link", "none"),
            ("OPTIONS", "/v1/user/files/a", "options", "user"),
            ("PATCH", "/v1/user/files/a", "other", "user"),
            ("GET", "/v1/secret/files/a", "other", "none"),
            ("GET", "/", "other", "none"),
            ("OPTIONS", "*", "other", "none"),
        ] {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let expected = (Word(operation), Word(area));
            assert_eq!(of(&method, path), expected, "{method} {path}");
        }
    }
}
