//! Where a request ends and what it is about, and that nothing smuggles in another.

use super::*;

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
    assert_eq!(status_of(&server, "a"), 200, "it still serves");
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
        (
            "chunked twice",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
        ),
        (
            "chunked twice in a line",
            "Transfer-Encoding: chunked, chunked\r\n",
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

    // With both framings the chunks count, and nothing after them is a request.
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
