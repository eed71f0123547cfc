//! What clients see of a shadow policy: nothing.

use super::*;

/// A guest that answers 201 if its decisions are wanted, else 200.
fn telling() -> Vec<u8> {
    let answer = "(call $answer (local.get $out)
        (i32.add (i32.const 200) (call $report-request)))";
    Guest::new(answer)
        .judging("(call $deny (local.get $count))")
        .build()
}

/// The whole answers to requests of every kind, without what differs each time.
fn answers(server: &Server, bearer: &str) -> Vec<String> {
    let address = server.address();
    [
        "GET /v1/user/files/a",
        "HEAD /v1/user/files/a",
        "GET /v1/user/files/a HTTP/1.1\r\nRange: bytes=1-2",
        "GET /v1/user/files/none",
        "GET /v1/user/files",
        "GET /v1/org/files/a",
        "DELETE /v1/user/files/a",
        "PUT /v1/user/files/a HTTP/1.1\r\nIf-None-Match: *",
        "POST /v1/user/urls/b",
        "GET /v1/public/files/a",
        "GET /v1/nothing",
    ]
    .iter()
    .map(|request| {
        let (line, fields) = request.split_once(" HTTP/1.1").unwrap_or((request, ""));
        let message = format!(
            "{line} HTTP/1.1{fields}\r\nHost: {address}\r\nAuthorization: Bearer {bearer}\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let (status, fields, body) = raw(address, message.as_bytes());
        let mut fields: Vec<String> = fields
            .iter()
            .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        fields.sort();
        format!(
            "{request}: {status} {fields:?} {}",
            String::from_utf8_lossy(&body)
        )
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_the_same_byte_for_byte() {
    let rules = "[user]\ndelete = \"nobody\"\n[org]\nread = \"nobody\"\n";
    let server = Setup::policy(&policy(rules)).start();
    let ann = user("ann");
    for name in ["a", "b"] {
        let put = server.put(&format!("/v1/user/files/{name}"), "content");
        assert_eq!(status(put.bearer_auth(&ann)).await, 201);
    }
    let answers = || tokio::task::block_in_place(|| answers(&server, &ann));
    let before = answers();
    for rules in [
        "[public]\nread = \"nobody\"\n[user]\nread = \"nobody\"\nlist = \"nobody\"\n\
         create = \"nobody\"\nreplace = \"nobody\"\n",
        "[user]\ndelete = \"anyone\"\n",
    ] {
        begin(&server, &policy(rules)).await;
        assert_eq!(answers(), before);
    }
    compared(&server, 1).await;
}

#[tokio::test]
async fn decisions_are_reported_only_while_there_is_a_shadow_and_for_its_share() {
    let guest = telling();
    let evil = async |server: &Server| status(server.get("/v1/public/files/evil")).await;
    let server = Setup::public_only().component(&guest).start();
    assert_eq!(evil(&server).await, 200);
    begin(&server, "[public]\n").await;
    assert_eq!(evil(&server).await, 201);
    let (status, _) = operate(&server, Method::DELETE, "/shadow", "").await;
    assert_eq!(status, 204);
    assert_eq!(evil(&server).await, 200);

    let none = Setup::public_only().component(&guest);
    let none = none.args(&["--shadow-share", "0%"]).start();
    begin(&none, "[public]\n").await;
    for _ in 0..100 {
        assert_eq!(evil(&none).await, 200);
    }
    let half = Setup::public_only().component(&guest);
    let half = half.args(&["--shadow-share", "50%"]).start();
    begin(&half, "[public]\n").await;
    let mut watched = 0;
    for _ in 0..1000 {
        watched += evil(&half).await - 200;
    }
    // 16 standard deviations.
    assert!((250..750).contains(&watched), "{watched} of 1000");
}
