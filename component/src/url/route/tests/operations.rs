use super::*;

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
