//! Connections that carry request after request, and those that stall.

use super::*;

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
    // connection stays usable.
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

    // A client that sends Expect: 100-continue is refused without 100 (Continue).
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
fn a_stalled_client_is_disconnected() {
    let timeouts = [
        "--header-timeout",
        "300ms",
        "--idle-timeout",
        "300ms",
        "--min-body-rate",
        "0",
    ];
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

    // Both of two connections belong to clients that stop reading; a third is
    // served once the host has closed one.
    let mut stalled = [(); 2].map(|()| Connection::open(server.address()));
    for connection in &mut stalled {
        connection.send(head(&server, "GET /v1/public/files/large", &[]));
        assert_eq!(connection.head().0, 200);
    }
    assert_eq!(status_of(&server, "a"), 404);
}
