//! Requests that are refused as a whole, each with its own problem.

use super::*;

/// Status and type of the problem | words of its detail | the body.
const BODIES: &[&str] = &[
    r#"400 invalid-request | from is missing | "#,
    r#"400 invalid-request | not a JSON object | from=a&to=b"#,
    r#"400 invalid-request | to is missing | {"from":"a"}"#,
    r#"400 invalid-request | unknown member | {"from":"a","to":"b","to_area":"org"}"#,
    r#"400 invalid-request | unknown member | {"from":"a","to":"b","overwrite":true}"#,
    r#"400 invalid-request | true or false | {"from":"a","to":"b","replace":1}"#,
    r#"400 invalid-request | public, user or org | {"from":"a","to":"b","from_area":"users"}"#,
    r#"400 invalid-request | the same file | {"from":"a","to":"a"}"#,
    r#"400 invalid-request | the same file | {"from":"a","to":"a","from_area":"user","replace":true}"#,
    r#"400 invalid-request | the same file | {"from":"none","to":"none"}"#,
    r#"400 invalid-request | the same folder | {"from":"d/","to":"d/"}"#,
    r#"400 invalid-request | within from | {"from":"d/","to":"d/e/"}"#,
    r#"400 invalid-request | to must end in / | {"from":"d/","to":"e"}"#,
    r#"400 invalid-request | from must end in / | {"from":"a","to":"e/"}"#,
    r#"400 invalid-request | the whole area | {"from":"","to":"e/"}"#,
    r#"400 invalid-request | the whole area | {"from":"/","to":"e/"}"#,
    r#"400 invalid-request | the whole area | {"from":"d/","to":""}"#,
    r#"400 invalid-request | cursor | {"from":"a","to":"b","cursor":"x"}"#,
    r#"400 invalid-request | cursor | {"from":"d/","to":"e/","cursor":"x"}"#,
    r#"400 invalid-name | segment | {"from":"../a","to":"b"}"#,
    r#"400 invalid-name | segment | {"from":"a","to":"b/../c"}"#,
    r#"400 invalid-name | backslash | {"from":"a","to":"b\\c"}"#,
    r#"400 invalid-name | control | {"from":"a","to":"b\n"}"#,
    r#"400 invalid-name | segment | {"from":"d//","to":"e/"}"#,
    r#"404 not-found | "from" | {"from":"none","to":"b"}"#,
    r#"404 not-found | "from" | {"from":"d","to":"b"}"#,
    r#"403 forbidden | may not | {"from":"a","to":"b","from_area":"org"}"#,
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
    let long = "x".repeat(901);
    let long = format!(r#"400 invalid-name | 900 bytes | {{"from":"a","to":"{long}"}}"#);
    for kind in ["copy", "move"] {
        for row in BODIES.iter().copied().chain([long.as_str()]) {
            let (expected, rest) = row.split_once(" | ").unwrap();
            let (status, problem) = expected.split_once(' ').unwrap();
            let (words, body) = rest.split_once(" | ").unwrap();
            let status = status.parse().unwrap();
            let request = server.post(&format!("/v1/user/{kind}")).bearer_auth(&alice);
            let request = request.body(body.to_owned());
            let document = json_of(request.try_clone().unwrap()).await;
            let detail = document["detail"].as_str().unwrap();
            assert!(detail.contains(words), "{kind} {body}: {document}");
            assert_problem(request.send().await.unwrap(), status, problem).await;
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
async fn a_body_that_is_too_large_is_refused() {
    let server = Server::start();
    let body = json!({ "from": "a", "to": "x".repeat(20_000) });
    for kind in ["copy", "move"] {
        let refused = post(&server, &user("alice"), &format!("/v1/user/{kind}"), &body).await;
        assert_problem(refused, 413, "too-large").await;
    }
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
