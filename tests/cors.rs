//! Requests from other origins (the Fetch standard, 3.3), and `OPTIONS`.

use reqwest::header::HeaderMap;
use reqwest::{Method, Response};

use crate::support::{Server, Setup, assert_problem, iam, is_identified, user};

const LISTED: &str = "https://app.example";

/// A server whose policy has this list of origins, if any, with a file `a` in
/// the public area and in alice's own.
async fn server(origins: Option<&str>) -> Server {
    let cors = origins.map_or(String::new(), |origins| {
        format!("[cors]\norigins = {origins}\n")
    });
    let server = Setup::policy(&format!("{}{cors}", iam())).start();
    for area in ["public", "user"] {
        let request = server.put(&format!("/v1/{area}/files/a"), "content");
        let response = request.bearer_auth(user("alice")).send().await.unwrap();
        assert_eq!(response.status(), 201);
    }
    server
}

/// One response of every kind, to a request from this origin.
async fn responses(server: &Server, origin: Option<&str>) -> Vec<(&'static str, Response)> {
    let alice = user("alice");
    let mut responses = Vec::new();
    for (what, method, path, token, field, status) in [
        ("a file", "GET", "/v1/public/files/a", None, None, 200),
        ("its head", "HEAD", "/v1/public/files/a", None, None, 200),
        (
            "a range",
            "GET",
            "/v1/public/files/a",
            None,
            Some(("range", "bytes=1-2")),
            206,
        ),
        (
            "no change",
            "GET",
            "/v1/public/files/a",
            None,
            Some(("if-none-match", "*")),
            304,
        ),
        (
            "outside",
            "GET",
            "/v1/public/files/a",
            None,
            Some(("range", "bytes=9-")),
            416,
        ),
        ("a list", "GET", "/v1/user/files", Some(&*alice), None, 200),
        (
            "a replacement",
            "PUT",
            "/v1/user/files/a",
            Some(&*alice),
            None,
            200,
        ),
        ("a URL", "POST", "/v1/user/urls/a", Some(&*alice), None, 201),
        (
            "many URLs",
            "POST",
            "/v1/user/urls",
            Some(&*alice),
            None,
            400,
        ),
        ("nothing", "GET", "/v1/public/files/none", None, None, 404),
        ("no resource", "GET", "/elsewhere", None, None, 404),
        ("no token", "GET", "/v1/user/files/a", None, None, 401),
        (
            "an invalid token",
            "GET",
            "/v1/user/files/a",
            Some("forged"),
            None,
            401,
        ),
        ("no right", "GET", "/v1/org/files", Some(&*alice), None, 403),
        ("an invalid link", "GET", "/v1/links/x/a", None, None, 403),
        (
            "an invalid name",
            "GET",
            "/v1/public/files/a//b",
            None,
            None,
            400,
        ),
        (
            "an invalid query",
            "GET",
            "/v1/user/files?limit=0",
            Some(&*alice),
            None,
            400,
        ),
        (
            "an invalid form",
            "POST",
            "/v1/public/files",
            None,
            None,
            415,
        ),
        (
            "a condition",
            "GET",
            "/v1/public/files/a",
            None,
            Some(("if-match", "\"x\"")),
            412,
        ),
        ("a copy", "POST", "/v1/user/copy", Some(&*alice), None, 400),
        ("a description", "GET", "/v1/public/info/a", None, None, 200),
        (
            "an unsupported method",
            "PATCH",
            "/v1/public/files",
            None,
            None,
            405,
        ),
        ("options", "OPTIONS", "/v1/public/files/a", None, None, 204),
    ] {
        let mut request = server.request(method.parse().unwrap(), path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some((name, value)) = field {
            request = request.header(name, value);
        }
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{what}");
        responses.push((what, response));
    }
    responses
}

/// The elements of a list-valued field, in lower case and sorted.
fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter();
    let mut elements: Vec<String> = values
        .flat_map(|value| value.to_str().unwrap().split(','))
        .map(|element| element.trim().to_ascii_lowercase())
        .collect();
    elements.sort();
    elements
}

fn allowed(headers: &HeaderMap) -> Option<&str> {
    let name = "access-control-allow-origin";
    assert!(headers.get_all(name).iter().count() < 2);
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn every_response_lets_listed_origins_and_no_others_read_it() {
    let listed = format!(
        "[\"https://other.example\", \"{LISTED}\", \"http://localhost:5173\", \
         \"https://*.wild.example\"]"
    );
    let star = "[\"*\"]";
    let cases = [
        (Some(listed.as_str()), LISTED, Some(LISTED)),
        (
            Some(&listed),
            "http://localhost:5173",
            Some("http://localhost:5173"),
        ),
        (Some(&listed), "https://app.example.evil.example", None),
        (Some(&listed), "http://app.example", None),
        (Some(&listed), "https://app.example:444", None),
        (Some(&listed), "https://sub.app.example", None),
        (
            Some(&listed),
            "https://sub.wild.example",
            Some("https://sub.wild.example"),
        ),
        (Some(&listed), "https://wild.example", None),
        (Some(&listed), "https://a.sub.wild.example", None),
        (Some(&listed), "null", None),
        (Some(star), LISTED, Some("*")),
        (Some(star), "null", Some("*")),
        (None, LISTED, None),
        (Some("[]"), LISTED, None),
    ];
    for origins in [Some(listed.as_str()), Some(star), None, Some("[]")] {
        let server = server(origins).await;
        for (_, origin, expected) in cases.iter().filter(|case| case.0 == origins) {
            for (what, response) in responses(&server, Some(origin)).await {
                let headers = response.headers();
                let case = format!("{what} for {origin} of {origins:?}: {headers:?}");
                assert_eq!(allowed(headers), *expected, "{case}");
                let mut exposed = list(headers, "access-control-expose-headers");
                exposed.retain(|_| expected.is_some());
                let all = [
                    "accept-patch",
                    "accept-ranges",
                    "allow",
                    "content-disposition",
                    "content-length",
                    "content-location",
                    "content-range",
                    "content-security-policy",
                    "cross-origin-resource-policy",
                    "etag",
                    "link",
                    "location",
                    "retry-after",
                    "tus-checksum-algorithm",
                    "tus-extension",
                    "tus-max-size",
                    "tus-resumable",
                    "tus-version",
                    "upload-complete",
                    "upload-defer-length",
                    "upload-expires",
                    "upload-incomplete",
                    "upload-length",
                    "upload-limit",
                    "upload-metadata",
                    "upload-offset",
                    "www-authenticate",
                    "x-content-type-options",
                    "x-request-id",
                ];
                assert_eq!(
                    exposed,
                    if expected.is_some() { &all[..] } else { &[] },
                    "{case}"
                );
                // Scripts send tokens in a header field themselves, not in cookies.
                assert!(
                    !headers.contains_key("access-control-allow-credentials"),
                    "{case}"
                );
                assert!(is_identified(headers), "{case}");
                if origins == Some(&listed) {
                    assert!(
                        list(headers, "vary").contains(&"origin".to_owned()),
                        "{case}"
                    );
                }
            }
        }
        // Responses without an Origin have the same Vary, for caches.
        for (what, response) in responses(&server, None).await {
            let headers = response.headers();
            let varies = list(headers, "vary").contains(&"origin".to_owned());
            assert_eq!(varies, origins == Some(&listed), "{what}: {headers:?}");
            let echoed = allowed(headers).is_some_and(|allowed| allowed != "*");
            assert!(!echoed, "{what}: {headers:?}");
        }
    }
}

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

#[tokio::test]
async fn refusals_of_the_host_itself_are_readable_too() {
    let origins = format!("[\"{LISTED}\", \"https://*.wild.example\"]");
    let policy = format!("{}[cors]\norigins = {origins}\n", iam());
    let server = Setup::policy(&policy)
        .args(&["--max-body-size", "1 KiB"])
        .start();
    for (origin, admitted) in [
        (LISTED, true),
        ("https://sub.wild.example", true),
        ("https://wild.example", false),
        ("https://evil.example", false),
    ] {
        let request = server.put("/v1/public/files/a", vec![0; 1025]);
        let response = request.header("origin", origin).send().await.unwrap();
        let headers = response.headers();
        assert_eq!(allowed(headers), admitted.then_some(origin));
        let exposed = list(headers, "access-control-expose-headers");
        assert_eq!(exposed.contains(&"retry-after".to_owned()), admitted);
        assert!(list(headers, "vary").contains(&"origin".to_owned()));
        assert_problem(response, 413, "too-large").await;
    }
}
