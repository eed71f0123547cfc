//! The log: it has every response, and no secret.

use std::collections::BTreeSet;

use super::*;
use crate::support::user;

#[test]
fn every_response_has_an_id_that_the_log_knows_and_the_log_keeps_secrets() {
    let server = Setup::default().args(&["--log", "trace"]).start();
    let token = user("alice");
    let bearer = format!("Authorization: Bearer {token}");
    let put = ["Content-Length: 1", &bearer];
    let mut answers = vec![
        ask(&server, "PUT /v1/user/files/a", &put, b"x"),
        ask(
            &server,
            "POST /v1/user/urls/a",
            &["Content-Length: 0", &bearer],
            b"",
        ),
        ask(
            &server,
            "GET /v1/user/files/a?download=secret-query",
            &[&bearer],
            b"",
        ),
        ask(
            &server,
            "GET /v1/nothing?access_token=secret-query",
            &[],
            b"",
        ),
        ask(
            &server,
            "GET /v1/user/files/a",
            &["Authorization: Bearer forged.secret-token.x"],
            b"",
        ),
        ask(&server, "PUT /v1/user/files/%2e%2e", &put, b"x"),
        ask(&server, "OPTIONS /v1/user/files", &[], b""),
        ask(&server, "GET /v1/links/forged-secret-link/a", &[], b""),
        raw(
            server.address(),
            b"GET /v1/public/files HTTP/1.1\r\nConnection: close\r\n\r\n",
        ),
    ];
    let link: serde_json::Value = serde_json::from_slice(&answers[1].2).unwrap();
    let link = link["url"].as_str().unwrap();
    let link = link.strip_prefix(&server.url).unwrap();
    answers.push(ask(&server, &format!("GET {link}"), &[], b""));
    // Links to write: that of a file which was stored without a token, and of a folder.
    let length = "Content-Length: 1";
    let anonymous = ask(&server, "PUT /v1/public/files/a", &[length], b"x");
    let file: serde_json::Value = serde_json::from_slice(&anonymous.2).unwrap();
    let manage = file["manage_url"].as_str().unwrap();
    let manage = manage.strip_prefix(&server.url).unwrap().to_owned();
    let folder = manage.trim_end_matches('a').to_owned();
    answers.extend([
        anonymous,
        ask(&server, &format!("GET {manage}"), &[], b""),
        ask(&server, &format!("PUT {manage}"), &[length], b"x"),
        ask(&server, &format!("POST {folder}"), &[length], b"x"),
        ask(&server, &format!("DELETE {manage}"), &[], b""),
    ]);
    assert_eq!(
        answers.iter().map(|answer| answer.0).collect::<Vec<_>>(),
        [
            201, 201, 200, 404, 401, 400, 204, 403, 400, 200, 201, 403, 200, 403, 204
        ]
    );

    let mut ids = BTreeSet::new();
    for (status, fields, _) in &answers {
        let id = fields["x-request-id"].to_str().unwrap().to_owned();
        eventually("the answer is in the log", || {
            let log = server.log();
            log.lines()
                .any(|line| line.contains(&id) && line.contains(&format!("status={status}")))
        });
        assert!(ids.insert(id), "a duplicate id");
    }
    let log = server.log();
    let proof = link.split('/').nth(3).unwrap();
    let signature = token.rsplit('.').next().unwrap();
    for secret in [
        proof,
        manage.split('/').nth(3).unwrap(),
        signature,
        "secret-query",
        "secret-token",
        "secret-link",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
