//! Development tokens: their claims, and that they grant nothing outside development mode.

use std::path::Path;
use std::sync::Arc;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::*;
use crate::support::{Server, Setup, eventually};

const PRIVATE: &str = "/v1/user/files/private";

/// `coffer token` for a data directory, with these flags.
fn development_token(data: &Path, flags: &[&str]) -> String {
    let mut args = vec!["token", "--data-dir", data.to_str().unwrap()];
    args.extend(flags);
    let ended = run(&args, &[]);
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{flags:?}"
    );
    assert_eq!(ended.stdout.lines().count(), 1, "{flags:?}");
    ended.stdout.trim_end().to_owned()
}

/// The claims in a token, unverified.
fn claims(token: &str) -> Value {
    use ct_codecs::{Base64UrlSafeNoPadding, Decoder};
    let part = token.split('.').nth(1).unwrap();
    let bytes = Base64UrlSafeNoPadding::decode_to_vec(part, None).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Requests the private file with this token.
async fn ask(server: &Server, token: &str) -> Response {
    let request = server.get(PRIVATE).bearer_auth(token);
    request.send().await.unwrap()
}

#[tokio::test]
async fn development_tokens_open_the_user_and_org_areas_only_in_development_mode() {
    let policy = "[org]\ndelete = \"role:manager\"\n";
    let folder = Arc::new(TempDir::new().unwrap());
    let data = folder.path().join("data");
    let server = Setup::policy(policy)
        .args(&["--dev"])
        .data(Arc::clone(&folder))
        .start();
    let alice = development_token(&data, &["--user", "alice", "--org", "acme"]);
    let bob = development_token(&data, &["--user", "bob", "--expires-in", "2h"]);
    let manager = [
        "--user",
        "carol",
        "--org",
        "acme",
        "--role",
        "staff",
        "--role",
        "manager",
        "--claim",
        "department=hr",
        "--claim",
        "projects=x",
        "--claim",
        "projects=y=z",
    ];
    let manager = development_token(&data, &manager);
    eventually("the mode is logged as a warning", || {
        let log = server.log();
        let mut lines = log.lines();
        lines.any(|line| line.contains("WARN") && line.contains("DEVELOPMENT MODE"))
    });

    let lifetime = |token: &str| {
        let claims = claims(token);
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap()
    };
    assert_eq!(lifetime(&alice), 3600);
    assert_eq!(lifetime(&bob), 7200);
    let of_manager = claims(&manager);
    assert_eq!(of_manager["roles"], json!(["staff", "manager"]));
    assert_eq!(of_manager["department"], "hr");
    assert_eq!(of_manager["projects"], json!(["x", "y=z"]));

    let (private, shared) = (PRIVATE, "/v1/org/files/shared");
    for (method, path, token, status) in [
        (Method::PUT, private, &alice, 201),
        (Method::GET, private, &alice, 200),
        (Method::GET, private, &bob, 404),
        (Method::PUT, shared, &alice, 201),
        (Method::GET, shared, &manager, 200),
        (Method::GET, shared, &bob, 403),
        (Method::DELETE, shared, &alice, 403),
        (Method::DELETE, shared, &manager, 204),
    ] {
        let request = server.request(method.clone(), path).bearer_auth(token);
        let found = request.body("bytes").send().await.unwrap();
        assert_eq!(found.status(), status, "{method} {path}");
    }

    let elsewhere = Setup::policy(policy).args(&["--dev"]).start();
    let foreign = development_token(&elsewhere.data_dir(), &["--user", "alice"]);
    let refused = ask(&server, &foreign).await;
    assert_problem(refused, 401, "invalid-token").await;

    assert_eq!(server.stop(), Some(0));
    let server = Setup::default().data(Arc::clone(&folder)).start();
    let refused = ask(&server, &alice).await;
    assert_problem(refused, 401, "invalid-token").await;
    assert!(!server.log().contains("DEVELOPMENT MODE"));
    assert_eq!(server.stop(), Some(0));
    let server = Setup::public_only().data(folder).start();
    let refused = ask(&server, &alice).await;
    assert_problem(refused, 403, "iam-not-configured").await;
    eventually("the mode is logged", || {
        server.log().contains("PUBLIC-ONLY MODE")
    });
    assert!(!server.log().contains("DEVELOPMENT MODE"));
}

#[tokio::test]
async fn a_token_needs_a_key_that_a_server_in_development_mode_has_created() {
    let server = Setup::default().start();
    let missing = server.data_dir().join("missing");
    for data in [server.data_dir(), missing.clone()] {
        let data = data.to_str().unwrap();
        let ended = run(&["token", "--user", "alice", "--data-dir", data], &[]);
        let told = &ended.stderr;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(
            told.contains("serve --dev") && told.contains(data),
            "{told}"
        );
    }
    assert!(!missing.exists());
    assert!(!server.data_dir().join("development-key").exists());
}
