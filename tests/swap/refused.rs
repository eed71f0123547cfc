//! Policies and components that are refused: the old ones stay, and one line says why.

use std::fs;

use super::*;

/// After a refusal: 422 with these words, which the log and the status have too, and
/// everything else as before.
pub(super) fn assert_refused(server: &Server, what: &str, before: &Value, words: &[&str]) {
    let (status, problem) = reload(server);
    assert_eq!(status, 422, "{what}: {problem}");
    let reason = problem["detail"].as_str().unwrap();
    for word in words {
        assert!(reason.contains(word), "{what}: {word} in {reason}");
    }
    let after = component(server);
    assert_eq!(after["refused"]["reason"], reason, "{what}");
    for name in ["component", "policy", "since", "previous", "swaps"] {
        assert_eq!(after[name], before[name], "{what}: {name}");
    }
    let mut words = words.to_vec();
    words.extend([" ERROR ", "the old one stays"]);
    eventually(&format!("{what} is logged: {}", server.log()), || {
        is_logged(server, &words)
    });
    assert_eq!(store(server, what), 201, "{what}");
}

#[test]
fn an_invalid_policy_is_refused_with_its_line_and_the_old_one_stays() {
    let server = Setup::policy(OPEN)
        .args(&["--watch-interval", "0s"])
        .start();
    let before = component(&server);
    for (what, policy, words) in [
        ("no-toml", "[public]\ncreate = ", &["line 2: "][..]),
        (
            "unknown-key",
            "[public]\n\nreed = \"anyone\"\n",
            &["line 3: ", "reed"],
        ),
        (
            "unknown-word",
            "[public]\nread = \"sombody\"\n",
            &["line 2: ", "sombody"],
        ),
        (
            "failing-tests",
            "[public]\ncreate = \"anyone\"\n[[test]]\nas = \"nobody\"\n\
             may = [\"create public/a\", \"list org/\"]\nmay-not = [\"create public/a\"]\n",
            &[
                "line 5: test failed",
                "line 6: test failed",
                "public.create (line 2) allows it",
            ],
        ),
        (
            "impossible-test",
            "[public]\ncreate = \"anyone\"\n[[test]]\nas = { user = \"ann\" }\n\
             may = [\"create public/a\"]\n",
            &["line 4: [[test]]: as: there is no [iam]"],
        ),
    ] {
        fs::write(server.policy_file(), policy).unwrap();
        assert_refused(&server, what, &before, words);
    }
    fs::write(server.policy_file(), b"\xff").unwrap();
    assert_refused(&server, "no-text", &before, &["policy.toml"]);
    fs::remove_file(server.policy_file()).unwrap();
    assert_refused(
        &server,
        "no-file",
        &before,
        &["policy.toml", "No such file"],
    );
    fs::write(server.policy_file(), CLOSED).unwrap();
    assert_eq!(reload(&server).0, 200);
    assert!(component(&server)["refused"].is_null());
}

#[test]
fn a_watched_file_that_is_refused_is_refused_once() {
    let server = Setup::policy(OPEN)
        .args(&["--watch-interval", "20ms"])
        .start();
    fs::write(server.policy_file(), "[public]\nreed = 1\n").unwrap();
    eventually("it is refused", || !component(&server)["refused"].is_null());
    fs::write(server.policy_file(), CLOSED).unwrap();
    eventually_in_force(&server, "after the refusal", CLOSED);
    assert_logged(&server, &["the old one stays"]);
    let log = server.log();
    let refusals = log
        .lines()
        .filter(|line| line.contains("the old one stays"));
    assert_eq!(refusals.count(), 1, "{log}");
}

#[test]
fn a_component_that_cannot_serve_is_refused_and_the_old_one_stays() {
    let good = fs::read(embedded()).unwrap();
    let server = Setup::policy(OPEN)
        .component(&good)
        .args(&["--watch-interval", "0s", "--max-cpu-time", "200ms"])
        .args(&["--request-timeout", "3s"])
        .start();
    let before = component(&server);
    assert_eq!(before["component"], digest(&good));
    let endless = "(loop $again (br $again))";
    let asleep = "(call $pollable.block (call $subscribe-duration (i64.const -1)))";
    let admits = "(call $answer (local.get $out) (i32.const 200))";
    let preopens = r#"(import "wasi:filesystem/preopens@0.2.3" (instance))"#;
    let guest = || Guest::new("");
    let text = |text: &str| wat::parse_str(text).unwrap();
    let trial = "GET /v1/public/files/trial";
    for (what, bytes, words) in [
        ("empty", vec![], &["not a WebAssembly component"][..]),
        (
            "text",
            b"#!/bin/sh\n".to_vec(),
            &["not a WebAssembly component"],
        ),
        (
            "truncated",
            good[..good.len() / 2].to_vec(),
            &["not a WebAssembly component"],
        ),
        (
            "core-module",
            text("(module)"),
            &["not a WebAssembly component"],
        ),
        (
            "foreign",
            text("(component)"),
            &[
                "not a Coffer component",
                "wasi:http/incoming-handler@0.2",
                "coffer:storage/self-check@0.2",
            ],
        ),
        (
            "another-version",
            text(r#"(component (import "coffer:storage/blobs@0.1.0" (instance)))"#),
            &[
                "not a Coffer component",
                "it uses coffer:storage@0.1.0, but this host provides coffer:storage@0.2.x",
            ],
        ),
        (
            "files",
            guest().importing(preopens).build(),
            &["not a Coffer component", "wasi:filesystem/preopens@0.2.3"],
        ),
        (
            "without-probes",
            guest()
                .checking("(i32.store (i32.const 552) (i32.const 0))")
                .build(),
            &["failed its check", "it has no probes"],
        ),
        (
            "unusable-probe",
            guest()
                .checking("(i32.store8 (i32.const 640) (i32.const 32))")
                .build(),
            &["failed its check", "not a valid request target"],
        ),
        (
            "endless-check",
            guest().checking(endless).build(),
            &["failed its check", "CPU time"],
        ),
        (
            "endless-trial",
            guest().elsewhere(endless).build(),
            &["failed its check", trial, "CPU time"],
        ),
        (
            "asleep-in-its-check",
            guest().checking(asleep).build(),
            &["failed its check", "took longer than"],
        ),
        (
            "asleep-in-its-trial",
            guest().elsewhere(asleep).build(),
            &["failed its check", "took longer than"],
        ),
        (
            "panic",
            guest().checking("unreachable").build(),
            &["failed its check", "unreachable"],
        ),
        (
            "silent",
            guest().elsewhere("").build(),
            &["failed its check", trial, "no response"],
        ),
        (
            "lets-anybody-in",
            guest().elsewhere(admits).build(),
            &["failed its check", "answers 200", trial],
        ),
    ] {
        fs::write(server.component_file(), bytes).unwrap();
        assert_refused(&server, what, &before, words);
    }
    fs::write(server.component_file(), &good).unwrap();
    assert_eq!(reload(&server).0, 200);
}
