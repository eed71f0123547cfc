//! Requests that are refused as a whole, each with its own problem.

use super::*;

/// A body, the status and the type of its problem, and words of the detail.
const BODIES: &[(&str, u16, &str, &str)] = &[
    ("", 400, "invalid-request", "from is missing"),
    ("from=a&to=b", 400, "invalid-request", "not a JSON object"),
    (r#"{"from":"a"}"#, 400, "invalid-request", "to is missing"),
    (
        r#"{"from":"a","to":"b","to_area":"org"}"#,
        400,
        "invalid-request",
        "unknown member",
    ),
    (
        r#"{"from":"a","to":"b","overwrite":true}"#,
        400,
        "invalid-request",
        "unknown member",
    ),
    (
        r#"{"from":"a","to":"b","replace":1}"#,
        400,
        "invalid-request",
        "true or false",
    ),
    (
        r#"{"from":"a","to":"b","from_area":"users"}"#,
        400,
        "invalid-request",
        "public, user or org",
    ),
    (
        r#"{"from":"a","to":"a"}"#,
        400,
        "invalid-request",
        "the same file",
    ),
    (
        r#"{"from":"a","to":"a","from_area":"user","replace":true}"#,
        400,
        "invalid-request",
        "the same file",
    ),
    (
        r#"{"from":"none","to":"none"}"#,
        400,
        "invalid-request",
        "the same file",
    ),
    (
        r#"{"from":"d/","to":"d/"}"#,
        400,
        "invalid-request",
        "the same folder",
    ),
    (
        r#"{"from":"d/","to":"d/e/"}"#,
        400,
        "invalid-request",
        "within from",
    ),
    (
        r#"{"from":"d/","to":"e"}"#,
        400,
        "invalid-request",
        "to must end in /",
    ),
    (
        r#"{"from":"a","to":"e/"}"#,
        400,
        "invalid-request",
        "from must end in /",
    ),
    (
        r#"{"from":"","to":"e/"}"#,
        400,
        "invalid-request",
        "the whole area",
    ),
    (
        r#"{"from":"/","to":"e/"}"#,
        400,
        "invalid-request",
        "the whole area",
    ),
    (
        r#"{"from":"d/","to":""}"#,
        400,
        "invalid-request",
        "the whole area",
    ),
    (
        r#"{"from":"a","to":"b","cursor":"x"}"#,
        400,
        "invalid-request",
        "cursor",
    ),
    (
        r#"{"from":"d/","to":"e/","cursor":"x"}"#,
        400,
        "invalid-request",
        "cursor",
    ),
    (
        r#"{"from":"../a","to":"b"}"#,
        400,
        "invalid-name",
        "segment",
    ),
    (
        r#"{"from":"a","to":"b/../c"}"#,
        400,
        "invalid-name",
        "segment",
    ),
    (
        r#"{"from":"a","to":"b\\c"}"#,
        400,
        "invalid-name",
        "backslash",
    ),
    (r#"{"from":"a","to":"b\n"}"#, 400, "invalid-name", "control"),
    (
        r#"{"from":"d//","to":"e/"}"#,
        400,
        "invalid-name",
        "segment",
    ),
    (r#"{"from":"none","to":"b"}"#, 404, "not-found", "\"from\""),
    (r#"{"from":"d","to":"b"}"#, 404, "not-found", "\"from\""),
    (
        r#"{"from":"a","to":"b","from_area":"org"}"#,
        403,
        "forbidden",
        "may not",
    ),
];

#[tokio::test]
async fn a_bad_request_has_its_own_problem_and_nothing_is_done() {
    let server = Server::start();
    let alice = user("alice");
    store_all(
        &server,
        &alice,
        &["a", "d/1", "d/2"].map(str::to_owned),
        "old",
    )
    .await;
    let long = format!(r#"{{"from":"a","to":"{}"}}"#, "x".repeat(901));
    let huge = format!(r#"{{"from":"a","to":"{}"}}"#, "x".repeat(20_000));
    let more = [
        (long.as_str(), 400, "invalid-name", "900 bytes"),
        (huge.as_str(), 413, "too-large", "larger than"),
    ];
    for kind in ["copy", "move"] {
        for (body, status, problem, words) in BODIES.iter().chain(&more) {
            let request = server.post(&format!("/v1/user/{kind}")).bearer_auth(&alice);
            let request = request.body((*body).to_owned());
            let document = json_of(request.try_clone().unwrap()).await;
            let detail = document["detail"].as_str().unwrap();
            assert!(detail.contains(words), "{kind} {body}: {document}");
            assert_problem(request.send().await.unwrap(), *status, problem).await;
        }
        let request = server.post(&format!("/v1/user/{kind}")).bearer_auth(&alice);
        let body = json!({ "from": "d/", "to": "e/" }).to_string();
        for (field, value) in [
            ("if-match", "*"),
            ("if-unmodified-since", "Fri, 01 Jan 2100 00:00:00 GMT"),
        ] {
            let request = request.try_clone().unwrap().header(field, value);
            let refused = request.body(body.clone()).send().await.unwrap();
            assert_problem(refused, 400, "invalid-request").await;
        }
    }
    assert_eq!(
        names(&server, &alice, "user", "").await,
        ["a", "d/1", "d/2"]
    );
    let kept = found(&server, &alice, "/v1/user/files/a").await;
    assert_eq!(kept.as_deref(), Some("old a"));
}

#[tokio::test]
async fn a_file_that_may_not_be_stored_there_is_refused() {
    let limits = "[org]\ncontent-types = [\"image/*\"]\nmax-file-size = \"5 B\"\n";
    let server = Setup::policy(&format!("{}{limits}", iam())).start();
    let alice = org_member("alice", "acme");
    for (name, content, status, problem) in [
        ("a.txt", "1", 415, "unsupported-media-type"),
        ("large.png", "123456", 413, "too-large"),
    ] {
        let path = format!("/v1/user/files/{name}");
        store(&server, &alice, &path, content).await;
        for kind in ["copy", "move"] {
            let body = json!({ "from": name, "to": "x.png", "from_area": "user" });
            let refused = post(&server, &alice, &format!("/v1/org/{kind}"), &body).await;
            assert_problem(refused, status, problem).await;
            assert_eq!(
                found(&server, &alice, &path).await.as_deref(),
                Some(content)
            );
        }
    }
    assert_eq!(names(&server, &alice, "org", "").await, [""; 0]);
}
