//! Requests from other origins (the Fetch standard, 3.3), and `OPTIONS`.

mod options;
mod responses;

use reqwest::header::HeaderMap;

use crate::support::{Server, Setup, assert_problem, iam, is_identified, user};
use responses::responses;

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
