//! Responses of every kind.

use reqwest::Response;

use crate::support::{Server, user};

/// One response of every kind, to a request from this origin.
pub(super) async fn responses(
    server: &Server,
    origin: Option<&str>,
) -> Vec<(&'static str, Response)> {
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
