//! Metadata: given with a file, shown with it, and changed without its bytes.

use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{Server, Setup, assert_problem, etag, iam, json_of, org_member, token, user};

const FILE: &str = "/v1/user/files/a.txt";
const INFO: &str = "/v1/user/info/a.txt";

async fn put(server: &Server, token: &str, fields: &[(&str, &str)]) -> Response {
    let request = server.put(FILE, "content").bearer_auth(token);
    let request = fields.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.send().await.unwrap()
}

async fn patch(server: &Server, token: &str, path: &str, body: &Value) -> Response {
    let request = server.request(Method::PATCH, path).bearer_auth(token);
    request.body(body.to_string()).send().await.unwrap()
}

/// The fields that a response has, as `NAME: VALUE`.
fn fields(response: &Response) -> Vec<String> {
    let fields = response.headers().iter();
    let mut fields: Vec<String> = fields
        .filter(|(name, _)| name.as_str().starts_with("coffer-meta-"))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    fields.sort();
    fields
}

async fn described(server: &Server, token: &str) -> Value {
    json_of(server.get(INFO).bearer_auth(token)).await["metadata"].clone()
}

#[tokio::test]
async fn fields_of_an_upload_come_back_with_the_file() {
    let server = Server::start();
    let alice = user("alice");
    let stored = put(
        &server,
        &alice,
        &[
            ("Coffer-Meta-Title", "Zo%C3%AB%20%F0%9F%A6%8A"),
            ("coffer-meta-a-1", "50%25 off"),
            ("COFFER-META-EMPTY", ""),
        ],
    )
    .await;
    assert_eq!(stored.status(), 201);
    let expected = json!({ "a-1": "50% off", "empty": "", "title": "Zoë 🦊" });
    let file: Value = stored.json().await.unwrap();
    assert_eq!(file["metadata"], expected);
    assert_eq!(described(&server, &alice).await, expected);
    for (method, range, status) in [
        (Method::GET, "", 200),
        (Method::HEAD, "", 200),
        (Method::GET, "bytes=0-1", 206),
    ] {
        let request = server.request(method, FILE).bearer_auth(&alice);
        let response = request.header("range", range).send().await.unwrap();
        assert_eq!(response.status(), status);
        let expected = [
            "coffer-meta-a-1: 50%25%20off",
            "coffer-meta-empty: ",
            "coffer-meta-title: Zo%C3%AB%20%F0%9F%A6%8A",
        ];
        assert_eq!(fields(&response), expected);
    }
    // A new version has its own.
    let replaced = put(&server, &alice, &[("coffer-meta-b", "2")]).await;
    assert_eq!(replaced.status(), 200);
    assert_eq!(described(&server, &alice).await, json!({ "b": "2" }));
    put(&server, &alice, &[]).await;
    assert_eq!(described(&server, &alice).await, json!({}));
    let get = server.get(FILE).bearer_auth(&alice).send().await.unwrap();
    assert_eq!(fields(&get), [""; 0]);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_and_nothing_is_stored() {
    let server = Server::start();
    let alice = user("alice");
    let long = "x".repeat(1536);
    let names: Vec<String> = (0..33).map(|n| format!("coffer-meta-{n}")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    for (given, words) in [
        (&[("coffer-meta-a", "%")][..], "malformed"),
        (&[("coffer-meta-a", "%FF")], "UTF-8"),
        (&[("coffer-meta-a", "é")], "percent-encoded"),
        (&[("coffer-meta-a", "a%0Ab")], "control character"),
        (&[("coffer-meta-a_b", "x")], "metadata name"),
        (&[("coffer-meta-", "x")], "metadata name"),
        (
            &[("coffer-meta-a", "1"), ("Coffer-Meta-A", "2")],
            "more than once",
        ),
        (&[("coffer-meta-a", &long)], "1536 bytes"),
        (&many, "32 pairs"),
    ] {
        let refused = put(&server, &alice, given).await;
        let document: Value = refused.json().await.unwrap();
        let detail = document["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{given:?}: {document}");
        assert_problem(put(&server, &alice, given).await, 400, "invalid-request").await;
    }
    let head = server.head(FILE).bearer_auth(&alice).send().await.unwrap();
    assert_eq!(head.status(), 404);
    let most = [("coffer-meta-a", &long[1..])];
    assert_eq!(put(&server, &alice, &most).await.status(), 201);
    assert_eq!(put(&server, &alice, &many[1..]).await.status(), 200);
}

#[tokio::test]
async fn a_field_of_a_form_is_for_the_files_after_it() {
    let server = Server::start();
    let alice = user("alice");
    let file = |name: &str| Part::text("x").file_name(name.to_owned());
    let send = |form: Form| {
        let request = server.post("/v1/user/files").bearer_auth(&alice);
        async move { request.multipart(form).send().await.unwrap() }
    };
    let form = Form::new()
        .part("file", file("before"))
        .text("metadata", r#"{"album":"Zoë","n":"1"}"#)
        .part("file", file("first"))
        .part("file", file("second"))
        .text("metadata", "")
        .part("file", file("after"));
    let stored = send(form).await;
    assert_eq!(stored.status(), 201);
    let stored: Value = stored.json().await.unwrap();
    let given = json!({ "album": "Zoë", "n": "1" });
    for (file, expected) in [json!({}), given.clone(), given, json!({})]
        .iter()
        .enumerate()
    {
        assert_eq!(stored["files"][file]["metadata"], *expected, "{file}");
    }
    for text in [
        "x",
        "[]",
        r#"{"a":1}"#,
        r#"{"A":"1"}"#,
        r#"{"a":"1","a":"2"}"#,
        r#"{"a":"\n"}"#,
    ] {
        let form = Form::new().part("file", file("kept-out"));
        let form = form.text("metadata", text).part("file", file("none"));
        assert_problem(send(form).await, 400, "invalid-request").await;
    }
    let endless = "x".repeat(20_000);
    let form = Form::new()
        .text("metadata", endless)
        .part("file", file("none"));
    assert_problem(send(form).await, 400, "invalid-multipart").await;
    let list = json_of(server.get("/v1/user/files").bearer_auth(&alice)).await;
    assert_eq!(list["files"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_description_is_read_and_changed_without_the_bytes() {
    let server = Server::start();
    let alice = org_member("alice", "acme");
    for area in ["public", "user", "org"] {
        let (file, info) = (
            format!("/v1/{area}/files/d/a%20b.txt"),
            format!("/v1/{area}/info/d/a%20b.txt"),
        );
        let get = server.get(&info).bearer_auth(&alice).send().await.unwrap();
        assert_problem(get, 404, "not-found").await;
        let body = json!({ "metadata": { "a": "1" } });
        let missing = patch(&server, &alice, &info, &body).await;
        assert_problem(missing, 404, "not-found").await;

        let put = server.put(&file, "content").bearer_auth(&alice);
        let put = put.header("coffer-meta-old", "x").send().await.unwrap();
        let stored: Value = put.json().await.unwrap();
        let described = server.get(&info).bearer_auth(&alice).send().await.unwrap();
        assert_eq!(described.status(), 200);
        assert_eq!(described.headers()["cache-control"], "no-store");
        assert!(!described.headers().contains_key("etag"));
        let length = described.headers()["content-length"].clone();
        let described: Value = described.json().await.unwrap();
        assert_eq!(described, stored);
        let head = server.head(&info).bearer_auth(&alice).send().await.unwrap();
        assert_eq!(head.status(), 200);
        assert_eq!(head.headers()["content-length"], length);

        for (body, metadata, content_type) in [
            (
                json!({ "metadata": { "b": "Zoë", "a": "1" } }),
                json!({ "a": "1", "b": "Zoë" }),
                "text/plain",
            ),
            (
                json!({ "content_type": "text/html" }),
                json!({ "a": "1", "b": "Zoë" }),
                "text/html",
            ),
            (
                json!({ "metadata": {}, "content_type": "image/png" }),
                json!({}),
                "image/png",
            ),
        ] {
            let changed = patch(&server, &alice, &info, &body).await;
            assert_eq!(changed.status(), 200, "{body}: {:?}", changed.text().await);
            let changed: Value = changed.json().await.unwrap();
            assert_eq!(changed["metadata"], metadata, "{body}");
            assert_eq!(changed["content_type"], content_type, "{body}");
            assert_eq!(changed["size"], 7);
            let described = json_of(server.get(&info).bearer_auth(&alice)).await;
            assert_eq!(described, changed);
            let get = server.get(&file).bearer_auth(&alice).send().await.unwrap();
            assert_eq!(etag(&get), changed["etag"].as_str().unwrap());
            assert_eq!(fields(&get).len(), metadata.as_object().unwrap().len());
            assert!(
                get.headers()["content-type"]
                    .to_str()
                    .unwrap()
                    .starts_with(content_type)
            );
            assert_eq!(get.text().await.unwrap(), "content");
        }
    }
}

#[tokio::test]
async fn a_change_that_is_not_valid_changes_nothing() {
    let limits = "[user]\ncontent-types = [\"text/*\"]\n";
    let server = Setup::policy(&format!("{}{limits}", iam())).start();
    let alice = user("alice");
    let stored = put(&server, &alice, &[("coffer-meta-a", "1")]).await;
    let current = etag(&stored);
    for (body, status, kind) in [
        ("", 400, "invalid-request"),
        ("{}", 400, "invalid-request"),
        ("[]", 400, "invalid-request"),
        (r#"{"metadata":null}"#, 400, "invalid-request"),
        (r#"{"metadata":{"a":2}}"#, 400, "invalid-request"),
        (r#"{"metadata":{"B":"2"}}"#, 400, "invalid-request"),
        (r#"{"metadata":{"b":"2"},"size":1}"#, 400, "invalid-request"),
        (r#"{"content_type":"text"}"#, 400, "invalid-request"),
        (
            r#"{"content_type":"image/png"}"#,
            415,
            "unsupported-media-type",
        ),
        (
            r#"{"content_type":"multipart/form-data; boundary=b"}"#,
            415,
            "unsupported-media-type",
        ),
        (
            r#"{"metadata":{"b":"2"},"content_type":"image/png"}"#,
            415,
            "unsupported-media-type",
        ),
    ] {
        let request = server.request(Method::PATCH, INFO).bearer_auth(&alice);
        let response = request.body(body).send().await.unwrap();
        assert_eq!(response.status(), status, "{body}");
        assert_problem(response, status, kind).await;
    }
    for (field, value, status) in [
        ("if-match", "\"other\"", 412),
        ("if-none-match", "*", 412),
        ("if-match", "x", 400),
    ] {
        let request = server.request(Method::PATCH, INFO).bearer_auth(&alice);
        let request = request.header(field, value).body(r#"{"metadata":{}}"#);
        assert_eq!(
            request.send().await.unwrap().status(),
            status,
            "{field}: {value}"
        );
    }
    assert_eq!(described(&server, &alice).await, json!({ "a": "1" }));
    let request = server.request(Method::PATCH, INFO).bearer_auth(&alice);
    let request = request
        .header("if-match", current)
        .body(r#"{"metadata":{}}"#);
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(described(&server, &alice).await, json!({}));
}

#[tokio::test]
async fn reading_a_description_takes_read_and_changing_it_takes_replace_too() {
    let rules = "[public]\nread = \"signed-in\"\ncreate = \"anyone\"\nreplace = \"uploader\"\n\
                 [org]\nread = \"uploader\"\nreplace = \"role:manager\"\n";
    let server = Setup::policy(&format!("{}{rules}", iam())).start();
    let (alice, bob) = (org_member("alice", "acme"), org_member("bob", "acme"));
    let eve = org_member("eve", "other");
    let manager = token(Some("carol"), Some("acme"), &["manager"]);
    for area in ["public", "user", "org"] {
        let put = server
            .put(&format!("/v1/{area}/files/a"), "x")
            .bearer_auth(&alice);
        assert_eq!(put.send().await.unwrap().status(), 201);
    }
    for (area, token, read, change) in [
        ("public", None, 401, 401),
        ("public", Some(&alice), 200, 200),
        ("public", Some(&bob), 200, 403),
        ("user", None, 401, 401),
        ("user", Some(&alice), 200, 200),
        ("user", Some(&bob), 404, 404),
        ("org", None, 401, 401),
        ("org", Some(&alice), 200, 403),
        ("org", Some(&bob), 403, 403),
        ("org", Some(&eve), 404, 403),
        // The answer would describe a file that she may not read.
        ("org", Some(&manager), 403, 403),
    ] {
        let path = format!("/v1/{area}/info/a");
        let body = r#"{"metadata":{"a":"1"}}"#;
        let requests = [
            (server.get(&path), read),
            (server.request(Method::PATCH, &path).body(body), change),
        ];
        for (mut request, expected) in requests {
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let found = request.send().await.unwrap().status();
            assert_eq!(found, expected, "{area} {token:?}");
        }
    }
}

#[tokio::test]
async fn scripts_of_other_origins_may_read_the_fields_by_name() {
    let policy = format!("{}[cors]\norigins = [\"https://app.example\"]\n", iam());
    let server = Setup::policy(&policy).start();
    let alice = user("alice");
    put(
        &server,
        &alice,
        &[("coffer-meta-b", "1"), ("coffer-meta-a", "2")],
    )
    .await;
    let get = server.get(FILE).bearer_auth(&alice);
    let get = get
        .header("origin", "https://app.example")
        .send()
        .await
        .unwrap();
    let exposed = get.headers().get_all("access-control-expose-headers");
    let exposed: Vec<String> = exposed
        .iter()
        .flat_map(|value| value.to_str().unwrap().split(", "))
        .map(str::to_ascii_lowercase)
        .collect();
    for name in ["coffer-meta-a", "coffer-meta-b", "etag", "x-request-id"] {
        assert!(exposed.iter().any(|exposed| exposed == name), "{exposed:?}");
    }
    let preflight = server.request(Method::OPTIONS, FILE);
    let preflight = preflight
        .header("origin", "https://app.example")
        .header("access-control-request-method", "PUT")
        .header(
            "access-control-request-headers",
            "authorization,coffer-meta-title",
        );
    let preflight = preflight.send().await.unwrap();
    let allowed = preflight.headers()["access-control-allow-headers"].to_str();
    assert!(allowed.unwrap().contains("coffer-meta-title"));
}
