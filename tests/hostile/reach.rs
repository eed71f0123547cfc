//! Files, sockets, foreign origins, and invalid keys.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::support::COFFER;

/// Exit code and output of `coffer` with these arguments and a file with this component.
fn refusal(arguments: &[&str], component: &[u8]) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("evil.wasm");
    std::fs::write(&file, component).unwrap();
    let output = Command::new(COFFER)
        .args(arguments)
        .arg(&file)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[test]
fn a_component_that_imports_more_than_the_host_provides_is_refused_by_name() {
    let files = r#"(import "wasi:filesystem/preopens@0.2.3" (instance
        (export "descriptor" (type $d (sub resource)))
        (export "get-directories" (func (result (list (tuple (own $d) string)))))))"#;
    let sockets = r#"(import "wasi:sockets/tcp@0.2.3" (instance
        (export "tcp-socket" (type (sub resource)))))"#;
    let unknown = r#"(import "evil:unknown/thing@1.0.0" (instance (export "f" (func))))"#;
    let function = r#"(import "backdoor" (func))"#;
    let extended = r#"(import "wasi:cli/environment@0.2.3" (instance
        (export "set-environment" (func))))"#;
    let all = format!("{files}{sockets}{unknown}{function}");
    for (imports, named) in [
        (files, &["wasi:filesystem/preopens@0.2.3"][..]),
        (sockets, &["wasi:sockets/tcp@0.2.3"]),
        (unknown, &["evil:unknown/thing@1.0.0"]),
        (function, &["backdoor"]),
        (extended, &["wasi:cli/environment@0.2.3", "set-environment"]),
        (
            &all,
            &[
                "wasi:filesystem/preopens@0.2.3",
                "wasi:sockets/tcp@0.2.3",
                "evil:unknown/thing@1.0.0",
                "backdoor",
            ],
        ),
    ] {
        let component = Guest::new("").importing(imports).build();
        let serve = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--env",
            "test",
            "--component",
        ];
        for arguments in [&["check"][..], &serve] {
            let (code, said) = refusal(arguments, &component);
            assert_eq!(code, Some(1), "{said}");
            assert_eq!(said.lines().count(), 1, "{said}");
            for name in named {
                assert!(said.contains(name), "{name} in {said}");
            }
        }
    }
}

#[test]
fn a_request_to_an_origin_that_the_policy_does_not_name_is_denied() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // Answers with 400 plus the number of the error, which is 15 if it was denied.
    let send = format!(
        "(local.set $i (call $outgoing-request (call $fields)))
         (drop (call $outgoing-request.set-scheme (local.get $i)
           (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
         (drop (call $outgoing-request.set-authority (local.get $i)
           (i32.const 1) (i32.const 2048) (i32.const {})))
         (drop (call $outgoing-request.set-path-with-query (local.get $i)
           (i32.const 1) (i32.const 1024) (i32.const 21)))
         (call $handle (local.get $i) (i32.const 0) (i32.const 0) (i32.const 4096))
         (if (i32.load8_u (i32.const 4096)) (then
           (call $answer (local.get $out)
             (i32.add (i32.const 400) (i32.load8_u (i32.const 4104))))
           (return)))
         (local.set $i (i32.load (i32.const 4104)))
         (call $pollable.block (call $future-incoming-response.subscribe (local.get $i)))
         (call $future-incoming-response.get (local.get $i) (i32.const 4096))
         (call $answer (local.get $out) (select
           (i32.add (i32.const 400) (i32.load8_u (i32.const 4120)))
           (i32.const 200)
           (i32.load8_u (i32.const 4112))))",
        address.len()
    );
    let guest = Guest::new(&send).data(address.as_bytes());
    let component = guest.build();
    let server = Setup::public_only().component(&component).start();
    assert_met("a foreign origin", &get(&server, "evil"), Met::Whole(415));
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    let (component, address) = (digest(&component), address.as_str());
    eventually("it is logged", || {
        let words = [" WARN ", &component, address, "does not name"];
        let log = server.log();
        log.lines()
            .any(|line| words.iter().all(|word| line.contains(word)))
    });
}

#[test]
fn a_document_of_an_origin_that_the_policy_does_not_name_is_not_fetched() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    // Answers with 400 plus the number of the error, which is 0 if nothing was reached.
    let fetch = |freshness: u8, digest: usize| {
        let fetch = format!(
            "(call $fetch (i32.const 2048) (i32.const {}) (i32.const {freshness})
               (i32.const 4096) (i32.const {digest}) (i32.const 8192))
             (call $answer (local.get $out) (select
               (i32.add (i32.const 400) (i32.load8_u (i32.const 8196)))
               (i32.const 200)
               (i32.load8_u (i32.const 8192))))",
            url.len()
        );
        Guest::new(&fetch).data(url.as_bytes()).build()
    };
    for (freshness, digest, expected) in [
        (0, 0, Met::Whole(400)),
        (1, 0, Met::Whole(400)),
        (2, 32, Met::Whole(400)),
        (2, 31, Met::Internal),
    ] {
        let component = fetch(freshness, digest);
        let server = Setup::public_only().component(&component).start();
        let what = format!("{freshness} {digest}");
        assert_met(&what, &get(&server, "evil"), expected);
        assert_serves(&server, &what);
    }
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn an_invalid_key_ends_its_request() {
    let keys: [&[u8]; 10] = [
        b"",
        b"/etc/passwd",
        b"../escape",
        b"a/../../escape",
        b"./a",
        b"a//b",
        b"a/",
        b"a\0b",
        b"a\nb",
        b"\xc3\x28", // not UTF-8
    ];
    // Slots of 64 bytes, the length first.
    let mut slots = Vec::new();
    for key in keys {
        slots.push(u8::try_from(key.len()).unwrap());
        slots.extend_from_slice(key);
        slots.resize(slots.len().next_multiple_of(64), 0);
    }
    // The path says what to do with which key. The last key is 10 kB long.
    let choose = "(local.set $j (i32.sub
           (i32.load8_u offset=22 (i32.load (i32.const 68))) (i32.const 97)))
         (if (i32.eq (local.get $j) (i32.const 10))
           (then
             (memory.fill (i32.const 8192) (i32.const 97) (i32.const 10000))
             (local.set $i (i32.const 8192)) (local.set $j (i32.const 10000)))
           (else
             (local.set $i
               (i32.add (i32.const 2049) (i32.shl (local.get $j) (i32.const 6))))
             (local.set $j (i32.load8_u (i32.sub (local.get $i) (i32.const 1))))))";
    let choice = "(local.get $i) (local.get $j)";
    let operations = [
        ('o', format!("(drop (call $open-file {choice}))")),
        ('s', format!("(call $stat-key {choice})")),
        ('c', format!("(drop (call $begin {choice}))")),
        ('r', format!("(call $remove-key {choice})")),
    ];
    let code: String = operations
        .iter()
        .map(|(name, call)| {
            let name = *name as u32;
            format!(
                "(if (i32.eq (i32.load8_u offset=21 (i32.load (i32.const 68)))
                     (i32.const {name}))
                   (then {choose} {call} (call $answer (local.get $out) (i32.const 404))
                     (return)))"
            )
        })
        .collect();
    let component = Guest::new(&code).defining(FILES).data(&slots).build();
    let server = Setup::public_only()
        .component(&component)
        .args(&LIMITS)
        .start();
    let files = files_below(server.data().path());
    for (operation, _) in operations {
        for key in 'a'..='k' {
            let what = format!("evil{operation}{key}");
            assert_met(&what, &get(&server, &what), Met::Internal);
            let cause = if key == 'j' {
                "utf-8"
            } else {
                "an invalid key"
            };
            eventually(&format!("{what} is logged in {}", server.log()), || {
                let log = server.log();
                let path = format!("path=\"/v1/public/files/{what}\"");
                log.lines().any(|line| {
                    line.contains(" ERROR ") && line.contains(&path) && line.contains(cause)
                })
            });
        }
    }
    assert_serves(&server, "keys");
    let names = |files: &[(std::path::PathBuf, u64)]| -> Vec<_> {
        files.iter().map(|(path, _)| path.clone()).collect()
    };
    assert_eq!(names(&files_below(server.data().path())), names(&files));
}
