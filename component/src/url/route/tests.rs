use super::*;

fn route(method: &str, target: &str) -> Result<Route, Problem> {
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Problem::Internal)?;
    Route::parse(&method, target).1.map(|(route, _)| route)
}

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

#[test]
fn every_operation_has_its_route() -> Result<(), Problem> {
    let (area, name) = (Area::User, Name::new("a/b c")?);
    let look = |place| Route::LookAtUpload {
        place,
        id: "x".to_owned(),
    };
    let link = |action| Route::Link {
        token: "t.-_".to_owned(),
        action,
    };
    for (method, target, expected) in [
        ("GET", "/v1/user/files", Route::List { area }),
        ("HEAD", "/v1/user/files?prefix=a/", Route::List { area }),
        ("POST", "/v1/user/files", Route::Form { area }),
        (
            "GET",
            "/v1/user/files/a/b%20c",
            Route::Download {
                area,
                name: name.clone(),
            },
        ),
        (
            "HEAD",
            "/v1/user/files/a%2Fb%20c?x",
            Route::Download {
                area,
                name: name.clone(),
            },
        ),
        (
            "PUT",
            "/v1/user/files/a/b%20c",
            Route::Upload {
                area,
                name: name.clone(),
            },
        ),
        (
            "DELETE",
            "/v1/user/files/a/b%20c",
            Route::Delete {
                area,
                name: name.clone(),
            },
        ),
        (
            "POST",
            "/v1/user/urls/a/b%20c",
            Route::MakeUrl {
                area,
                target: Target::File(name.clone()),
            },
        ),
        (
            "POST",
            "/v1/user/urls/a/b%20c/",
            Route::MakeUrl {
                area,
                target: Target::Folder(name),
            },
        ),
        ("POST", "/v1/user/urls?x", Route::MakeUrls { area }),
        ("GET", "/v1/openapi.json?x", Route::Openapi),
        (
            "GET",
            "/v1/links/t.-_/x%20",
            link(LinkAction::Read {
                basename: "x%20".into(),
            }),
        ),
        (
            "PUT",
            "/v1/links/t.-_/x%20",
            link(LinkAction::Upload {
                basename: "x%20".into(),
            }),
        ),
        (
            "DELETE",
            "/v1/links/t.-_/x%20",
            link(LinkAction::Delete {
                basename: "x%20".into(),
            }),
        ),
        ("POST", "/v1/links/t.-_/?folder=a", link(LinkAction::Drop)),
        (
            "POST",
            "/v1/links/t.-_/x%20",
            link(LinkAction::BeginUpload {
                basename: "x%20".into(),
            }),
        ),
        (
            "POST",
            "/v1/user/uploads?name=a",
            Route::BeginUpload { area },
        ),
        ("GET", "/v1/user/uploads/x", look(UploadPlace::Area(area))),
        ("HEAD", "/v1/user/uploads/x", look(UploadPlace::Area(area))),
        ("HEAD", "/v1/links/uploads/x", look(UploadPlace::Link)),
        (
            "PATCH",
            "/v1/user/uploads/x",
            Route::Append {
                place: UploadPlace::Area(area),
                id: "x".into(),
            },
        ),
        (
            "DELETE",
            "/v1/links/uploads/x",
            Route::DiscardUpload {
                place: UploadPlace::Link,
                id: "x".into(),
            },
        ),
    ] {
        assert_eq!(route(method, target), Ok(expected), "{method} {target}");
    }
    Ok(())
}

#[test]
fn an_unknown_path_is_not_found() {
    for target in [
        "",
        "/",
        "*x",
        "/v1",
        "/v1/",
        "/v2/public/files",
        "/V1/public/files",
        "/v1/Public/files",
        "/v1/public",
        "/v1/public/",
        "/v1/public/Files",
        "/v1/public/filesx",
        "/v1/public/urlsx",
        "/v1/other/files",
        "/v1//files",
        "//v1/public/files",
        "/v1/public//files",
        "/v1/links",
        "/v1/links/t",
        "/v1/links//",
        "/v1/links/t//",
        "/v1/links//x",
        "/v1/links/t/x/y",
        "/v1/links/uploads/",
        "/v1/links/uploads/x/y",
        "/v1/public/uploads/",
        "/v1/public/uploads/x/y",
        "/v1/openapi.json/",
        "/v1/openapi.yaml",
        "/openapi.json",
        "/v1/public%2Ffiles/a",
        "/v1/pub%6Cic/files",
        "/v1/./public/files",
        "v1/public/files",
        "http://host/v1/public/files",
        "/v1/links/files",
        "?/v1/public/files",
    ] {
        assert_eq!(route("GET", target), Err(Problem::NotFound), "{target}");
    }
}

#[test]
fn a_trailing_slash_is_an_empty_name() {
    for (method, target) in [
        ("GET", "/v1/public/files/"),
        ("PUT", "/v1/public/files/?x=/"),
        ("POST", "/v1/public/urls/"),
        ("DELETE", "/v1/org/files/%2e%2e/a"),
    ] {
        assert!(
            matches!(route(method, target), Err(Problem::InvalidName(_))),
            "{target}"
        );
    }
}

#[test]
fn an_unsupported_method_is_answered_with_the_supported_ones() {
    for (methods, target, allow) in [
        (
            &["PUT", "DELETE", "PATCH"][..],
            "/v1/public/files",
            "GET, HEAD, POST, OPTIONS",
        ),
        (
            &["POST", "TRACE", "get"],
            "/v1/public/files/a",
            "GET, HEAD, PUT, DELETE, OPTIONS",
        ),
        (
            &["GET", "HEAD", "PUT"],
            "/v1/public/urls/a",
            "POST, OPTIONS",
        ),
        (&["GET", "HEAD", "PUT"], "/v1/org/urls", "POST, OPTIONS"),
        (
            &["PATCH"],
            "/v1/links/t/a",
            "GET, HEAD, PUT, POST, DELETE, OPTIONS",
        ),
        (
            &["GET", "HEAD", "PUT", "PATCH", "DELETE"],
            "/v1/user/uploads",
            "POST, OPTIONS",
        ),
        (
            &["POST", "PUT"],
            "/v1/user/uploads/x",
            "GET, HEAD, PATCH, DELETE, OPTIONS",
        ),
        (
            &["GET", "HEAD", "PUT", "DELETE"],
            "/v1/links/t/",
            "POST, OPTIONS",
        ),
        (&["POST", "PUT"], "/v1/openapi.json", "GET, HEAD, OPTIONS"),
    ] {
        for method in methods {
            let refused = Err(Problem::MethodNotAllowed { allow });
            assert_eq!(route(method, target), refused, "{method} {target}");
        }
        let preflight = route("OPTIONS", target);
        assert!(
            matches!(preflight, Ok(Route::Preflight { allow: said, .. }) if said == allow),
            "{target}: {preflight:?}"
        );
    }
    assert_eq!(
        route("OPTIONS", "/nowhere"),
        Ok(Route::Preflight {
            allow: "OPTIONS",
            uploads: None,
        })
    );
    assert!(matches!(
        route("OPTIONS", "/v1/public/files/.."),
        Ok(Route::Preflight { .. })
    ));
    assert!(matches!(route("OPTIONS", "*"), Ok(Route::Preflight { .. })));
}

#[test]
fn options_know_where_resumable_uploads_begin_and_continue() {
    for (target, expected) in [
        ("/v1/user/uploads", Some(UploadPlace::Area(Area::User))),
        ("/v1/org/uploads/x", Some(UploadPlace::Area(Area::Org))),
        ("/v1/public/files/a", Some(UploadPlace::Area(Area::Public))),
        ("/v1/links/t/a", Some(UploadPlace::Link)),
        ("/v1/links/t/", Some(UploadPlace::Link)),
        ("/v1/links/uploads/x", Some(UploadPlace::Link)),
        ("/v1/public/files", None),
        ("/v1/public/info/a", None),
        ("*", None),
    ] {
        let preflight = route("OPTIONS", target);
        assert!(
            matches!(preflight, Ok(Route::Preflight { uploads, .. }) if uploads == expected),
            "{target}: {preflight:?}"
        );
    }
}

#[test]
fn the_query_starts_at_the_first_question_mark() {
    let (_, parsed) = Route::parse(&Method::GET, "/v1/public/files?prefix=a?b/c");
    assert_eq!(
        parsed.map(|(_, query)| query.to_owned()),
        Ok("prefix=a?b/c".to_owned())
    );
    let (_, parsed) = Route::parse(&Method::GET, "/v1/public/files/a%3Fb");
    assert_eq!(parsed.map(|(_, query)| query.to_owned()), Ok(String::new()));
}

#[test]
fn copies_deletions_of_many_and_descriptions_have_their_routes() -> Result<(), Problem> {
    let (area, name) = (Area::Org, Name::new("a/b")?);
    for (method, target, expected, operation) in [
        (
            "POST",
            "/v1/org/copy",
            Route::Copy {
                area,
                kind: CopyKind::Copy,
            },
            Operation::Copy,
        ),
        (
            "POST",
            "/v1/org/move?x",
            Route::Copy {
                area,
                kind: CopyKind::Move,
            },
            Operation::Move,
        ),
        (
            "POST",
            "/v1/org/delete",
            Route::DeleteMany { area },
            Operation::DeleteMany,
        ),
        (
            "HEAD",
            "/v1/org/info/a%2Fb",
            Route::Info {
                area,
                name: name.clone(),
            },
            Operation::Info,
        ),
        (
            "PATCH",
            "/v1/org/info/a/b",
            Route::Amend { area, name },
            Operation::Amend,
        ),
    ] {
        assert_eq!(route(method, target), Ok(expected), "{method} {target}");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let subject = Route::parse(&method, target).0.expect("a subject");
        assert_eq!(subject.operation, operation);
        assert_eq!(subject.area, Some(telemetry::Area::Org));
    }
    for (method, target, allow) in [
        ("GET", "/v1/org/copy", "POST, OPTIONS"),
        ("PUT", "/v1/org/move", "POST, OPTIONS"),
        ("DELETE", "/v1/org/delete", "POST, OPTIONS"),
        ("PUT", "/v1/org/info/a", "GET, HEAD, PATCH, OPTIONS"),
        (
            "PATCH",
            "/v1/org/files/a",
            "GET, HEAD, PUT, DELETE, OPTIONS",
        ),
    ] {
        let refused = Err(Problem::MethodNotAllowed { allow });
        assert_eq!(route(method, target), refused, "{method} {target}");
    }
    for target in [
        "/v1/org/copy/",
        "/v1/org/copy/a",
        "/v1/org/info",
        "/v1/org/Copy",
    ] {
        assert_eq!(route("POST", target), Err(Problem::NotFound), "{target}");
    }
    for target in ["/v1/org/info/", "/v1/org/info/a/../b"] {
        let refused = route("PATCH", target);
        assert!(matches!(refused, Err(Problem::InvalidName(_))), "{target}");
    }
    Ok(())
}
