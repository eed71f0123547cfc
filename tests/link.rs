//! `POST /v1/{area}/urls/{name}`: who gets a URL, of which kind and for how long. What links,
//! which are presigned URLs, open is in [`opened`]; what they store in [`upload`], [`folder`]
//! and [`manage`]; and what they do not in [`abuse`].

mod abuse;
mod folder;
mod manage;
mod many;
mod opened;
mod upload;

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{Server, Setup, assert_problem, iam, json_of, org_member, token, user};

/// Requests a URL from `/v1/{area}/urls/{name}`.
async fn ask(server: &Server, token: &str, path: &str, body: impl Into<reqwest::Body>) -> Response {
    let request = server.post(path).bearer_auth(token).body(body);
    request.send().await.unwrap()
}

/// Stores a file and returns the path of a link to it.
async fn link(server: &Server, token: &str, area_and_name: (&str, &str)) -> String {
    let (area, name) = area_and_name;
    store(
        server,
        token,
        &format!("/v1/{area}/files/{name}"),
        "content",
    )
    .await;
    let response = ask(server, token, &format!("/v1/{area}/urls/{name}"), "").await;
    path_of(server, &made(response).await)
}

async fn store(server: &Server, token: &str, path: &str, content: &'static str) {
    let request = server.put(path, content).bearer_auth(token);
    let response = request.header("content-type", "text/plain");
    assert!(
        response.send().await.unwrap().status().is_success(),
        "{path}"
    );
}

/// The path of an upload link that is requested with these further members.
async fn upload_link(server: &Server, token: &str, path: &str, members: Value) -> String {
    let mut body = json!({ "for": "upload" });
    let members = members.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(members);
    let response = ask(server, token, path, body.to_string()).await;
    path_of(server, &made(response).await)
}

/// Sends a file of plain text to a link.
async fn put(server: &Server, link: &str, content: &'static str) -> Response {
    let request = server.put(link, content);
    request
        .header("content-type", "text/plain")
        .send()
        .await
        .unwrap()
}

/// Sends a form with these files of plain text to a link.
async fn post(server: &Server, link: &str, files: &[(&str, &str)]) -> Response {
    post_parts(server, link, &form(files)).await
}

/// Sends these parts of a form to a link, and the end of the form.
async fn post_parts(server: &Server, link: &str, parts: &str) -> Response {
    let request = server.post(link);
    let request = request.header("content-type", "multipart/form-data; boundary=limit");
    request
        .body(format!("{parts}--limit--\r\n"))
        .send()
        .await
        .unwrap()
}

/// The parts of a form, each a file of plain text.
fn form(files: &[(&str, &str)]) -> String {
    let part = |(filename, content): &(&str, &str)| {
        format!(
            "--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\
             Content-Type: text/plain\r\n\r\n{content}\r\n"
        )
    };
    files.iter().map(part).collect()
}

/// A part with a text field.
fn field(name: &str, value: &str) -> String {
    format!("--limit\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

/// The names and contents of all files in an area.
async fn files_in(server: &Server, token: &str, area: &str) -> BTreeMap<String, String> {
    let list = server.get(&format!("/v1/{area}/files?limit=1000"));
    let listing = json_of(list.bearer_auth(token)).await;
    let mut files = BTreeMap::new();
    for file in listing["files"].as_array().unwrap() {
        let name = file["name"].as_str().unwrap();
        let get = server.get(&format!("/v1/{area}/files/{name}"));
        let response = get.bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), 200, "{name}");
        files.insert(name.to_owned(), response.text().await.unwrap());
    }
    files
}

/// Waits until a link is past its time.
async fn expired(server: &Server, method: &Method, link: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        // Too early, it is refused for its type.
        let request = server.request(method.clone(), link);
        let request = request.header("content-type", "x/y").body("x");
        let problem = json_of(request).await;
        if problem["type"] == "/problems/link-expired" {
            return;
        }
        assert_eq!(problem["status"], 415, "{problem}");
        assert!(Instant::now() < deadline, "it still works");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A new link, and when it expires.
async fn made(response: Response) -> Value {
    assert_eq!(response.status(), 201, "{:?}", response.text().await);
    assert_eq!(response.headers()["content-type"], "application/json");
    let made: Value = response.json().await.unwrap();
    let mut keys: Vec<&String> = made.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["expires_at", "url"]);
    made
}

fn path_of(server: &Server, made: &Value) -> String {
    let url = made["url"].as_str().unwrap();
    url.strip_prefix(&server.url).unwrap().to_owned()
}

/// In how many seconds from now it expires.
fn lifetime(made: &Value) -> f64 {
    let end = humantime::parse_rfc3339(made["expires_at"].as_str().unwrap()).unwrap();
    end.duration_since(SystemTime::now())
        .unwrap_or_default()
        .as_secs_f64()
}

/// The parts of a link's path: its token and the encoded basename.
fn parts(link: &str) -> (&str, &str) {
    let rest = link.strip_prefix("/v1/links/").unwrap();
    rest.split_once('/').unwrap()
}

async fn get(server: &Server, path: &str) -> Response {
    server.get(path).send().await.unwrap()
}

async fn assert_opens(server: &Server, link: &str, content: &str) {
    let response = get(server, link).await;
    assert_eq!(response.status(), 200, "{link}");
    assert_eq!(response.text().await.unwrap(), content);
}

#[tokio::test]
async fn a_public_file_has_a_permanent_url() {
    let server = Server::start();
    let token = user("alice");
    for (encoded, canonical) in [
        ("a", "a"),
        ("dir/%E6%97%A5%20a%2Bb.txt", "dir/%E6%97%A5%20a%2Bb.txt"),
        ("%61!", "a%21"),
    ] {
        let file = format!("/v1/public/files/{encoded}");
        store(&server, &token, &file, "public").await;
        let at = format!("/v1/public/urls/{encoded}");
        for body in ["", "{}", "{\"expires_in\":null}"] {
            let made = made(ask(&server, &token, &at, body).await).await;
            let url = format!("{}/v1/public/files/{canonical}", server.url);
            assert_eq!(made, json!({ "url": url, "expires_at": null }), "{body}");
            assert_opens(&server, &path_of(&server, &made), "public").await;
        }
        // Reading it needs no token, so this does not either.
        let anonymous = server.post(&at).send().await.unwrap();
        assert_eq!(anonymous.status(), 201);
        for body in ["{\"expires_in\":60}", "{\"expires_in\":0}"] {
            let response = ask(&server, &token, &at, body).await;
            assert_problem(response, 400, "invalid-request").await;
        }
    }
}

#[tokio::test]
async fn a_link_is_valid_for_as_long_as_requested() {
    let server = Server::start();
    let token = org_member("alice", "acme");
    for area in ["user", "org"] {
        store(&server, &token, &format!("/v1/{area}/files/a"), "content").await;
        let at = format!("/v1/{area}/urls/a");
        for (body, seconds) in [
            ("", 3600),
            ("{}", 3600),
            (" {\n} ", 3600),
            ("{\"expires_in\":null}", 3600),
            ("{\"expires_in\":60}", 60),
            ("{\"expires_in\": 86400 }", 86_400),
            ("{\"expires_in\":604800}", 604_800),
            ("{\"expires_in\":1}", 1),
            ("{\"expires_in\":60.0}", 60),
            ("{\"expires_in\":1e3}", 1000),
        ] {
            let made = made(ask(&server, &token, &at, body).await).await;
            let off = lifetime(&made) - f64::from(seconds);
            // Rounded up by a tenth at most.
            let late = f64::from(seconds) / 10.0 + 2.0;
            assert!((-2.0..=late).contains(&off), "{body}: {made}");
            let path = path_of(&server, &made);
            assert!(
                path.starts_with("/v1/links/") && path.ends_with("/a"),
                "{path}"
            );
        }
        for body in [
            "{\"expires_in\":0}",
            "{\"expires_in\":-1}",
            "{\"expires_in\":1.5}",
            "{\"expires_in\":60.5}",
            "{\"expiresIn\":60}",
            "{\"expires_in\":60,\"for\":1}",
            "{\"expires_in\":\"60\"}",
            "{\"expires_in\":true}",
            "{\"expires_in\":[60]}",
            "{\"expires_in\":{}}",
            "{\"expires_in\":604801}",
            "{\"expires_in\":18446744073709551615}",
            "{\"expires_in\":18446744073709551616}",
            "{\"expires_in\":60",
            "{\"expires_in\":60}x",
            "{\"expires_in\":1,\"expires_in\":2}",
            "expires_in=60",
            "null",
            "60",
            "\"\"",
            "[]",
            "[60]",
            " ",
            "\0",
        ] {
            let response = ask(&server, &token, &at, body).await;
            eprintln!("{body}");
            assert_problem(response, 400, "invalid-request").await;
        }
        let response = ask(&server, &token, &at, &b"{\"expires_in\":\xff}"[..]).await;
        assert_problem(response, 400, "invalid-request").await;
        for length in [5000, 5_000_000] {
            let body = format!("{{}}{}", " ".repeat(length));
            let response = ask(&server, &token, &at, body).await;
            assert_problem(response, 413, "too-large").await;
        }
    }
}

#[tokio::test]
async fn a_link_that_is_requested_again_soon_is_the_same() {
    let server = Server::start();
    let token = user("alice");
    store(&server, &token, "/v1/user/files/a", "content").await;
    let ask = async || made(ask(&server, &token, "/v1/user/urls/a", "").await).await;
    let mut last = ask().await;
    // A step of the expiry time may lie between two of them, but not often.
    for _ in 0..3 {
        let next = ask().await;
        if next == last {
            assert_opens(&server, &path_of(&server, &next), "content").await;
            return;
        }
        last = next;
    }
    panic!("every link is different: {last}");
}

#[tokio::test]
async fn unsupported_options_of_a_link_are_named() {
    let server = Server::start();
    let token = user("alice");
    store(&server, &token, "/v1/user/files/a", "content").await;
    let response = ask(&server, &token, "/v1/user/urls/a", "{\"expiresIn\":60}").await;
    assert_eq!(response.status(), 400);
    let problem: Value = response.json().await.unwrap();
    let words = "unknown member \"expiresIn\", expected \"for\", \"expires_in\", \"max_size\", \
                 \"content_types\" or \"replace\"";
    assert_eq!(problem["detail"], words);
}

#[tokio::test]
async fn the_policy_limits_how_long_links_are_valid_and_who_makes_them() {
    let policy = format!(
        "{}[user]\nread = \"role:reader\"\n[public]\nread = \"signed-in\"\n\
         [links]\nmax-age = \"5m\"\n",
        iam()
    );
    let server = Setup::policy(&policy).start();
    let reader = token(Some("alice"), None, &["reader"]);
    store(&server, &reader, "/v1/user/files/a", "content").await;
    let at = "/v1/user/urls/a";
    for (body, seconds) in [("", 300), ("{\"expires_in\":300}", 300)] {
        let made = made(ask(&server, &reader, at, body).await).await;
        let off = lifetime(&made) - f64::from(seconds);
        assert!((-2.0..=2.0).contains(&off), "{made}");
    }
    let response = ask(&server, &reader, at, "{\"expires_in\":301}").await;
    assert_problem(response, 400, "invalid-request").await;
    // Without the right to read, there is no link either.
    let response = ask(&server, &user("alice"), at, "").await;
    assert_problem(response, 403, "forbidden").await;
    store(&server, &reader, "/v1/public/files/a", "content").await;
    let response = server.post("/v1/public/urls/a").send().await.unwrap();
    assert_problem(response, 401, "unauthenticated").await;
}

#[tokio::test]
async fn creating_a_url_needs_the_right_to_read() {
    let server = Server::start();
    let alice = org_member("alice", "acme");
    for area in ["public", "user", "org"] {
        store(&server, &alice, &format!("/v1/{area}/files/a"), "content").await;
    }
    let bob = org_member("bob", "other");
    for (path, token, status, kind) in [
        (
            "/v1/public/urls/none",
            Some(alice.clone()),
            404,
            "not-found",
        ),
        ("/v1/user/urls/none", Some(alice.clone()), 404, "not-found"),
        ("/v1/user/urls/A", Some(alice.clone()), 404, "not-found"),
        ("/v1/org/urls/a/b", Some(alice.clone()), 404, "not-found"),
        ("/v1/user/urls/a", Some(bob.clone()), 404, "not-found"),
        ("/v1/org/urls/a", Some(bob), 404, "not-found"),
        ("/v1/user/urls/a", None, 401, "unauthenticated"),
        ("/v1/org/urls/a", None, 401, "unauthenticated"),
        ("/v1/user/urls/none", None, 401, "unauthenticated"),
        (
            "/v1/user/urls/a",
            Some("forged".to_owned()),
            401,
            "invalid-token",
        ),
        (
            "/v1/public/urls/a",
            Some("forged".to_owned()),
            401,
            "invalid-token",
        ),
        ("/v1/org/urls/a", Some(user("alice")), 403, "forbidden"),
        (
            "/v1/user/urls/a",
            Some(token(None, Some("acme"), &[])),
            403,
            "forbidden",
        ),
        (
            "/v1/user/urls/a//b",
            Some(alice.clone()),
            400,
            "invalid-name",
        ),
        ("/v1/user/urls/%00", Some(alice), 400, "invalid-name"),
    ] {
        let mut request = server.post(path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        eprintln!("{path} {status}");
        assert_problem(response, status, kind).await;
    }
}
