//! Every type of refusal there is, each provoked from outside.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{
    Connection, Server, Setup, assert_problem, assert_problem_parts, iam, json_of, user,
};

/// Every type, with its status, and why it is not among [`requests`] if it is not.
///
/// `headers-too-large` comes from the host's own HTTP layer, as do an
/// `invalid-request` for a missing Host, a `too-large` for a body beyond the
/// host's limit, and the types of which it says so here.
const TYPES: [(u16, &str, Option<&str>); 22] = [
    (400, "invalid-name", None),
    (400, "invalid-request", None),
    (400, "invalid-multipart", None),
    (400, "digest-mismatch", None),
    (401, "unauthenticated", None),
    (401, "invalid-token", None),
    (403, "forbidden", None),
    (
        403,
        "iam-not-configured",
        Some("a server of its own, below"),
    ),
    (403, "link-invalid", None),
    (403, "link-expired", Some("takes its time, below")),
    (404, "not-found", None),
    (405, "method-not-allowed", None),
    (408, "timeout", Some("takes a client that stops, below")),
    (409, "already-exists", None),
    (412, "precondition-failed", None),
    (413, "too-large", None),
    (415, "unsupported-media-type", None),
    (416, "range-not-satisfiable", None),
    (431, "headers-too-large", None),
    (
        500,
        "internal",
        Some("the host's, for a component that traps: protocol.rs"),
    ),
    (
        503,
        "unavailable",
        Some("the host's, with no instance left: protocol.rs"),
    ),
    (
        507,
        "no-space",
        Some("takes a full disk: the local engine's unit tests"),
    ),
];

/// What is stored: `/v1/public/files/there`, by Alice.
const THERE: &str = "/v1/public/files/there";

/// A form with one file.
fn form(filename: &'static str) -> Form {
    Form::new().part("file", Part::text("x").file_name(filename))
}

/// Requests, and the type that each is refused with.
fn requests(server: &Server) -> Vec<(&'static str, RequestBuilder)> {
    let none = "/v1/public/files/none";
    let files = "/v1/public/files";
    let alice = user("alice");
    let digest = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:";
    let multipart = "multipart/form-data; boundary=b";
    let large = "x".repeat(1025);
    vec![
        (
            "invalid-name",
            server.put("/v1/public/files/a%2F%2E%2E%2Fb", "x"),
        ),
        ("invalid-name", server.get("/v1/public/files/%00")),
        ("invalid-name", server.delete("/v1/public/files/a%5Cb")),
        ("invalid-name", server.post("/v1/public/urls/%FF")),
        (
            "invalid-name",
            server.get(&format!("{files}/{}", "x".repeat(901))),
        ),
        ("invalid-name", server.post(files).multipart(form(".."))),
        (
            "invalid-request",
            server.put(none, "x").header("content-range", "bytes 0-0/1"),
        ),
        (
            "invalid-request",
            server.put(none, "x").header("content-type", "no type"),
        ),
        (
            "invalid-request",
            server.put(none, "x").header("content-digest", "sha-256=x"),
        ),
        (
            "invalid-request",
            server.get(&format!("{files}?limit=0")).bearer_auth(&alice),
        ),
        (
            "invalid-request",
            server
                .get(&format!("{files}?limit=1001"))
                .bearer_auth(&alice),
        ),
        (
            "invalid-request",
            server.get(&format!("{files}?cursor=x")).bearer_auth(&alice),
        ),
        (
            "invalid-request",
            server
                .get(&format!("{files}?delimiter=x"))
                .bearer_auth(&alice),
        ),
        (
            "invalid-request",
            server
                .post("/v1/public/urls/there")
                .json(&json!({ "expires_in": 9 })),
        ),
        (
            "invalid-request",
            server.post("/v1/public/urls/there").body("no JSON"),
        ),
        (
            "invalid-multipart",
            server
                .post(files)
                .header("content-type", multipart)
                .body("--b\r\n"),
        ),
        (
            "invalid-multipart",
            server.post(files).multipart(Form::new().text("a", "b")),
        ),
        (
            "digest-mismatch",
            server.put(none, "x").header("content-digest", digest),
        ),
        (
            "digest-mismatch",
            server.put(none, "x").header("repr-digest", digest),
        ),
        ("unauthenticated", server.get(files)),
        ("unauthenticated", server.get("/v1/user/files/a")),
        ("unauthenticated", server.put("/v1/org/files/a", "x")),
        ("unauthenticated", server.delete(THERE)),
        ("invalid-token", server.get(THERE).bearer_auth("a.b.c")),
        (
            "invalid-token",
            server.get(THERE).basic_auth("a", Some("b")),
        ),
        ("forbidden", server.delete(THERE).bearer_auth(user("bob"))),
        ("forbidden", server.put(THERE, "x").bearer_auth(user("bob"))),
        ("forbidden", server.get("/v1/org/files").bearer_auth(&alice)),
        ("link-invalid", server.get("/v1/links/a.b.c/there")),
        ("not-found", server.get(none)),
        ("not-found", server.get(&format!("{THERE}/below"))),
        ("not-found", server.delete(none).bearer_auth(&alice)),
        ("not-found", server.post("/v1/public/urls/none")),
        ("not-found", server.get("/")),
        ("not-found", server.get("/v1/private/files")),
        ("method-not-allowed", server.post(THERE)),
        ("method-not-allowed", server.delete(files)),
        ("method-not-allowed", server.request(Method::PATCH, THERE)),
        ("method-not-allowed", server.get("/v1/public/urls/there")),
        (
            "already-exists",
            server.post(files).multipart(form("there")),
        ),
        (
            "precondition-failed",
            server
                .put(THERE, "x")
                .bearer_auth(&alice)
                .header("if-none-match", "*"),
        ),
        (
            "precondition-failed",
            server.put(none, "x").header("if-match", "\"a\""),
        ),
        (
            "precondition-failed",
            server.get(THERE).header("if-match", "\"a\""),
        ),
        (
            "precondition-failed",
            server
                .delete(THERE)
                .bearer_auth(&alice)
                .header("if-match", "\"a\""),
        ),
        ("too-large", server.put(none, large.clone())),
        (
            "too-large",
            server
                .post(files)
                .multipart(Form::new().part("f", Part::text(large).file_name("a"))),
        ),
        (
            "too-large",
            server.post("/v1/public/urls/there").body(" ".repeat(5000)),
        ),
        (
            "unsupported-media-type",
            server.put(none, "x").header("content-type", "image/png"),
        ),
        (
            "unsupported-media-type",
            server.post(files).json(&json!({})),
        ),
        ("unsupported-media-type", server.post(files)),
        (
            "range-not-satisfiable",
            server.get(THERE).header("range", "bytes=5-"),
        ),
        (
            "range-not-satisfiable",
            server.get(THERE).header("range", "bytes=-0"),
        ),
        (
            "headers-too-large",
            server.get(THERE).header("x-large", "x".repeat(66_000)),
        ),
    ]
}

#[tokio::test]
async fn every_refusal_is_a_problem_document_of_its_type() {
    let rules = "[public]\nmax-file-size = '1 KiB'\n\
                 content-types = ['text/*', 'application/octet-stream']\n";
    let server = Setup::policy(&(iam() + rules)).start();
    let put = server.put(THERE, "there").bearer_auth(user("alice"));
    assert_eq!(put.send().await.unwrap().status(), 201);

    let mut provoked = BTreeSet::new();
    for (kind, request) in requests(&server) {
        let (status, ..) = TYPES.iter().find(|(_, known, _)| *known == kind).unwrap();
        let response = request.send().await.unwrap();
        let fields = response.headers().clone();
        println!("{kind}: {}", response.url());
        assert_problem(response, *status, kind).await;
        // What a type owes beside its document.
        let field = |name: &str| fields.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(field("www-authenticate").is_some(), *status == 401);
        assert_eq!(field("allow").is_some(), kind == "method-not-allowed");
        let of_size = (*status == 416).then_some("bytes */5");
        assert_eq!(field("content-range"), of_size);
        assert_eq!(field("cache-control"), Some("no-store"));
        provoked.insert(kind);
    }
    let expected = TYPES.iter().filter(|(.., elsewhere)| elsewhere.is_none());
    assert_eq!(provoked, expected.map(|(_, kind, _)| *kind).collect());

    // And not one of them left anything.
    let list = server.get("/v1/public/files").bearer_auth(user("alice"));
    let listing = json_of(list).await;
    let files = listing["files"].as_array().unwrap();
    assert_eq!(files.len(), 1, "{listing}");
    assert_eq!(
        server
            .get(THERE)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        "there"
    );
}

#[tokio::test]
async fn a_link_whose_time_is_over_says_so() {
    let server = Server::start();
    let alice = user("alice");
    let put = server.put("/v1/user/files/a", "x").bearer_auth(&alice);
    assert_eq!(put.send().await.unwrap().status(), 201);
    let made = server.post("/v1/user/urls/a").bearer_auth(&alice);
    let made = made.json(&json!({ "expires_in": 1 })).send().await.unwrap();
    let made: Value = made.json().await.unwrap();
    let url = made["url"].as_str().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut response = reqwest::get(url).await.unwrap();
    while response.status() == 200 {
        assert!(Instant::now() < deadline, "it works for ever");
        tokio::time::sleep(Duration::from_millis(20)).await;
        response = reqwest::get(url).await.unwrap();
    }
    assert_problem(response, 403, "link-expired").await;
}

#[tokio::test]
async fn without_an_iam_api_an_area_with_owners_says_so() {
    let server = Setup::public_only().start();
    for path in ["/v1/user/files", "/v1/org/files/a"] {
        let response = server.get(path).send().await.unwrap();
        assert_problem(response, 403, "iam-not-configured").await;
    }
}

#[test]
fn a_body_that_stops_arriving_is_a_timeout() {
    let server = Setup::default().args(&["--idle-timeout", "1s"]).start();
    let mut connection = Connection::open(server.address());
    connection.send(
        "PUT /v1/public/files/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf",
    );
    assert_problem_parts(&connection.answer(), 408, "timeout");
}
