//! Slow clients cost themselves time, and nobody else a response.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, RETRY_AFTER};
use serde_json::Value;

use crate::support::{Connection, Server, Setup, assert_problem_parts, eventually, user};

/// One instance, and a short queue timeout.
const ONE: [&str; 4] = ["--max-instances", "1", "--queue-timeout", "20s"];

fn begin(server: &Server, request: &str, fields: &[&str], body: &str) -> Connection {
    let mut connection = Connection::open(server.address());
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let host = server.address();
    connection.send(format!(
        "{request} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n{body}"
    ));
    connection
}

async fn assert_serves(server: &Server, what: &str) {
    let answer = server.get("/v1/public/files/none").send().await;
    assert_eq!(answer.unwrap().status(), 404, "{what}");
}

/// The value of the metric of this name.
async fn metric(server: &Server, name: &str) -> f64 {
    let metrics = reqwest::get(format!("{}/metrics", server.operations)).await;
    let text = metrics.unwrap().text().await.unwrap();
    let mut samples = text.lines().filter_map(|line| line.split_once(' '));
    let (_, value) = samples.find(|(series, _)| *series == name).unwrap();
    value.parse().unwrap()
}

async fn until_instances(server: &Server, expected: f64) {
    for _ in 0..3000 {
        if metric(server, "coffer_instances").await == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never {expected} instances");
}

#[tokio::test]
async fn a_slow_upload_holds_no_instance() {
    let server = Setup::default().args(&ONE).start();
    let bearer = format!("Authorization: Bearer {}", user("alice"));
    let digest = "Content-Digest: sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:";
    let cases = [
        // Name, fields, what is sent later, and the expected answer.
        ("a", vec!["Content-Length: 3"], "bc", 201, ""),
        ("chunked", vec!["Transfer-Encoding: chunked"], "", 201, ""),
        ("digest", vec!["Content-Length: 3", digest], "bc", 201, ""),
        (
            "wrong",
            vec!["Content-Length: 3", digest],
            "bd",
            400,
            "digest-mismatch",
        ),
        (
            "exists",
            vec!["Content-Length: 3", "If-None-Match: *"],
            "bc",
            412,
            "precondition-failed",
        ),
        (
            "short",
            vec!["Content-Length: 3"],
            "",
            400,
            "invalid-request",
        ),
    ];
    let mut uploads = Vec::new();
    for (name, fields, _, _, _) in &cases {
        let mut fields = fields.clone();
        fields.extend([bearer.as_str(), "Origin: https://app.example"]);
        let body = if *name == "chunked" {
            "1\r\na\r\n"
        } else {
            "a"
        };
        let request = format!("PUT /v1/user/files/{name}");
        uploads.push(begin(&server, &request, &fields, body));
    }
    until_instances(&server, 0.0).await;
    assert_serves(&server, "while six uploads wait").await;
    let put = server.put("/v1/user/files/exists", "first");
    assert_eq!(
        put.bearer_auth(user("alice"))
            .send()
            .await
            .unwrap()
            .status(),
        201
    );

    for ((name, _, rest, status, problem), upload) in cases.iter().zip(&mut uploads) {
        match *name {
            "chunked" => upload.send("2\r\nbc\r\n0\r\n\r\n"),
            "short" => upload.end(),
            _ => upload.send(rest),
        }
        let answer = upload.answer();
        assert_eq!(answer.0, *status, "{name}");
        if problem.is_empty() {
            let file: Value = serde_json::from_slice(&answer.2).unwrap();
            assert_eq!((&file["name"], &file["size"]), (&(*name).into(), &3.into()));
            assert_eq!(answer.1["etag"], file["etag"].as_str().unwrap());
            let location = answer.1["location"].to_str().unwrap();
            assert!(
                location.ends_with(&format!("/v1/user/files/{name}")),
                "{location}"
            );
        } else {
            assert_problem_parts(&answer, *status, problem);
        }
        assert!(answer.1.contains_key("x-content-type-options"), "{name}");
        let stored = server.get(&format!("/v1/user/files/{name}"));
        let stored = stored.bearer_auth(user("alice")).send().await.unwrap();
        let expected = match *name {
            "exists" => Some("first"),
            _ => problem.is_empty().then_some("abc"),
        };
        match expected {
            Some(content) => assert_eq!(stored.text().await.unwrap(), content, "{name}"),
            None => assert_eq!(stored.status(), 404, "{name}"),
        }
    }
}

#[tokio::test]
async fn a_response_to_a_slow_upload_has_the_usual_fields() {
    let policy = "[cors]\norigins = ['https://app.example']\n";
    let server = Setup::policy(policy).args(&ONE).start();
    let fields = ["Content-Length: 2", "Origin: https://app.example"];
    let mut slow = begin(&server, "PUT /v1/public/files/a", &fields, "a");
    until_instances(&server, 0.0).await;
    slow.send("b");
    let (status, fields, body) = slow.answer();
    assert_eq!(status, 201);
    assert_eq!(fields["access-control-allow-origin"], "https://app.example");
    let file: Value = serde_json::from_slice(&body).unwrap();
    let url = format!("{}/v1/public/files/a", server.url);
    assert_eq!(file["public_url"], url);
}

#[tokio::test]
async fn waiting_forms_have_a_budget_of_their_own() {
    let args = ["--max-waiting-instances", "2"];
    let server = Setup::default().args(&ONE).args(&args).start();
    let form = [
        "Content-Type: multipart/form-data; boundary=b",
        "Content-Length: 79",
    ];
    let first = "--b\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\n";
    let begin = |name: char| {
        let first = first.replace("filename=a", &format!("filename={name}"));
        begin(&server, "POST /v1/public/files", &form, &first)
    };
    let mut waiting = ['a', 'b'].map(begin);
    until_instances(&server, 2.0).await;
    assert_serves(&server, "while two forms wait").await;
    let mut refused = begin('c');
    let answer = refused.answer();
    assert_problem_parts(&answer, 503, "unavailable");
    assert!(answer.1.contains_key(RETRY_AFTER));
    // The component also reads a link's JSON itself.
    let body = ["Content-Length: 9"];
    let mut link = self::begin(&server, "POST /v1/user/urls/none", &body, "");
    assert_eq!(link.answer().0, 401, "refused before its body");

    for form in &mut waiting {
        form.send("the content\r\n--b--\r\n");
        let (status, _, body) = form.answer();
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
    }
    until_instances(&server, 0.0).await;
    let mut again = begin('c');
    again.send("the content\r\n--b--\r\n");
    assert_eq!(again.answer().0, 201);
}

#[tokio::test]
async fn unread_lists_hold_no_instance_and_the_oldest_are_dropped() {
    let args = ["--max-unread-answers", "3 MiB"];
    let server = Setup::public_only().args(&ONE).args(&args).start();
    let large = "/v1/public/files/0";
    let put = server.put(large, vec![b'x'; 4 << 20]).send().await;
    assert_eq!(put.unwrap().status(), 201);
    for index in 1..1000 {
        let name = format!("{index:04}{}", "x".repeat(790));
        let put = server.put(&format!("/v1/public/files/{name}"), "");
        assert_eq!(put.send().await.unwrap().status(), 201);
    }
    // Each is 900 KB, of which the sockets hold a part. The first and the last have no other
    // beside them that could count as older or newer.
    let list = "GET /v1/public/files?limit=1000";
    let mut unread = Vec::new();
    for count in [1, 10, 1] {
        let mut begun: Vec<_> = (0..count)
            .map(|_| begin(&server, list, &["Connection: close"], ""))
            .collect();
        for connection in &mut begun {
            assert!(connection.has_answer(Duration::from_secs(30)));
        }
        unread.append(&mut begun);
    }
    until_instances(&server, 0.0).await;
    assert_serves(&server, "while lists wait").await;
    // Larger than all lists may be, but only described.
    let described = server.request(Method::HEAD, large).send().await.unwrap();
    assert_eq!(described.headers()[CONTENT_LENGTH], "4194304");
    let whole: Vec<_> = unread
        .iter_mut()
        .map(|connection| {
            let answer = connection.rest();
            answer.ends_with(b"\"next\":null}\n")
        })
        .collect();
    assert!(!whole[0], "the oldest was dropped: {whole:?}");
    assert!(whole[11], "the newest was not: {whole:?}");
}

#[tokio::test]
async fn a_client_that_sends_next_to_nothing_is_disconnected() {
    let args = ["--idle-timeout", "500ms", "--min-body-rate", "1 MiB"];
    let server = Setup::default().args(&args).start();
    for (request, kind) in [
        ("PUT /v1/public/files/a", "timeout"),
        ("POST /v1/public/files", "invalid-multipart"),
    ] {
        let form = "Content-Type: multipart/form-data; boundary=b";
        let fields = ["Content-Length: 100000", form];
        let fields = if kind == "timeout" {
            &fields[..1]
        } else {
            &fields
        };
        let mut trickle = begin(&server, request, fields, "--b\r\n");
        // Never idle, but far below the rate.
        while !trickle.has_answer(Duration::from_millis(100)) {
            trickle.send("x");
        }
        let answer = trickle.answer();
        assert_problem_parts(&answer, answer.0, kind);
        assert!(matches!(answer.0, 400 | 408), "{request}: {}", answer.0);
    }
}

#[tokio::test]
async fn an_idle_connection_is_kept_for_as_long_as_clients_are_told() {
    let args = ["--header-timeout", "200ms", "--keep-alive-timeout", "2s"];
    let server = Setup::default().args(&args).start();
    let mut kept = Connection::open(server.address());
    // Silent at first, too.
    assert!(!kept.has_answer(Duration::from_millis(600)));
    for _ in 0..2 {
        let host = server.address();
        kept.send(format!(
            "GET /v1/public/files/a HTTP/1.1\r\nHost: {host}\r\n\r\n"
        ));
        let (status, fields, _) = kept.answer();
        assert_eq!(
            (status, &fields["keep-alive"]),
            (404, &"timeout=2".parse().unwrap())
        );
        assert!(!kept.has_answer(Duration::from_millis(600)));
    }
    assert_eq!(kept.rest(), b"", "closed once that is over");

    let mut closing = begin(
        &server,
        "GET /v1/public/files/a",
        &["Connection: close"],
        "",
    );
    assert!(!closing.head().1.contains_key("keep-alive"));
}

#[tokio::test]
async fn readiness_reports_requests_that_find_no_instance() {
    // Longer than metrics and readiness wait for an instance.
    let asleep = "(call $pollable.block (call $subscribe-duration (i64.const 5000000000)))";
    let component = crate::support::component(asleep);
    let server = Setup::public_only()
        .component(&component)
        .args(&ONE)
        .start();
    let ready = async || {
        let answer = reqwest::get(format!("{}/readyz", server.operations)).await;
        let answer = answer.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(ready().await.0, 200);
    let _evil = begin(&server, "GET /v1/public/files/evil", &[], "");
    until_instances(&server, 1.0).await;
    let (status, text) = ready().await;
    assert_eq!((status, text.contains("instance")), (503, true), "{text}");
    until_instances(&server, 0.0).await;
    assert_eq!(ready().await.0, 200);
}

#[tokio::test]
async fn an_unread_log_blocks_no_request() {
    let mut server = Setup::public_only().unread_log().start();
    let host = server.address().to_owned();
    let request = format!("HEAD /v1/public/files/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let batch = request.repeat(500);
    let mut connection = Connection::open(&host);
    while metric(&server, "coffer_log_dropped_total").await == 0.0 {
        connection.send(&batch);
        for _ in 0..500 {
            assert_eq!(connection.head().0, 404);
        }
    }
    server.read_log();
    eventually("the log says what is missing", || {
        server.log().contains("log lines were dropped")
    });
    let request = server.request(Method::GET, "/v1/public/files/a");
    assert_eq!(request.send().await.unwrap().status(), 404);
}
