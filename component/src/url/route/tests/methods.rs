use super::*;

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
