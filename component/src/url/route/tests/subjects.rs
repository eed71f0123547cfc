use super::*;

#[test]
fn the_subject_is_known_even_if_the_request_is_refused() {
    use crate::bindings::coffer::storage::decisions::Area::{Org, Public, User};
    for (method, target, expected) in [
        (
            "GET",
            "/v1/public/files/a/b",
            Some((Operation::Download, Some(Public))),
        ),
        (
            "HEAD",
            "/v1/user/files/a",
            Some((Operation::Head, Some(User))),
        ),
        (
            "PUT",
            "/v1/org/files/a//b",
            Some((Operation::Upload, Some(Org))),
        ),
        (
            "DELETE",
            "/v1/org/files/..",
            Some((Operation::Delete, Some(Org))),
        ),
        (
            "POST",
            "/v1/public/files",
            Some((Operation::Form, Some(Public))),
        ),
        (
            "HEAD",
            "/v1/public/files",
            Some((Operation::List, Some(Public))),
        ),
        (
            "POST",
            "/v1/user/urls/a",
            Some((Operation::MakeUrl, Some(User))),
        ),
        (
            "POST",
            "/v1/org/urls",
            Some((Operation::MakeUrls, Some(Org))),
        ),
        ("GET", "/v1/links/t/a", Some((Operation::FollowLink, None))),
        ("PUT", "/v1/links/t/a", Some((Operation::Upload, None))),
        ("DELETE", "/v1/links/t/a", Some((Operation::Delete, None))),
        ("POST", "/v1/links/t/", Some((Operation::Form, None))),
        (
            "POST",
            "/v1/links/t/a",
            Some((Operation::BeginUpload, None)),
        ),
        (
            "POST",
            "/v1/user/uploads",
            Some((Operation::BeginUpload, Some(User))),
        ),
        (
            "GET",
            "/v1/org/uploads/x",
            Some((Operation::LookAtUpload, Some(Org))),
        ),
        (
            "PATCH",
            "/v1/public/uploads/x",
            Some((Operation::Append, Some(Public))),
        ),
        (
            "DELETE",
            "/v1/links/uploads/x",
            Some((Operation::DiscardUpload, None)),
        ),
        ("HEAD", "/v1/openapi.json", Some((Operation::Openapi, None))),
        (
            "OPTIONS",
            "/v1/user/files/a",
            Some((Operation::Options, Some(User))),
        ),
        ("OPTIONS", "*", Some((Operation::Options, None))),
        ("OPTIONS", "/nowhere", Some((Operation::Options, None))),
        ("PATCH", "/v1/user/files/a", None),
        ("GET", "/v1/secret/files/a", None),
        ("GET", "/", None),
    ] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let (subject, _) = Route::parse(&method, target);
        let found = subject.map(|subject| (subject.operation, subject.area));
        assert_eq!(found, expected, "{method} {target}");
    }
}
