//! Limits: sizes of headers and bodies, connections, concurrent requests.

use std::time::Duration;

use super::*;

#[test]
fn headers_and_bodies_are_accepted_up_to_their_limits() {
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
fn connections_beyond_the_limit_wait_for_a_slot() {
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
    let asleep = "(call $pollable.block (call $subscribe-duration (i64.const 3000000000)))
        (call $answer (local.get $out) (i32.const 200))";
    let server = Setup::public_only()
        .component(&crate::support::component(asleep))
        .args(&["--max-instances", "1", "--queue-timeout", "1s"])
        .start();
    let mut holding = Connection::open(server.address());
    holding.send(head(&server, "GET /v1/public/files/evil", &[]));
    eventually("the instance is in use", || {
        let busy = ask(&server, "GET /v1/public/files/a", &[], b"");
        if busy.0 == 503 {
            assert_problem_parts(&busy, 503, "unavailable");
            assert!(busy.1.contains_key("retry-after"));
        }
        busy.0 == 503
    });
    assert_eq!(holding.answer().0, 200);
    assert_eq!(status_of(&server, "a"), 403);
}
