//! Hostile components. Each costs its client a 500 or a truncated response, has its cause
//! in the log, and affects nobody else.

use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::support::{
    Answer, Connection, Guest, Server, Setup, assert_problem_parts, eventually, files_below, parse,
};

mod body; // responses of false length, and endless ones
mod hoard; // more memory, tables, blobs and uploads than the limits allow
mod reach; // files, sockets, foreign origins, keys of other files

/// Concurrent instances, none of which may be lost.
const INSTANCES: usize = 3;
/// More rounds than there are instances.
const ROUNDS: usize = 2 * INSTANCES;
const LIMITS: [&str; 6] = [
    "--max-instances",
    "3",
    "--max-cpu-time",
    "100ms",
    "--max-instance-memory",
    "16MiB",
];

/// What the client of a hostile component gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    /// 500 `internal`.
    Internal,
    /// A 200 whose body ends before it is complete.
    Broken,
    /// A complete response: the harm was averted within the component.
    Whole(u16),
}

/// The most that the host may hold resident, in MiB, whatever its components do.
const MOST_RESIDENT: u64 = 200;

/// Files of the guest's own, under the key of 9 bytes at 2048 unless one is given.
const FILES: &str = r#"
    ;; Starts an upload and returns it.
    (func $begin (param $key i32) (param $length i32) (result i32)
      (i32.store (i32.const 4096) (local.get $key))
      (i32.store (i32.const 4100) (local.get $length))
      (i32.store8 (i32.const 4132) (i32.const 1)) ;; may-create
      (i32.store8 (i32.const 4136) (i32.const 2)) ;; may-replace: any
      (i64.store (i32.const 4232) (i64.const 1048576)) ;; max-size
      (call $create (i32.const 4096) (i32.const 5120))
      (if (i32.load8_u (i32.const 5120)) (then unreachable))
      (i32.load (i32.const 5128)))
    ;; Starts an upload and gives it ten bytes.
    (func $begin-with-bytes (result i32) (local $upload i32)
      (local.set $upload (call $begin (i32.const 2048) (i32.const 9)))
      (call $upload.write (local.get $upload) (i32.const 1200) (i32.const 10) (i32.const 5120))
      (if (i32.load8_u (i32.const 5120)) (then unreachable))
      (local.get $upload))
    (func $store
      (i32.store (i32.const 6144) (call $begin-with-bytes))
      (call $upload.finish (i32.const 6144) (i32.const 1) (i32.const 5120))
      (if (i32.load8_u (i32.const 5120)) (then unreachable)))
    ;; Opens a file and returns it.
    (func $open-file (param $key i32) (param $length i32) (result i32)
      (i32.store (i32.const 4608) (local.get $key))
      (i32.store (i32.const 4612) (local.get $length))
      (i32.store8 (i32.const 4672) (i32.const 2)) ;; may-read: any
      (call $open (i32.const 4608) (i32.const 5120))
      (if (i32.load8_u (i32.const 5120)) (then unreachable))
      (i32.load (i32.const 5128)))
    (func $stat-key (param $key i32) (param $length i32)
      (i32.store (i32.const 4608) (local.get $key))
      (i32.store (i32.const 4612) (local.get $length))
      (call $stat (i32.const 4608) (i32.const 5120)))
    (func $remove-key (param $key i32) (param $length i32)
      (i32.store (i32.const 4608) (local.get $key))
      (i32.store (i32.const 4612) (local.get $length))
      (call $remove (i32.const 4608) (i32.const 5120)))"#;
/// The key.
const KEY: &[u8] = b"evil/file";

/// What a hostile component does, and the expected outcome.
struct Case {
    what: &'static str,
    guest: Guest,
    met: Met,
    /// The kind of failure in the log, and a part of its cause.
    logged: Option<(&'static str, &'static str)>,
}

fn case(
    what: &'static str,
    guest: Guest,
    met: Met,
    logged: impl Into<Option<(&'static str, &'static str)>>,
) -> Case {
    let logged = logged.into();
    Case {
        what,
        guest,
        met,
        logged,
    }
}

/// A guest that does this after it has sent a head and a few bytes.
fn in_mid_body(then: &str) -> Guest {
    Guest::new(&format!(
        "(call $head (local.get $out) (i32.const 200) (call $fields))
         (drop (call $write (i32.const 1200) (i32.const 10)))
         {then}"
    ))
}

/// A GET request on a connection of its own.
fn begin(server: &Server, path: &str) -> Connection {
    let mut connection = Connection::open(server.address());
    connection.send(format!(
        "GET /v1/public/files/{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        server.address()
    ));
    connection
}

fn get(server: &Server, path: &str) -> Vec<u8> {
    begin(server, path).rest()
}

/// Splits a response into its head and what arrived of its body.
fn parts(response: &[u8]) -> (String, Vec<u8>) {
    let end = response.windows(4).position(|part| part == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("{:?}", String::from_utf8_lossy(response))) + 4;
    let head = String::from_utf8(response[..end].to_vec()).unwrap();
    (head.to_ascii_lowercase(), response[end..].to_vec())
}

/// Whether a response's body is all that its head announced, and no more.
fn is_whole(head: &str, body: &[u8]) -> bool {
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    match length {
        Some(length) => {
            let length: usize = length.parse().unwrap();
            assert!(body.len() <= length, "{} bytes after {head}", body.len());
            body.len() == length
        }
        None if ["204", "304"]
            .iter()
            .any(|status| head.starts_with(&format!("http/1.1 {status}"))) =>
        {
            body.is_empty()
        }
        None => {
            assert!(head.contains("transfer-encoding: chunked"), "{head}");
            body.ends_with(b"0\r\n\r\n")
        }
    }
}

fn assert_met(what: &str, response: &[u8], met: Met) {
    if response.is_empty() {
        // It broke off before its head was sent.
        assert_eq!(met, Met::Broken, "{what}: no response");
        return;
    }
    let (head, body) = parts(response);
    let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
    let whole = is_whole(&head, &body);
    let found = match (status, whole) {
        (500, true) => Met::Internal,
        (status, true) => Met::Whole(status),
        (200, false) => Met::Broken,
        _ => panic!("{what}: {head}"),
    };
    assert_eq!(
        found,
        met,
        "{what}: {head}{}",
        String::from_utf8_lossy(&body[..body.len().min(200)])
    );
    if met == Met::Internal {
        assert_problem_parts(&answer(response), 500, "internal");
    }
}

fn answer(response: &[u8]) -> Answer {
    parse(response)
}

/// Everybody else is served.
fn assert_serves(server: &Server, what: &str) {
    let (head, _) = parts(&get(server, "other"));
    assert!(head.starts_with("http/1.1 403 "), "{what}: {head}");
}

/// The component's name in the log.
fn digest(component: &[u8]) -> String {
    let digest = Sha256::digest(component);
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Whether the log has a failure of this kind, this cause and this component.
fn is_logged(server: &Server, component: &[u8], (kind, cause): (&str, &str)) -> bool {
    let (kind, component) = (format!("kind=\"{kind}\""), digest(component));
    server.log().lines().any(|line| {
        let words = [" ERROR ", &kind, cause, &component];
        words.iter().all(|word| line.contains(word))
    })
}

/// Lets a component do harm more often than there are instances, while others are
/// served, and checks that everything is as before.
fn withstands(case: &Case) {
    let what = case.what;
    let component = case.guest.build();
    let server = Setup::public_only()
        .component(&component)
        .args(&LIMITS)
        .start();
    assert_serves(&server, what);
    // The first round may leave something, such as a file that it finished.
    assert_met(what, &get(&server, "evil"), case.met);
    let (descriptors, files) = (server.descriptors(), files_below(&server.data_dir()).len());
    for _ in 0..ROUNDS {
        thread::scope(|scope| {
            let evil = scope.spawn(|| get(&server, "evil"));
            assert_serves(&server, what);
            assert_met(what, &evil.join().unwrap(), case.met);
        });
    }
    let (_, most) = server.resident_mib();
    assert!(most < MOST_RESIDENT, "{what}: {most} MiB resident");
    if let Some(logged) = case.logged {
        eventually(
            &format!("{what}: {logged:?} is logged, not {}", server.log()),
            || is_logged(&server, &component, logged),
        );
    }
    thread::scope(|scope| {
        for _ in 0..INSTANCES {
            scope.spawn(|| assert_serves(&server, what));
        }
    });
    eventually(&format!("{what}: descriptors are released"), || {
        server.descriptors() <= descriptors
    });
    eventually(&format!("{what}: no file is left"), || {
        files_below(&server.data_dir()).len() <= files
    });
    assert_eq!(server.stop(), Some(0), "{what}");
}

#[test]
fn a_component_that_fails_costs_one_request_and_the_log_says_why() {
    let endless = "(loop $again (br $again))";
    let deep = "(func $deep (param i32) (result i32)
        (i32.add (call $deep (local.get 0)) (i32.const 1)))";
    let error = "(call $response-outparam.set (local.get $out) (i32.const 1) (i32.const 15)
        (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))";
    let cases = [
        case(
            "an endless loop before the head",
            Guest::new(endless),
            Met::Internal,
            ("cpu-time", "CPU time"),
        ),
        case(
            "an endless loop in the middle of the body",
            in_mid_body(endless),
            Met::Broken,
            ("cpu-time", "CPU time"),
        ),
        case(
            "deep recursion",
            Guest::new("(drop (call $deep (i32.const 0)))").defining(deep),
            Met::Internal,
            ("stack", "call stack exhausted"),
        ),
        case(
            "a panic before the head",
            Guest::new("unreachable"),
            Met::Internal,
            ("panic", "unreachable"),
        ),
        case(
            "a panic in the middle of the body",
            in_mid_body("unreachable"),
            Met::Broken,
            ("panic", "unreachable"),
        ),
        case(
            "reading out of bounds",
            Guest::new("(drop (i32.load (i32.const -8)))"),
            Met::Internal,
            ("memory", "out of bounds"),
        ),
        case(
            "division by zero",
            Guest::new("(drop (i32.div_u (i32.const 1) (i32.const 0)))"),
            Met::Internal,
            ("trap", "divide by zero"),
        ),
        case(
            "a head that is never sent",
            Guest::new(""),
            Met::Internal,
            ("no-answer", "gave no response"),
        ),
        case(
            "an error instead of a response",
            Guest::new(error),
            Met::Internal,
            ("error", "HttpRequestDenied"),
        ),
    ];
    cases.iter().for_each(withstands);
}

#[test]
fn others_are_answered_while_a_component_loops_forever() {
    let endless = "(loop $again (br $again))";
    for (guest, has_head) in [(Guest::new(endless), false), (in_mid_body(endless), true)] {
        let server = Setup::public_only()
            .component(&guest.build())
            .args(&["--max-instances", "3", "--max-cpu-time", "2s"])
            .start();
        let mut evil = begin(&server, "evil");
        if has_head {
            assert_eq!(evil.head().0, 200);
            // One chunk, framed.
            evil.body(15);
        }
        for _ in 0..3 {
            assert_serves(&server, "a loop");
        }
        assert!(
            !evil.has_answer(Duration::from_millis(1)),
            "it is still running"
        );
        evil.rest();
        assert_serves(&server, "a loop");
    }
}
