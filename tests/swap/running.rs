//! Requests in progress finish on what they began with; rollback, and probation.

use std::fs;

use super::*;
use crate::support::{content, files_below};

#[test]
fn a_request_finishes_on_the_policy_that_it_began_with() {
    let server = Setup::policy(OPEN)
        .args(&["--watch-interval", "0s"])
        .start();
    let large = content(1, 64 << 20);
    let begin = |request: &str, length: usize| {
        let mut connection = Connection::open(server.address());
        connection.send(format!(
            "{request} HTTP/1.1\r\nHost: {}\r\nContent-Length: {length}\r\n\r\n",
            server.address()
        ));
        connection
    };
    let mut stored = begin("PUT /v1/public/files/large", large.len());
    stored.send(&large);
    assert_eq!(stored.answer().0, 201);

    let half = content(2, 1 << 20);
    let blobs = || files_below(&server.data_dir().join("blobs")).len();
    let before = blobs();
    let mut upload = begin("PUT /v1/public/files/up", 2 * half.len());
    upload.send(&half);
    eventually("the upload has begun", || blobs() > before);
    // More than the socket buffers hold.
    let mut download = begin("GET /v1/public/files/large", 0);
    assert_eq!(download.head().0, 200);

    fs::write(
        server.policy_file(),
        "[public]\ncreate = \"nobody\"\nread = \"nobody\"\n",
    )
    .unwrap();
    assert_eq!(reload(&server).0, 200);
    assert_eq!(store(&server, "after"), 403);
    assert_eq!(begin("GET /v1/public/files/large", 0).head().0, 403);
    upload.send(&half);
    assert_eq!(upload.answer().0, 201);
    assert!(download.body(large.len()) == large);

    // The same connections, new requests.
    upload.send("GET /v1/public/files/up HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(upload.answer().0, 403);
    fs::write(server.policy_file(), format!("{OPEN}read = \"anyone\"\n")).unwrap();
    assert_eq!(reload(&server).0, 200);
    let mut read = begin("GET /v1/public/files/up", 0);
    assert!(read.answer().2 == [&half[..], &half].concat());
}

#[test]
fn a_rollback_restores_the_previous_version_and_only_that() {
    let server = Setup::policy(OPEN)
        .args(&["--watch-interval", "20ms"])
        .start();
    let rollback = || operate(&server, "POST /component/rollback");
    assert_eq!(rollback().0, 409);
    fs::write(server.policy_file(), CLOSED).unwrap();
    eventually_in_force(&server, "the change", CLOSED);
    assert_eq!(component(&server)["previous"]["policy"], digest(OPEN));
    let (status, brought_back) = rollback();
    assert_eq!(
        (status, &brought_back["policy"]),
        (200, &digest(OPEN).into())
    );
    assert_eq!(store(&server, "after"), 201);
    assert_eq!(rollback().0, 409);
    let after = component(&server);
    assert_eq!(
        (&after["swaps"], &after["rollbacks"]),
        (&2.into(), &1.into())
    );
    assert!(after["previous"].is_null());
    let undone = format!("undone_policy={:?}", digest(CLOSED));
    assert_logged(&server, &[" WARN ", "rolled back", &undone, &digest(OPEN)]);
    // What was rolled back can be loaded again.
    assert_eq!(reload(&server).0, 200);
    assert_eq!(component(&server)["policy"], digest(CLOSED));
}

#[test]
fn a_change_that_fails_more_than_a_few_times_on_probation_is_rolled_back() {
    let good = fs::read(embedded()).unwrap();
    let server = Setup::policy(OPEN)
        .component(&good)
        .args(&["--watch-interval", "0s", "--probation", "1h"])
        .start();
    let evil = Guest::new("unreachable").build();
    let fail = || {
        let request =
            "GET /v1/public/files/evil HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        raw(server.address(), request.as_bytes()).0
    };
    fs::write(server.component_file(), &evil).unwrap();
    assert_eq!(reload(&server).0, 200);
    for _ in 0..3 {
        assert_eq!(fail(), 500);
    }
    assert_eq!(
        component(&server)["component"],
        digest(&evil),
        "3 failures are tolerated"
    );
    assert_eq!(fail(), 500);
    eventually("it is rolled back", || {
        component(&server)["component"] == digest(&good)
    });
    assert_eq!(fail(), 404);
    assert_eq!(component(&server)["rollbacks"], 1);
    assert_logged(
        &server,
        &[
            " WARN ",
            "rolled back",
            "probation",
            &digest(&evil),
            &digest(&good),
        ],
    );
}

/// Lets a policy take effect together with a component that traps, or on its own.
fn on_probation(good: &[u8]) -> Server {
    Setup::policy(OPEN)
        .component(good)
        .args(&["--watch-interval", "0s", "--probation", "1h"])
        .start()
}

fn ask(server: &Server, name: &str) -> u16 {
    let request = format!(
        "GET /v1/public/files/{name} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        server.address()
    );
    raw(server.address(), request.as_bytes()).0
}

#[test]
fn a_change_of_the_policy_alone_is_never_rolled_back_automatically() {
    let trapping = Guest::new("unreachable").build();
    let server = on_probation(&trapping);
    fs::write(server.policy_file(), CLOSED).unwrap();
    assert_eq!(reload(&server).0, 200);
    for _ in 0..10 {
        assert_eq!(ask(&server, "evil"), 500);
    }
    // A rollback would have happened before this is answered.
    let after = component(&server);
    assert_eq!(
        (&after["policy"], &after["rollbacks"], &after["failures"]),
        (&digest(CLOSED).into(), &0.into(), &10.into())
    );
}

#[test]
fn probation_counts_traps_but_not_missing_responses() {
    let good = fs::read(embedded()).unwrap();
    let silent = Guest::new("").build();
    let server = on_probation(&good);
    fs::write(server.component_file(), &silent).unwrap();
    assert_eq!(reload(&server).0, 200);
    for _ in 0..10 {
        assert_eq!(ask(&server, "evil"), 500);
    }
    let after = component(&server);
    assert_eq!(
        (&after["component"], &after["failures"]),
        (&digest(&silent).into(), &0.into())
    );
}

#[test]
fn a_component_that_is_rolled_back_leaves_the_policy_in_force() {
    let good = fs::read(embedded()).unwrap();
    let evil = Guest::new("unreachable").build();
    let server = on_probation(&good);
    fs::write(server.component_file(), &evil).unwrap();
    fs::write(server.policy_file(), CLOSED).unwrap();
    assert_eq!(reload(&server).0, 200);
    for _ in 0..4 {
        assert_eq!(ask(&server, "evil"), 500);
    }
    eventually("the component is rolled back", || {
        component(&server)["component"] == digest(&good)
    });
    assert_eq!(component(&server)["policy"], digest(CLOSED));
    assert_eq!(store(&server, "after"), 403);
    assert!(component(&server)["previous"].is_null());
}

#[test]
fn a_component_with_rules_of_its_own_is_not_rolled_back() {
    let good = fs::read(embedded()).unwrap();
    // Without a policy, its rules are those that were built in.
    let server = Setup::public_only()
        .component(&good)
        .args(&["--watch-interval", "0s", "--probation", "1h"])
        .start();
    let evil = Guest::new("unreachable").build();
    fs::write(server.component_file(), &evil).unwrap();
    assert_eq!(reload(&server).0, 200);
    for _ in 0..10 {
        assert_eq!(ask(&server, "evil"), 500);
    }
    // A rollback would have happened before this is answered.
    let after = component(&server);
    assert_eq!(
        (&after["component"], &after["rollbacks"], &after["failures"]),
        (&digest(&evil).into(), &0.into(), &10.into())
    );
    assert_logged(&server, &[" WARN ", "no probation"]);
}

#[test]
fn no_request_makes_the_component_trap_by_its_size() {
    let server = Setup::policy(OPEN).start();
    let send = |head: &str, host: &str, body: &str| {
        let message = format!(
            "{head} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        raw(server.address(), message.as_bytes()).0
    };
    let many = |value: &str, size: usize| vec![value; size / (value.len() + 1)].join(",");
    for value in ["{\"\":0}", "[]", "\"\""] {
        let body = format!("{{\"names\":[{}]}}", many(value, (4 << 20) - 64));
        let status = send("POST /v1/public/delete", server.address(), &body);
        assert_eq!(status, 413, "{value}");
        let body = format!("{{\"names\":[{}]}}", many(value, 500 << 10));
        let status = send("POST /v1/public/urls", server.address(), &body);
        assert_eq!(status, 413, "{value}");
    }
    let long = format!("{}.localhost", "a".repeat(25 << 10));
    assert_eq!(send("PUT /v1/public/files/a", &long, "x"), 400);
    assert_eq!(component(&server)["failures"], 0);
}
