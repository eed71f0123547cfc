//! `OPTIONS`: preflights, and the methods of a resource.

use reqwest::Method;

use super::{LISTED, allowed, list, server};
use crate::support::assert_problem;

#[tokio::test]
async fn a_preflight_needs_no_token_and_allows_every_method_and_field() {
    let server = server(Some(&format!("[\"{LISTED}\"]"))).await;
    for (path, method, fields) in [
        ("/v1/public/files/a", "PUT", "authorization,content-type"),
        ("/v1/user/files/a", "GET", "authorization, range, if-range"),
        ("/v1/user/files/a", "DELETE", "Authorization,If-Match"),
        (
            "/v1/org/files",
            "POST",
            "authorization,content-type,x-of-its-own",
        ),
        ("/v1/user/urls/a", "POST", "authorization"),
        ("/v1/user/urls", "POST", "authorization,content-type"),
        ("/v1/user/copy", "POST", "authorization,content-type"),
        ("/v1/user/info/a", "PATCH", "authorization,if-match"),
        ("/v1/user/files/a", "PUT", "coffer-meta-title"),
        ("/v1/links/x/a", "HEAD", "range"),
        ("/v1/links/x/a", "PUT", "content-type,if-match"),
        ("/v1/links/x/a", "DELETE", "if-match"),
        ("/v1/links/x/", "POST", "content-type"),
        (
            "/v1/user/files/none",
            "PUT",
            "authorization,content-digest,repr-digest",
        ),
    ] {
        for (origin, admitted) in [(LISTED, true), ("https://evil.example", false)] {
            let response = server
                .request(Method::OPTIONS, path)
                .header("origin", origin)
                .header("access-control-request-method", method)
                .header("access-control-request-headers", fields)
                .send()
                .await
                .unwrap();
            assert_eq!(response.status(), 204, "{path}");
            let headers = response.headers().clone();
            assert_eq!(
                allowed(&headers),
                admitted.then_some(LISTED),
                "{path} {headers:?}"
            );
            let methods = list(&headers, "access-control-allow-methods");
            assert!(
                methods.contains(&method.to_ascii_lowercase()),
                "{headers:?}"
            );
            let admitted = list(&headers, "access-control-allow-headers");
            for field in fields.split(',') {
                let field = field.trim().to_ascii_lowercase();
                assert!(admitted.contains(&field), "{field}: {headers:?}");
            }
            let varies = list(&headers, "vary");
            assert!(varies.contains(&"origin".to_owned()), "{headers:?}");
            assert!(!headers.contains_key("access-control-allow-credentials"));
            assert!(response.bytes().await.unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn a_preflight_without_fields_lists_what_clients_send() {
    let server = server(Some("[\"*\"]")).await;
    let request = server.request(Method::OPTIONS, "/v1/user/files/a");
    let request = request.header("origin", LISTED);
    let response = request
        .header("access-control-request-method", "PUT")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 204);
    assert_eq!(allowed(response.headers()), Some("*"));
    let fields = list(response.headers(), "access-control-allow-headers");
    for field in [
        "authorization",
        "content-digest",
        "content-type",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
        "repr-digest",
    ] {
        assert!(fields.contains(&field.to_owned()), "{fields:?}");
    }
}

#[tokio::test]
async fn each_resource_lists_the_methods_that_it_supports() {
    let server = server(None).await;
    let link = "/v1/links/x/a";
    for (path, allow, refused) in [
        (
            "/v1/public/files",
            "GET, HEAD, POST, OPTIONS",
            vec!["PUT", "DELETE", "PATCH"],
        ),
        (
            "/v1/user/files",
            "GET, HEAD, POST, OPTIONS",
            vec!["PUT", "DELETE", "QUERY"],
        ),
        (
            "/v1/user/files/a",
            "GET, HEAD, PUT, DELETE, OPTIONS",
            vec!["POST", "PATCH"],
        ),
        (
            "/v1/org/files/none",
            "GET, HEAD, PUT, DELETE, OPTIONS",
            vec!["POST", "TRACE"],
        ),
        (
            "/v1/user/urls/a",
            "POST, OPTIONS",
            vec!["GET", "HEAD", "PUT", "DELETE"],
        ),
        (
            "/v1/org/urls",
            "POST, OPTIONS",
            vec!["GET", "HEAD", "PUT", "DELETE"],
        ),
        ("/v1/org/move", "POST, OPTIONS", vec!["GET", "PUT"]),
        (
            "/v1/org/info/a",
            "GET, HEAD, PATCH, OPTIONS",
            vec!["POST", "PUT", "DELETE"],
        ),
        (link, "GET, HEAD, PUT, POST, DELETE, OPTIONS", vec!["PATCH"]),
        (
            "/v1/user/uploads",
            "POST, OPTIONS",
            vec!["GET", "HEAD", "PUT", "PATCH", "DELETE"],
        ),
        (
            "/v1/user/uploads/x",
            "GET, HEAD, PATCH, DELETE, OPTIONS",
            vec!["PUT", "POST"],
        ),
        (
            "/v1/links/x/",
            "POST, OPTIONS",
            vec!["GET", "HEAD", "PUT", "DELETE", "PATCH"],
        ),
    ] {
        let options = server.request(Method::OPTIONS, path).send().await.unwrap();
        assert_eq!(options.status(), 204, "{path}");
        let sorted = |text: &str| {
            let mut methods: Vec<String> = text.split(", ").map(str::to_ascii_lowercase).collect();
            methods.sort();
            methods
        };
        assert_eq!(list(options.headers(), "allow"), sorted(allow), "{path}");
        for method in refused {
            let request = server.request(method.parse().unwrap(), path);
            let response = request.send().await.unwrap();
            assert_eq!(
                list(response.headers(), "allow"),
                sorted(allow),
                "{method} {path}"
            );
            if method == "HEAD" {
                assert_eq!(response.status(), 405);
            } else {
                assert_problem(response, 405, "method-not-allowed").await;
            }
        }
    }
    let whole = format!(
        "OPTIONS * HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        server.address()
    );
    let (status, headers, _) = crate::support::raw(server.address(), whole.as_bytes());
    assert_eq!(status, 204);
    for method in ["get", "head", "put", "post", "patch", "delete", "options"] {
        assert!(
            list(&headers, "allow").contains(&method.to_owned()),
            "{headers:?}"
        );
    }
}
