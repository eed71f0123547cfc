//! The reason for a refusal is in the log: one line, without anything from the token.

use reqwest::Method;

use super::*;
use crate::support::{Claims, sign};

const RULES: &str = "
    [public]
    delete = 'uploader'
    [user]
    list = 'nobody'
    [org]
    delete = 'role:manager'";

/// A token for Ann with this claim, or without it if it is null.
fn ann(name: &str, value: impl Into<Value>) -> Option<String> {
    let claims = Claims::new().with("sub", "hidden-ann").with(name, value);
    Some(sign(&claims))
}

fn member(roles: Value) -> Option<String> {
    let claims = Claims::new().with("sub", "hidden-ann");
    Some(sign(
        &claims.with("org_id", "hidden-acme").with("roles", roles),
    ))
}

#[tokio::test]
async fn every_refusal_leaves_one_reason_under_its_id_and_nothing_of_the_token() {
    let server = Setup::policy(&(iam() + RULES)).start();
    let put = server.put("/v1/public/files/theirs", "x").send().await;
    assert_eq!(put.unwrap().status(), 201);
    let list = Method::GET;
    let (files, org, theirs) = ("/v1/user/files", "/v1/org/files", "/v1/public/files/theirs");
    let expired = Claims::new().with("exp", 1000);
    for (method, path, token, status, reason) in [
        (
            list.clone(),
            "/v1/public/files",
            None,
            401,
            "no token was sent, and public.list (the default) requires signed-in",
        ),
        (
            list.clone(),
            org,
            None,
            401,
            "no token was sent, and the org area requires one",
        ),
        (
            list.clone(),
            files,
            ann("org_id", "hidden-acme"),
            403,
            "no token can satisfy user.list (line 11): the rule is nobody",
        ),
        (
            list.clone(),
            org,
            ann("org", "hidden-acme"),
            403,
            "the token names no organization: the claim /org_id is missing",
        ),
        (
            list.clone(),
            org,
            ann("org_id", json!(["hidden-acme", "b"])),
            403,
            "the token names no organization: the claim /org_id is a list of 2 elements, not a \
             string or an object with exactly 1 member",
        ),
        (
            Method::GET,
            "/v1/user/files/a",
            Some(sign(&Claims::new().with("org_id", "hidden-acme"))),
            403,
            "the token names no user: the claim /sub is missing",
        ),
        (
            Method::DELETE,
            "/v1/org/files/a",
            member(json!(["hidden-one", "hidden-two"])),
            403,
            "the token lacks role:manager, which org.delete (line 13) requires: it has 2 roles",
        ),
        (
            Method::DELETE,
            "/v1/org/files/a",
            member(json!(7.5)),
            403,
            "the token lacks role:manager, which org.delete (line 13) requires: the claim /roles is a \
             number, not a string of words, an integer, a list of those or an object",
        ),
        (
            Method::DELETE,
            theirs,
            ann("x", 1),
            403,
            "public.delete (line 9) requires uploader, but the file was stored by another user or without \
             a token",
        ),
        (
            list.clone(),
            files,
            ann("iss", format!("{ISSUER}/")),
            401,
            "token refused: the token is from another issuer: iss is \\\"https://iam.test/\\\", \
             the policy's issuer is \\\"https://iam.test\\\" (they differ by a trailing slash)",
        ),
        (
            list.clone(),
            files,
            ann("aud", "other"),
            401,
            "token refused: the token is for another audience: aud is \\\"other\\\", expected \
             \\\"storage\\\"",
        ),
        (
            list.clone(),
            files,
            ann("exp", "hidden-time"),
            401,
            "token refused: the claim exp is a string, not a time in seconds since 1970",
        ),
        (
            list.clone(),
            files,
            ann("sub", 7),
            401,
            "token refused: the claim sub is a number, not a string",
        ),
        (
            list.clone(),
            files,
            Some(sign(&expired)),
            401,
            "token refused: the token has expired",
        ),
        (
            list.clone(),
            files,
            Some("hidden.token".to_owned()),
            401,
            "token refused: the token is not a JWS in compact form",
        ),
        (
            list.clone(),
            "/v1/links/hidden-link/a",
            None,
            403,
            "the presigned URL is invalid",
        ),
    ] {
        // The second time a valid token comes from the cache, and is refused for the same reason.
        for _ in 0..2 {
            let request = server.request(method.clone(), path);
            let response = send(request, token.as_ref()).await;
            let id = response.headers()["x-request-id"]
                .to_str()
                .unwrap()
                .to_owned();
            assert_eq!(response.status(), status, "{method} {path}: {reason}");
            let problem = response.text().await.unwrap();
            assert!(!problem.contains("claim"), "{problem}");
            let told = || {
                let log = server.log();
                let lines = log.lines().filter(|line| line.contains(&id));
                lines.map(str::to_owned).collect::<Vec<_>>()
            };
            eventually(reason, || {
                let lines = told();
                lines.iter().any(|line| line.contains("answered"))
                    && lines.iter().any(|line| line.contains(reason))
            });
            let told = told();
            let others = told.iter().filter(|line| !line.contains("answered"));
            assert_eq!(others.count(), 1, "{told:?}");
            // It is the client's fault, and not a reason to alert anybody.
            assert!(told.iter().all(|line| line.contains(" INFO ")), "{told:?}");
        }
    }
    let log = server.log();
    assert!(!log.contains("hidden"), "{log}");
}
