//! Policies that open more to requests without a token than the one in force, and do not say so:
//! files that were emptied or have lost their end.

use std::fs;

use super::refused::assert_refused;
use super::*;
use crate::support::iam;

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

/// Cuts the policy in force at the end of each of its lines: each is refused, and a request has the
/// status that it had.
fn assert_needs_every_line(server: &Server, whole: &str, status: impl Fn() -> u16) {
    let before = status();
    let lines = whole.match_indices('\n').map(|(end, _)| end + 1);
    for cut in lines.filter(|&cut| cut < whole.len()) {
        fs::write(server.policy_file(), &whole[..cut]).unwrap();
        let (refused, answer) = reload(server);
        assert_eq!(refused, 422, "{}: {answer}", &whole[..cut]);
        assert_eq!(status(), before, "{cut}");
        assert_eq!(component(server)["policy"], digest(whole), "{cut}");
    }
}

#[test]
fn no_truncated_policy_opens_a_closed_path() {
    let whole = with_closed_path();
    let server = Setup::policy(&whole)
        .args(&["--watch-interval", "0s"])
        .start();
    let before = read(&server, "closed/a");
    assert!([401, 403].contains(&before), "{before}");
    assert_needs_every_line(&server, &whole, || read(&server, "closed/a"));
}

#[test]
fn no_truncated_policy_without_an_iam_api_opens_anything() {
    let whole = "public-only = true\n[public]\nread = \"anyone\"\ndelete = \"nobody\"\n\
                 replace = \"nobody\"\ncreate = \"nobody\"\n";
    let server = Setup::policy(whole)
        .args(&["--watch-interval", "0s"])
        .start();
    assert_eq!(store(&server, "a"), 403);
    assert_needs_every_line(&server, whole, || store(&server, "a"));
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
