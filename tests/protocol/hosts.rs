//! Whom a request is for, and that no page of another site reaches this service through a
//! name that was made to point here (DNS rebinding).

use super::*;

fn status_at(address: &str, head: &str) -> u16 {
    let request = format!("{head}Connection: close\r\n\r\n");
    raw(address, request.as_bytes()).0
}

#[test]
fn a_service_on_loopback_answers_to_its_own_names_alone() {
    let own = ["--public-url", "http://files.example.com/a"];
    let server = Setup::default()
        .args(&own)
        .args(&["--allowed-host", "coffer.internal"])
        .start();
    store(&server, "a", b"content");
    let operations = server.operations.trim_start_matches("http://");
    let path = "/v1/public/files/a";
    for (host, expected) in [
        (server.address(), 200),
        ("localhost", 200),
        ("[::1]:80", 200),
        ("files.example.com", 200),
        ("FILES.example.com.:443", 200),
        ("coffer.internal:9090", 200),
        ("rebound.example", 421),
        ("files.example.com.rebound.example", 421),
    ] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n");
        assert_eq!(status_at(server.address(), &head), expected, "{host}");
        let head = format!("GET /livez HTTP/1.1\r\nHost: {host}\r\n");
        assert_eq!(status_at(operations, &head), expected, "operations, {host}");
    }
    let head = format!("GET http://rebound.example{path} HTTP/1.1\r\nHost: localhost\r\n");
    assert_eq!(status_at(server.address(), &head), 421, "absolute form");

    let refused = raw(
        server.address(),
        b"GET / HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n",
    );
    assert_problem_parts(&refused, 421, "misdirected-request");

    let any = Setup::default().args(&["--allowed-host", "*"]).start();
    let head = "GET / HTTP/1.1\r\nHost: rebound.example\r\n";
    assert_eq!(status_at(any.address(), head), 404);
}

#[test]
fn a_host_is_read_as_http_says_and_returned_in_urls() {
    let server = Setup::default().args(&["--allowed-host", "*"]).start();
    for (index, (head, expected)) in [
        // Health checks of proxies send no Host.
        ("PUT {path} HTTP/1.0\r\n", Some(server.address())),
        (
            "PUT {path} HTTP/1.0\r\nHost: old.example\r\n",
            Some("old.example"),
        ),
        (
            "PUT {path} HTTP/1.1\r\nHost: a.example:\r\n",
            Some("a.example"),
        ),
        (
            "PUT http://b.example{path} HTTP/1.1\r\nHost: a.example\r\n",
            Some("b.example"),
        ),
        ("PUT {path} HTTP/1.1\r\n", None),
        ("PUT http://u:p@x{path} HTTP/1.1\r\nHost: x\r\n", None),
        ("PUT http://x{path} HTTP/1.1\r\nHost: u:p@x\r\n", None),
        ("PUT {path} HTTP/1.1\r\nHost: u:p@x\r\n", None),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/v1/public/files/{index}");
        let head = head.replace("{path}", &path);
        let request = format!("{head}Connection: close\r\nContent-Length: 1\r\n\r\nx");
        let answer = raw(server.address(), request.as_bytes());
        match expected {
            Some(host) => {
                assert_eq!(answer.0, 201, "{head}");
                assert_eq!(
                    answer.1["location"],
                    format!("http://{host}{path}"),
                    "{head}"
                );
            }
            None => assert_problem_parts(&answer, 400, "invalid-request"),
        }
    }
}

#[test]
fn the_log_names_the_client_that_a_trusted_proxy_names() {
    for (args, expected) in [
        (
            &["--trusted-proxy", "127.0.0.0/8"][..],
            "client=203.0.113.9",
        ),
        (&[], "client=127.0.0.1"),
    ] {
        let server = Setup::default().args(args).start();
        let fields = ["X-Forwarded-For: 1.1.1.1, 203.0.113.9", "Content-Length: 5"];
        let answer = ask(&server, "PUT /v1/public/files/a", &fields, b"bytes");
        assert_eq!(answer.0, 201);
        let sent = format!("received=5 sent={}", answer.2.len());
        eventually("a line for the request", || {
            let log = server.log();
            let mut lines = log.lines();
            lines.any(|line| line.contains(expected) && line.contains(&sent))
        });
    }
}
