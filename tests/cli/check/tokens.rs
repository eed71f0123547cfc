//! `--token`: whom it names, or why it is refused.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use super::*;
use crate::support::{AUDIENCE, CONFIGURATION, Claims, ISSUER, IamApi, jwks, sign, token};

#[test]
fn check_says_whom_a_token_names_or_why_it_is_refused() {
    let folder = TempDir::new().unwrap();
    let policy = file(&folder, "shop.toml", iam());
    let check = |token: &str| {
        let token = file(&folder, "token", token);
        run(&["check", &policy, "--token", &token], &[])
    };
    let valid = token(Some("ann"), Some("acme"), &["editor", "manager"]);
    let ended = check(&format!("{valid}\n"));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let told: Vec<&str> = ended.stdout.lines().collect();
    let [user, organization, roles, term] = told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(
        (user, organization, roles),
        ("user: ann", "organization: acme", "roles: editor, manager")
    );
    assert!(
        term.starts_with("valid for: 59m ") || term == "valid for: 1h",
        "{term}"
    );

    let shapes = Claims::new()
        .with("sub", "ann")
        .with("org_id", json!(["a"]));
    let ended = check(&sign(&shapes));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stdout.contains(
            "organization: none (the claim /org_id is a list of 1 element, not a string or an \
             object with exactly 1 member)\nroles: none (the claim /roles is missing)\n"
        ),
        "{}",
        ended.stdout
    );

    let slash = sign(&Claims::new().with("iss", format!("{ISSUER}/")));
    let expired = sign(&Claims::new().with("exp", 1000));
    for (token, says) in [
        (
            slash.as_str(),
            "iss is \"https://iam.test/\", the policy's issuer is",
        ),
        (&expired, "token refused: the token has expired"),
        ("opaque", "not a JWS in compact form"),
        (" \n", "no token in"),
        (&valid[..valid.len() - 8], "the signature is not valid"),
    ] {
        let ended = check(token);
        let told = &ended.stderr;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(
            told.starts_with("coffer: ") && told.contains(says),
            "{told}"
        );
    }

    // Everybody can read command lines in the list of processes.
    let ended = run(&["check", &policy, "--token", &valid], &[]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("- for standard input"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains(&valid[..20]), "{}", ended.stderr);

    let mut child = command(&["check", &policy, "--token", "-"], &[])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(valid.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.stdout.starts_with(b"user: ann\n"));

    let open = file(&folder, "open.toml", "[public]\nlist = \"nobody\"\n");
    let given = file(&folder, "token", &valid);
    let ended = run(&["check", &open, "--token", &given], &[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("no [iam]"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_fetches_the_keys_that_serve_would() {
    let api = IamApi::start().await;
    let folder = TempDir::new().unwrap();
    let issuer = api.url();
    let policy = format!("[iam]\nissuer = '{issuer}'\naudience = '{AUDIENCE}'\n");
    let policy = file(&folder, "found.toml", policy);
    let claims = Claims::new()
        .with("iss", issuer.as_str())
        .with("sub", "ann");
    let token = file(&folder, "token", sign(&claims));
    let check = || run(&["check", &policy, "--token", &token], &[]);

    let too_large = " ".repeat((256 << 10) + 1);
    for (status, body, expected) in [
        (404, String::new(), "the response has status 404"),
        (200, too_large, "the response has more than 256 KiB"),
    ] {
        api.answer(CONFIGURATION, status, &[], body);
        let ended = check();
        let told = &ended.stderr;
        assert_eq!(ended.code, Some(1), "{told}");
        let expected = format!("{issuer}{CONFIGURATION}: {expected}");
        assert!(told.contains(&expected), "{told}");
    }

    let keys = format!("{issuer}/keys");
    let configuration = |issuer: &str| json!({"issuer": issuer, "jwks_uri": keys}).to_string();
    api.publish(CONFIGURATION, configuration(&format!("{issuer}/")));
    api.publish("/keys", jwks());
    let ended = check();
    let told = &ended.stderr;
    assert!(
        told.contains(&format!(
            "its issuer is \"{issuer}/\", the policy's is \"{issuer}\""
        )) && told.contains("they differ by a trailing slash"),
        "{told}"
    );

    api.publish(CONFIGURATION, configuration(&issuer));
    let ended = check();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("user: ann\n"), "{}", ended.stdout);
}
