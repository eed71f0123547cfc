//! Every problem type, each provoked from outside.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{
    Connection, RequestBuilder, Server, Setup, assert_problem, assert_problem_parts, fetch, iam,
    json_of, user,
};

/// Every type, with its status, and why it is not among [`REQUESTS`] if it is not.
///
/// `headers-too-large` comes from the host's own HTTP layer, as do an
/// `invalid-request` for a missing Host, a `too-large` for a body beyond the
/// host's limit, and the types that are marked so here.
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
    (403, "link-expired", Some("takes time, below")),
    (404, "not-found", None),
    (405, "method-not-allowed", None),
    (408, "timeout", Some("needs a client that stops, below")),
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
        Some("needs a full disk: the local engine's unit tests"),
    ),
];

/// What is stored: `/v1/public/files/there`, by Alice.
const THERE: &str = "/v1/public/files/there";

/// The type that a request is refused with | the request | a field | its body; [`request`]
/// reads them.
const REQUESTS: &[&str] = &[
    "invalid-name | PUT /v1/public/files/a%2F%2E%2E%2Fb | | x",
    "invalid-name | GET /v1/public/files/%00",
    "invalid-name | DELETE /v1/public/files/a%5Cb",
    "invalid-name | POST /v1/public/urls/%FF",
    "invalid-name | GET /v1/public/files/x*901",
    "invalid-name | POST /v1/public/files | form: .. | x",
    "invalid-request | PUT /v1/public/files/none | content-range: bytes 0-0/1 | x",
    "invalid-request | PUT /v1/public/files/none | content-type: no type | x",
    "invalid-request | PUT /v1/public/files/none | content-digest: sha-256=x | x",
    "invalid-request | GET /v1/public/files?limit=0 as alice",
    "invalid-request | GET /v1/public/files?limit=1001 as alice",
    "invalid-request | GET /v1/public/files?cursor=x as alice",
    "invalid-request | GET /v1/public/files?delimiter=x as alice",
    "invalid-request | POST /v1/public/urls/there | content-type: application/json | {\"expires_in\":9}",
    "invalid-request | POST /v1/public/urls/there | | no JSON",
    "invalid-request | POST /v1/public/urls | | {\"files\":[]}",
    "invalid-request | POST /v1/public/copy as alice | | {\"from\":\"there\",\"to\":\"there\"}",
    "invalid-request | POST /v1/public/delete as alice | | {\"folder\":\"there\"}",
    "invalid-request | PATCH /v1/public/info/there as alice | | {}",
    "invalid-request | PUT /v1/public/files/none | coffer-meta-a_b: x | x",
    "invalid-multipart | POST /v1/public/files | content-type: multipart/form-data; boundary=b | --b\r\n",
    "invalid-multipart | POST /v1/public/files | form: | x",
    "digest-mismatch | PUT /v1/public/files/none | content-digest: sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=: | x",
    "digest-mismatch | PUT /v1/public/files/none | repr-digest: sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=: | x",
    "unauthenticated | GET /v1/public/files",
    "unauthenticated | GET /v1/user/files/a",
    "unauthenticated | PUT /v1/org/files/a | | x",
    "unauthenticated | DELETE /v1/public/files/there",
    "invalid-token | GET /v1/public/files/there | authorization: Bearer a.b.c",
    "invalid-token | GET /v1/public/files/there | authorization: Basic YTpi",
    "forbidden | DELETE /v1/public/files/there as bob",
    "forbidden | PUT /v1/public/files/there as bob | | x",
    "forbidden | GET /v1/org/files as alice",
    "link-invalid | GET /v1/links/a.b.c/there",
    "not-found | GET /v1/public/files/none",
    "not-found | GET /v1/public/files/there/below",
    "not-found | DELETE /v1/public/files/none as alice",
    "not-found | POST /v1/public/urls/none",
    "not-found | POST /v1/public/copy as alice | | {\"from\":\"none\",\"to\":\"x\"}",
    "not-found | GET /v1/public/info/none",
    "not-found | GET /",
    "not-found | GET /v1/private/files",
    "method-not-allowed | POST /v1/public/files/there",
    "method-not-allowed | DELETE /v1/public/files",
    "method-not-allowed | PATCH /v1/public/files/there",
    "method-not-allowed | GET /v1/public/urls/there",
    "method-not-allowed | GET /v1/public/urls",
    "method-not-allowed | GET /v1/public/copy",
    "method-not-allowed | PUT /v1/public/info/there",
    "already-exists | POST /v1/public/files | form: there | x",
    "precondition-failed | PUT /v1/public/files/there as alice | if-none-match: * | x",
    "precondition-failed | PUT /v1/public/files/none | if-match: \"a\" | x",
    "precondition-failed | GET /v1/public/files/there | if-match: \"a\"",
    "precondition-failed | DELETE /v1/public/files/there as alice | if-match: \"a\"",
    "too-large | PUT /v1/public/files/none | | x*1025",
    "too-large | POST /v1/public/files | form: a | x*1025",
    "too-large | POST /v1/public/urls/there | | x*5000",
    "unsupported-media-type | PUT /v1/public/files/none | content-type: image/png | x",
    "unsupported-media-type | POST /v1/public/files | content-type: application/json | {}",
    "unsupported-media-type | POST /v1/public/files",
    "range-not-satisfiable | GET /v1/public/files/there | range: bytes=5-",
    "range-not-satisfiable | GET /v1/public/files/there | range: bytes=-0",
    "headers-too-large | GET /v1/public/files/there | x-large: x*66000",
];

/// The type and the request of a row. `form: NAME` is a form with the body as a file of that
/// name, or as a field where it has none.
fn request(server: &Server, row: &'static str) -> (&'static str, RequestBuilder) {
    let mut columns = row.split('|').map(|column| column.trim_matches(' '));
    let mut column = || columns.next().unwrap_or_default();
    let (kind, line, field, body) = (column(), column(), column(), repeated(column()));
    let (line, caller) = line.split_once(" as ").unwrap_or((line, ""));
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = server.request(method.parse().unwrap(), &repeated(path));
    if !caller.is_empty() {
        request = request.bearer_auth(user(caller));
    }
    let request = match field.split_once(':') {
        None => request.body(body),
        Some(("form", "")) => request.multipart(Form::new().text("a", body)),
        Some(("form", name)) => {
            let file = Part::text(body).file_name(name.trim().to_owned());
            request.multipart(Form::new().part("file", file))
        }
        Some((name, value)) => request.header(name, repeated(value.trim())).body(body),
    };
    (kind, request)
}

/// The text, with `x*9` expanded to nine.
fn repeated(text: &str) -> String {
    let Some((before, rest)) = text.split_once("x*") else {
        return text.to_owned();
    };
    let digits = rest.find(|c: char| !c.is_ascii_digit());
    let (count, after) = rest.split_at(digits.unwrap_or(rest.len()));
    format!("{before}{}{after}", "x".repeat(count.parse().unwrap()))
}

#[tokio::test]
async fn every_refusal_is_a_problem_document_of_its_type() {
    let rules = "[public]\nmax-file-size = '1 KiB'\n\
                 content-types = ['text/*', 'application/octet-stream']\n";
    let server = Setup::policy(&(iam() + rules)).start();
    let put = server.put(THERE, "there").bearer_auth(user("alice"));
    assert_eq!(put.send().await.unwrap().status(), 201);

    let mut provoked = BTreeSet::new();
    for row in REQUESTS {
        let (kind, request) = request(&server, row);
        let (status, ..) = TYPES.iter().find(|(_, known, _)| *known == kind).unwrap();
        let response = request.send().await.unwrap();
        let fields = response.headers().clone();
        println!("{row}");
        assert_problem(response, *status, kind).await;
        // The header fields that a type requires beside its document.
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

    // None of them left anything behind.
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
async fn an_expired_link_says_so() {
    let server = Server::start();
    let alice = user("alice");
    let put = server.put("/v1/user/files/a", "x").bearer_auth(&alice);
    assert_eq!(put.send().await.unwrap().status(), 201);
    let made = server.post("/v1/user/urls/a").bearer_auth(&alice);
    let made = made.json(&json!({ "expires_in": 1 })).send().await.unwrap();
    let made: Value = made.json().await.unwrap();
    let url = made["url"].as_str().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut response = fetch(url).await.unwrap();
    while response.status() == 200 {
        assert!(Instant::now() < deadline, "it never expires");
        tokio::time::sleep(Duration::from_millis(20)).await;
        response = fetch(url).await.unwrap();
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
