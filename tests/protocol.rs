//! HTTP/1.1 itself: framing, limits, connections, shutdown, and a component that
//! fails.

use std::net::TcpStream;
use std::time::Duration;

use crate::support::{
    Answer, Connection, Server, Setup, assert_problem_parts, component, eventually, files_below,
    raw, user,
};

/// A request's line and fields, up to the empty line.
fn head(server: &Server, request: &str, fields: &[&str]) -> String {
    let mut head = format!("{request} HTTP/1.1\r\nHost: {}\r\n", server.address());
    for field in fields {
        head.push_str(field);
        head.push_str("\r\n");
    }
    head + "\r\n"
}

/// One request on a connection of its own.
fn ask(server: &Server, request: &str, fields: &[&str], body: &[u8]) -> Answer {
    let mut fields = fields.to_vec();
    fields.push("Connection: close");
    let mut message = head(server, request, &fields).into_bytes();
    message.extend_from_slice(body);
    raw(server.address(), &message)
}

fn store(server: &Server, name: &str, content: &[u8]) {
    let length = format!("Content-Length: {}", content.len());
    let request = format!("PUT /v1/public/files/{name}");
    assert_eq!(ask(server, &request, &[&length], content).0, 201, "{name}");
}

fn status_of(server: &Server, name: &str) -> u16 {
    ask(server, &format!("GET /v1/public/files/{name}"), &[], b"").0
}

/// Waits until something asynchronous has come about.
fn blobs(server: &Server) -> usize {
    files_below(&server.data_dir().join("blobs")).len()
}

/// Starts an upload of twice these bytes, and returns once half of it is there.
fn half_an_upload(server: &Server, name: &str, half: &[u8], fields: &[&str]) -> Connection {
    let before = blobs(server);
    let length = format!("Content-Length: {}", half.len() * 2);
    let mut fields = fields.to_vec();
    fields.push(&length);
    let mut upload = Connection::open(server.address());
    upload.send(head(
        server,
        &format!("PUT /v1/public/files/{name}"),
        &fields,
    ));
    upload.send(half);
    eventually("bytes of the upload on disk", || {
        blobs(server) == before + 1
    });
    upload
}

#[test]
fn a_request_names_one_host_and_any_method_is_answered() {
    let server = Server::start();
    store(&server, "a", b"content");

    for hosts in [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nHost: b\r\n",
        "Host: a b\r\n",
        "Host: /\r\n",
        "Host: user:password@a\r\n",
        "Host: a:99999\r\n",
    ] {
        let request =
            format!("GET /v1/public/files/a HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        let answer = raw(server.address(), request.as_bytes());
        assert_problem_parts(&answer, 400, "invalid-request");
    }
    let absolute = format!("GET {}/v1/public/files/a", server.url);
    let (status, _, body) = ask(&server, &absolute, &[], b"");
    assert_eq!(
        (status, body.as_slice()),
        (200, &b"content"[..]),
        "absolute form"
    );

    let request = format!(
        "GET /v1/public/files/a HTTP/1.0\r\nHost: {}\r\n\r\n",
        server.address()
    );
    let (status, _, body) = raw(server.address(), request.as_bytes());
    assert_eq!(
        (status, body.as_slice()),
        (200, &b"content"[..]),
        "HTTP/1.0"
    );

    for method in ["PATCH", "TRACE", "PROPFIND", "BREW", "get"] {
        let answer = ask(&server, &format!("{method} /v1/public/files/a"), &[], b"");
        assert_problem_parts(&answer, 405, "method-not-allowed");
        assert_eq!(
            answer.1["allow"], "GET, HEAD, PUT, DELETE, OPTIONS",
            "{method}"
        );
    }
    let connect = ask(&server, "CONNECT a.example:443", &[], b"");
    assert!((400..=501).contains(&connect.0), "{}", connect.0);
    let everything = ask(&server, "OPTIONS *", &[], b"");
    assert_eq!(everything.0, 204);
    for nonsense in [
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    ] {
        let mut connection = Connection::open(server.address());
        connection.send(nonsense);
        connection.end();
        let answer = connection.rest();
        let refused = answer.starts_with(b"HTTP/1.1 4") || answer.is_empty();
        assert!(
            refused,
            "{nonsense:?}: {}",
            String::from_utf8_lossy(&answer)
        );
    }
    assert_eq!(status_of(&server, "a"), 200, "it serves on");
}

#[test]
fn a_body_whose_length_is_in_doubt_is_refused_and_carries_no_other_request_in() {
    let server = Server::start();
    let host = server.address();
    let chunked = "Transfer-Encoding: chunked\r\n";
    let cases = [
        (
            "two lengths",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "hello!",
        ),
        ("a list of lengths", "Content-Length: 5, 6\r\n", "hello!"),
        ("a sign", "Content-Length: +5\r\n", "hello"),
        ("below zero", "Content-Length: -5\r\n", "hello"),
        ("hexadecimal", "Content-Length: 0x5\r\n", "hello"),
        ("two words", "Content-Length: 5 5\r\n", "hello"),
        ("no number", "Content-Length: five\r\n", "hello"),
        (
            "too long for a length",
            "Content-Length: 99999999999999999999\r\n",
            "hello",
        ),
        (
            "a space before the colon",
            "Content-Length : 5\r\n",
            "hello",
        ),
        ("a folded field", "Content-Length:\r\n 5\r\n", "hello"),
        (
            "a NUL in a field",
            "X: a\0b\r\nContent-Length: 5\r\n",
            "hello",
        ),
        (
            "a bare CR in a field",
            "X: a\rb\r\nContent-Length: 5\r\n",
            "hello",
        ),
        (
            "not chunked at last",
            "Transfer-Encoding: chunked, identity\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
        ),
        (
            "an unknown coding",
            "Transfer-Encoding: xchunked\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
        ),
        (
            "a coding before chunked",
            "Transfer-Encoding: gzip, chunked\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
        ),
        ("bare line feeds", chunked, "5\nhello\n0\n\n"),
        ("no chunk size", chunked, "\r\nhello\r\n0\r\n\r\n"),
        (
            "a chunk size in words",
            chunked,
            "five\r\nhello\r\n0\r\n\r\n",
        ),
        (
            "a chunk size below zero",
            chunked,
            "-5\r\nhello\r\n0\r\n\r\n",
        ),
        (
            "a chunk size with a prefix",
            chunked,
            "0x5\r\nhello\r\n0\r\n\r\n",
        ),
        (
            "a chunk size over 64 bits",
            chunked,
            "10000000000000005\r\nhello\r\n0\r\n\r\n",
        ),
        (
            "a chunk longer than said",
            chunked,
            "4\r\nhello\r\n0\r\n\r\n",
        ),
        (
            "a chunk shorter than said",
            chunked,
            "6\r\nhello\r\n0\r\n\r\n",
        ),
        ("cut off before the last chunk", chunked, "5\r\nhello\r\n"),
        ("cut off in a chunk", chunked, "5\r\nhel"),
        (
            "cut off before its length",
            "Content-Length: 6\r\n",
            "hello",
        ),
    ];
    for (what, fields, body) in cases {
        let mut connection = Connection::open(host);
        connection.send(format!(
            "PUT /v1/public/files/a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n{body}"
        ));
        if what.starts_with("cut off") {
            connection.end();
        }
        let answer = connection.rest();
        let shown = String::from_utf8_lossy(&answer);
        let refused = shown.starts_with("HTTP/1.1 4") || shown.starts_with("HTTP/1.1 501");
        assert!(refused || answer.is_empty(), "{what}: {shown}");
        assert_eq!(status_of(&server, "a"), 404, "{what}");
    }
    eventually("no bytes are left", || blobs(&server) == 0);

    // Of two framings the chunks count, and nothing after them is a request.
    let smuggled = format!(
        "PUT /v1/public/files/smuggled HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\n\r\nx"
    );
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ] {
        let mut connection = Connection::open(host);
        connection.send(format!(
            "PUT /v1/public/files/a HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n0\r\n\r\n{smuggled}"
        ));
        let answer = String::from_utf8(connection.rest()).unwrap();
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        assert_eq!(status_of(&server, "smuggled"), 404, "{fields}");
    }
}

#[test]
fn requests_follow_each_other_on_a_connection() {
    let server = Server::start();
    let mut connection = Connection::open(server.address());

    let path = "/v1/public/files/a";
    let requests = [
        head(&server, &format!("PUT {path}"), &["Content-Length: 3"]) + "abc",
        head(&server, &format!("GET {path}"), &[]),
        head(&server, &format!("HEAD {path}"), &[]),
        head(&server, "GET /v1/public/files/none", &[]),
        head(&server, &format!("GET {path}"), &["Content-Length: 4"]) + "body",
        head(
            &server,
            &format!("PUT {path}b"),
            &["Transfer-Encoding: chunked"],
        ) + "1\r\nb\r\n0\r\n\r\n",
        head(&server, &format!("GET {path}b"), &[]),
    ];
    connection.send(requests.concat());
    assert_eq!(connection.answer().0, 201);
    assert_eq!(connection.answer().2, b"abc");
    let (status, fields) = connection.head();
    assert_eq!(
        (status, &fields["content-length"]),
        (200, &"3".parse().unwrap())
    );
    assert_problem_parts(&connection.answer(), 404, "not-found");
    assert_eq!(connection.answer().2, b"abc", "GET with a body");
    assert_eq!(connection.answer().0, 201);
    assert_eq!(connection.answer().2, b"b");

    // A refusal reaches a client that sends its whole body first, and the
    // connection goes on.
    let large = vec![b'x'; 5_000_000];
    let length = format!("Content-Length: {}", large.len());
    for request in ["PUT /v1/user/files/a", "POST /v1/user/files"] {
        let form = "Content-Type: multipart/form-data; boundary=b";
        connection.send(head(&server, request, &[&length, form]));
        connection.send(&large);
        let refused = connection.answer();
        assert_problem_parts(&refused, 401, "unauthenticated");
        assert_eq!(refused.1["www-authenticate"], "Bearer");
        connection.send(head(&server, &format!("GET {path}"), &[]));
        assert_eq!(connection.answer().2, b"abc", "after {request}");
    }

    // One that asks first is refused without being told to go on.
    let mut asking = Connection::open(server.address());
    let expect = "Expect: 100-continue";
    asking.send(head(&server, "PUT /v1/user/files/a", &[&length, expect]));
    assert_problem_parts(&asking.answer(), 401, "unauthenticated");
    assert!(asking.rest().is_empty());
    let mut asking = Connection::open(server.address());
    asking.send(head(
        &server,
        "PUT /v1/public/files/c",
        &["Content-Length: 3", expect],
    ));
    assert_eq!(asking.head().0, 100);
    asking.send("abc");
    assert_eq!(asking.answer().0, 201);
}

#[test]
fn headers_and_bodies_are_taken_up_to_their_limits() {
    let server = Setup::default().args(&["--max-body-size", "1 MiB"]).start();
    store(&server, "a", b"content");
    let get = "GET /v1/public/files/a";
    let field = format!("X-Long: {}", "x".repeat(4000));
    let fields = |count| vec![field.as_str(); count];
    assert_eq!(ask(&server, get, &fields(15), b"").0, 200, "60 KB");
    let large = ask(&server, get, &fields(17), b"");
    assert_problem_parts(&large, 431, "headers-too-large");
    for count in [99, 500] {
        assert_eq!(
            ask(&server, get, &fields(count), b"").0,
            431,
            "{count} fields"
        );
    }

    let limit = 1 << 20;
    let put = "PUT /v1/public/files/b";
    let over = vec![b'x'; limit + 1];
    let length = format!("Content-Length: {}", over.len());
    let chunked = [
        format!("{:x}\r\n", over.len()).as_bytes(),
        &over,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    let form = [
        b"--b\r\nContent-Disposition: form-data; name=f; filename=b\r\n\r\n",
        over.as_slice(),
        b"\r\n--b--\r\n",
    ];
    let form = form.concat();
    let form_length = format!("Content-Length: {}", form.len());
    let multipart = "Content-Type: multipart/form-data; boundary=b";
    for (request, fields, body) in [
        (put, vec![length.as_str()], &over),
        (put, vec!["Transfer-Encoding: chunked"], &chunked),
        (
            "POST /v1/public/files",
            vec![multipart, &form_length],
            &form,
        ),
    ] {
        let refused = ask(&server, request, &fields, body);
        assert_problem_parts(&refused, 413, "too-large");
        assert_eq!(status_of(&server, "b"), 404, "{fields:?}");
    }
    store(&server, "b", &over[1..]);
    eventually("only the large file on disk", || blobs(&server) == 1);
}

#[test]
fn a_client_that_stalls_is_given_up() {
    let timeouts = ["--header-timeout", "300ms", "--idle-timeout", "300ms"];
    let server = Setup::default()
        .args(&timeouts)
        .args(&["--max-connections", "2"])
        .start();
    store(&server, "large", &vec![b'x'; 32 << 20]);

    let mut silent = Connection::open(server.address());
    silent.send("GET /v1/public/files/a HTTP/1.1\r\nHost: ");
    let answer = silent.rest();
    let shown = String::from_utf8_lossy(&answer);
    assert!(
        shown.is_empty() || shown.starts_with("HTTP/1.1 408"),
        "{shown}"
    );

    let form = [
        "Content-Length: 1000",
        "Content-Type: multipart/form-data; boundary=b",
    ];
    let part = "--b\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\nabc";
    let put = "PUT /v1/public/files/a";
    let chunked = ["Transfer-Encoding: chunked"];
    for (request, fields, body, status, kind) in [
        (put, &["Content-Length: 10"][..], "abc", 408, "timeout"),
        (put, &chunked, "5\r\nabc", 408, "timeout"),
        (
            "POST /v1/public/files",
            &form,
            part,
            400,
            "invalid-multipart",
        ),
    ] {
        let mut stalled = Connection::open(server.address());
        stalled.send(head(&server, request, fields) + body);
        assert_problem_parts(&stalled.answer(), status, kind);
        assert_eq!(status_of(&server, "a"), 404, "{request}");
    }
    eventually("one file on disk", || blobs(&server) == 1);

    // Of two connections, both are with clients that do not read on; a third is
    // served once the host has let go of one.
    let mut stalled = [(); 2].map(|()| Connection::open(server.address()));
    for connection in &mut stalled {
        connection.send(head(&server, "GET /v1/public/files/large", &[]));
        assert_eq!(connection.head().0, 200);
    }
    assert_eq!(status_of(&server, "a"), 404);
}

#[test]
fn connections_beyond_the_limit_wait_for_a_place() {
    let server = Setup::default().args(&["--max-connections", "2"]).start();
    let half = vec![b'x'; 2 << 20];
    let mut first = half_an_upload(&server, "first", &half, &["Connection: close"]);
    let _second = half_an_upload(&server, "second", &half, &[]);
    let mut third = Connection::open(server.address());
    third.send(head(&server, "GET /v1/public/files/first", &[]));
    assert!(!third.has_answer(Duration::from_millis(300)));
    first.send(&half);
    assert_eq!(first.answer().0, 201);
    let (status, _, body) = third.answer();
    assert_eq!((status, body.len()), (200, half.len() * 2));
}

#[test]
fn requests_beyond_the_instances_wait_and_then_get_503() {
    let server = Setup::default().args(&["--max-instances", "1"]).start();
    let half = vec![b'x'; 2 << 20];
    let mut upload = half_an_upload(&server, "a", &half, &[]);
    let busy = ask(&server, "GET /v1/public/files/a", &[], b"");
    assert_problem_parts(&busy, 503, "unavailable");
    assert!(busy.1.contains_key("retry-after"));

    let mut waiting = Connection::open(server.address());
    waiting.send(head(&server, "GET /v1/public/files/a", &[]));
    assert!(!waiting.has_answer(Duration::from_millis(300)));
    upload.send(&half);
    assert_eq!(upload.answer().0, 201);
    assert_eq!(waiting.answer().0, 200);
}

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
    assert_eq!(
        answers.iter().map(|answer| answer.0).collect::<Vec<_>>(),
        [201, 201, 200, 404, 401, 400, 204, 403, 400, 200]
    );

    let mut ids = std::collections::BTreeSet::new();
    for (status, fields, _) in &answers {
        let id = fields["x-request-id"].to_str().unwrap().to_owned();
        eventually("the answer is in the log", || {
            let log = server.log();
            log.lines()
                .any(|line| line.contains(&id) && line.contains(&format!("status={status}")))
        });
        assert!(ids.insert(id), "an id twice");
    }
    let log = server.log();
    let proof = link.split('/').nth(3).unwrap();
    let signature = token.rsplit('.').next().unwrap();
    for secret in [
        proof,
        signature,
        "secret-query",
        "secret-token",
        "secret-link",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

#[test]
fn a_shutdown_finishes_what_runs_and_takes_nothing_new() {
    let server = Server::start();
    let content = b"seven b".repeat(4 << 20);
    store(&server, "down", &content);
    let mut idle = Connection::open(server.address());
    idle.send(head(&server, "GET /v1/public/files/none", &[]));
    assert_eq!(idle.answer().0, 404);
    let half = content.len() / 2;
    let mut upload = half_an_upload(&server, "up", &content[..half], &[]);
    let mut download = Connection::open(server.address());
    download.send(head(&server, "GET /v1/public/files/down", &[]));
    assert_eq!(download.head().0, 200);

    server.terminate();
    eventually("new connections are refused", || {
        TcpStream::connect(server.address()).is_err()
    });
    assert!(idle.rest().is_empty(), "an idle connection ends");
    upload.send(&content[half..]);
    assert_eq!(upload.answer().0, 201);
    assert!(upload.rest().is_empty());
    assert!(download.body(content.len()) == content);
    assert!(download.rest().is_empty());
    let data = server.data();
    assert_eq!(server.stop(), Some(0));

    let server = Setup::default().data(data).start();
    assert!(ask(&server, "GET /v1/public/files/up", &[], b"").2 == content);
}

#[test]
fn a_shutdown_does_not_wait_for_ever() {
    let server = Setup::default().args(&["--shutdown-timeout", "1s"]).start();
    let _upload = half_an_upload(&server, "up", &vec![b'x'; 2 << 20], &[]);
    server.terminate();
    let (log, code) = server.ended();
    assert_eq!(code, Some(1), "{log}");
    let last = log.lines().last().unwrap();
    assert!(
        last.starts_with("coffer: requests were still in progress"),
        "{log}"
    );
}

#[test]
fn a_component_that_fails_costs_its_client_a_500_and_nobody_else_anything() {
    for (handle, logged) in [("unreachable", "unreachable"), ("", "gave no answer")] {
        // Of one place for an instance, none may be lost.
        let server = Setup::public_only()
            .component(&component(handle))
            .args(&["--max-instances", "1"])
            .start();
        let mut connection = Connection::open(server.address());
        for _ in 0..10 {
            connection.send(head(
                &server,
                "PUT /v1/public/files/evil",
                &["Content-Length: 1000000"],
            ));
            connection.send(vec![b'x'; 1_000_000]);
            assert_problem_parts(&connection.answer(), 500, "internal");
        }
        let answer = ask(&server, "GET /v1/public/files/evil", &[], b"");
        assert_problem_parts(&answer, 500, "internal");
        assert!(!String::from_utf8(answer.2).unwrap().contains(logged));
        let id = answer.1["x-request-id"].to_str().unwrap();
        eventually("the cause is in the log", || {
            let log = server.log();
            log.lines()
                .any(|line| line.contains("ERROR") && line.contains(id) && line.contains(logged))
        });
        assert_eq!(server.stop(), Some(0));
    }
}
