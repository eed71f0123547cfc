//! Policies and components that are refused: the old ones stay, and one line says why.

use std::fs;

use super::*;
use crate::support::iam;

/// After a refusal: 422 with these words, which the log and the status have too, and
/// everything else as before.
fn assert_refused(server: &Server, what: &str, before: &Value, words: &[&str]) {
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

/// A policy with an IAM API under which requests without a token may do next to nothing.
fn strict() -> String {
    let rules = "[public]\nread = \"signed-in\"\nlist = \"nobody\"\ncreate = \"anyone\"\n\
                 replace = \"nobody\"\ndelete = \"role:admin\"\n[org]\ndelete = \"role:admin\"\n";
    iam() + rules
}

/// The status that a list of the public files gets.
fn list(server: &Server) -> u16 {
    let request = "GET /v1/public/files HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    raw(server.address(), request.as_bytes()).0
}

#[test]
fn an_emptied_policy_is_refused_by_the_watch_too() {
    let server = Setup::policy(&strict())
        .args(&["--watch-interval", "20ms"])
        .start();
    let before = component(&server);
    for (number, content) in ["", "\n\n", "# [iam]\n"].into_iter().enumerate() {
        fs::write(server.policy_file(), content).unwrap();
        eventually("the watch has refused it", || {
            component(&server)["refused"]["reason"]
                .as_str()
                .is_some_and(|reason| reason.contains("it is empty"))
        });
        let what = format!("emptied-{number}");
        assert_refused(
            &server,
            &what,
            &before,
            &["it is empty", "public-only = true"],
        );
        fs::write(server.policy_file(), strict()).unwrap();
        eventually("it is whole again", || {
            component(&server)["refused"].is_null()
        });
    }
}

#[test]
fn a_change_that_lets_requests_without_a_token_do_more_must_say_so_itself() {
    let server = Setup::policy(&strict())
        .args(&["--watch-interval", "0s"])
        .start();
    let before = component(&server);
    assert_eq!(list(&server), 403);
    let iam = iam();
    for (what, policy, words) in [
        ("no-rules", iam.clone(), "write read = "),
        ("no-iam", strict().replace(&iam, ""), "public-only = true"),
        (
            "no-iam-nor-rules",
            "[public]\n".to_owned(),
            "public-only = true",
        ),
        (
            "other-rules",
            format!("{iam}[public]\nlist = \"anyone\"\n"),
            "write read = ",
        ),
    ] {
        fs::write(server.policy_file(), policy).unwrap();
        assert_refused(
            &server,
            what,
            &before,
            &["opens more than the one in force", words],
        );
        assert_eq!(list(&server), 403, "{what}");
    }
    let [stated, without] = [
        format!("{iam}[public]\nread = \"anyone\"\nlist = \"anyone\"\n"),
        "public-only = true\n[public]\ndelete = \"nobody\"\n".to_owned(),
    ];
    for policy in [stated, without] {
        fs::write(server.policy_file(), &policy).unwrap();
        assert_eq!(reload(&server).0, 200);
        assert_eq!(component(&server)["policy"], digest(&policy));
        assert_eq!(list(&server), 200, "{policy}");
    }
    // And back, which opens nothing.
    fs::write(server.policy_file(), strict()).unwrap();
    assert_eq!(reload(&server).0, 200);
    assert_eq!(list(&server), 403);
}

#[test]
fn no_truncated_policy_opens_anything() {
    let whole = strict();
    let server = Setup::policy(&whole)
        .args(&["--watch-interval", "0s"])
        .start();
    let last = whole.len() - 1;
    let cuts = (0..last).filter(|cut| {
        // Within the keys every cut is the same.
        !whole[..*cut].ends_with(|sign: char| sign.is_alphanumeric()) || cut % 97 == 0
    });
    for cut in cuts {
        fs::write(server.policy_file(), &whole[..cut]).unwrap();
        let (status, answer) = reload(&server);
        assert_ne!(list(&server), 200, "{cut}: {answer}");
        if status == 200 {
            assert!(whole[..cut].ends_with('\n'), "{cut}: {answer}");
            fs::write(server.policy_file(), &whole).unwrap();
            assert_eq!(reload(&server).0, 200);
        }
        assert_eq!(component(&server)["policy"], digest(&whole), "{cut}");
    }
}

#[test]
fn a_refused_promotion_is_over_when_the_shadow_policy_ends() {
    let server = Setup::policy(&strict())
        .args(&["--watch-interval", "0s"])
        .start();
    let address = server.operations.trim_start_matches("http://");
    let begin = |policy: &str| {
        let message = format!(
            "PUT /shadow HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{policy}",
            policy.len()
        );
        assert_eq!(raw(address, message.as_bytes()).0, 200);
        assert_eq!(operate(&server, "POST /component/promote").0, 422);
        assert!(!component(&server)["refused"].is_null());
    };
    let end = || {
        let message =
            format!("DELETE /shadow HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        assert!((200..300).contains(&raw(address, message.as_bytes()).0));
    };
    begin(&iam());
    end();
    assert!(component(&server)["refused"].is_null());
    // A file that was refused since is still to be corrected.
    begin(&iam());
    fs::write(server.policy_file(), "[public]\nreed = 1\n").unwrap();
    assert_eq!(reload(&server).0, 422);
    end();
    let refused = component(&server)["refused"]["reason"].to_string();
    assert!(refused.contains("reed"), "{refused}");
}

/// A policy that leaves everything public open but for what its last path closes.
fn with_closed_path() -> String {
    let rules = "[public]\nread = \"anyone\"\ncreate = \"anyone\"\n[[public.paths]]\n\
                 match = \"closed/**\"\nlist = \"nobody\"\nread = \"nobody\"\n";
    iam() + rules
}

/// The status that a file gets that is not there.
fn read(server: &Server, name: &str) -> u16 {
    let request = format!(
        "GET /v1/public/files/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    );
    raw(server.address(), request.as_bytes()).0
}

#[test]
fn no_truncated_policy_opens_a_closed_path() {
    let whole = with_closed_path();
    let server = Setup::policy(&whole)
        .args(&["--watch-interval", "0s"])
        .start();
    let before = read(&server, "closed/a");
    assert!([401, 403].contains(&before), "{before}");
    let lines = whole.match_indices('\n').map(|(end, _)| end + 1);
    for cut in lines.filter(|&cut| cut < whole.len()) {
        fs::write(server.policy_file(), &whole[..cut]).unwrap();
        let (status, answer) = reload(&server);
        assert_eq!(status, 422, "{}: {answer}", &whole[..cut]);
        assert_eq!(read(&server, "closed/a"), before, "{cut}");
        assert_eq!(component(&server)["policy"], digest(&whole), "{cut}");
    }
}

#[test]
fn no_truncated_policy_without_an_iam_api_opens_anything() {
    let whole = "public-only = true\n[public]\nread = \"anyone\"\ndelete = \"nobody\"\n\
                 replace = \"nobody\"\ncreate = \"nobody\"\n";
    let server = Setup::policy(whole)
        .args(&["--watch-interval", "0s"])
        .start();
    let lines = whole.match_indices('\n').map(|(end, _)| end + 1);
    for cut in lines.filter(|&cut| cut < whole.len()) {
        fs::write(server.policy_file(), &whole[..cut]).unwrap();
        let (status, answer) = reload(&server);
        assert_eq!(status, 422, "{}: {answer}", &whole[..cut]);
        assert_eq!(store(&server, "a"), 403, "{cut}");
        assert_eq!(component(&server)["policy"], digest(whole), "{cut}");
    }
    let stated = whole.replace("create = \"nobody\"", "create = \"anyone\"");
    fs::write(server.policy_file(), stated).unwrap();
    assert_eq!(reload(&server).0, 200);
    assert_eq!(store(&server, "a"), 201);
}

#[test]
fn a_closed_path_is_opened_by_a_policy_that_says_so() {
    let whole = with_closed_path();
    let server = Setup::policy(&whole)
        .args(&["--watch-interval", "0s"])
        .start();
    let without = whole[..whole.find("[[public.paths]]").unwrap()].to_owned();
    fs::write(server.policy_file(), &without).unwrap();
    let before = component(&server);
    let words = [
        "may open more than the one in force",
        "anyone may read public files that match",
        "in [[public.paths]] with match",
    ];
    assert_refused(&server, "unstated", &before, &words);
    let wider = whole.replace("closed/**", "**");
    let stated = whole.replace("\nread = \"nobody\"", "\nread = \"anyone\"");
    // It is stated once; or it stays closed, together with more.
    for (policy, status) in [
        (&stated, 404),
        (&without, 404),
        (&whole, 403),
        (&wider, 403),
    ] {
        fs::write(server.policy_file(), policy).unwrap();
        assert_eq!(reload(&server).0, 200, "{policy}");
        assert_eq!(read(&server, "closed/a"), status, "{policy}");
    }
}
