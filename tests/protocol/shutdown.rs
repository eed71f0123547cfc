//! Graceful shutdown: requests in progress are finished, within a time limit.

use std::net::TcpStream;

use super::*;

#[test]
fn a_shutdown_finishes_requests_in_progress_and_accepts_no_new_ones() {
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
fn a_shutdown_does_not_wait_forever() {
    let server = Setup::default().args(&["--shutdown-timeout", "1s"]).start();
    let _upload = half_an_upload(&server, "up", &vec![b'x'; 2 << 20], &[]);
    server.terminate();
    let (log, code) = server.ended();
    assert_eq!(code, Some(1), "{log}");
    let last = log.lines().last().unwrap();
    assert!(
        last.starts_with("coffer: graceful shutdown timed out"),
        "{log}"
    );
}

#[test]
fn a_server_that_has_stopped_leaves_its_data_directory_to_the_next() {
    let server = Server::start();
    store(&server, "kept", b"1");
    server.terminate();
    eventually("it has stopped", || server.log().contains(" stopped\n"));
    let next = Setup::default().data(server.data()).start();
    assert_eq!(ask(&next, "GET /v1/public/files/kept", &[], b"").2, b"1");
}
