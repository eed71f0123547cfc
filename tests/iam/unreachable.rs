//! A provider that is unreachable, for a while or permanently.

use tokio::task::block_in_place;

use super::{Provider, openid};
use crate::support::{Server, Setup, assert_problem, eventually};

async fn status(server: &Server, token: &str) -> u16 {
    let list = server.get("/v1/user/files").bearer_auth(token);
    list.send().await.unwrap().status().as_u16()
}

/// Checks that what needs a token waits for the provider, and nothing else does.
async fn assert_waits(server: &Server, token: &str) {
    for path in ["/v1/user/files", "/v1/org/files", "/v1/public/files"] {
        let list = server.get(path).bearer_auth(token).send().await.unwrap();
        let after = list.headers()["retry-after"].to_str().unwrap();
        assert!(after.parse::<u32>().unwrap() > 0, "{after}");
        assert_problem(list, 503, "unavailable").await;
    }
    let file = "/v1/public/files/a";
    let put = server.put(file, "without a token").send().await.unwrap();
    assert!(put.status().is_success());
    let get = server.get(file).send().await.unwrap();
    assert_eq!(get.text().await.unwrap(), "without a token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_started_before_its_provider_accepts_tokens_once_that_is_up() {
    let provider = Provider::openid();
    let token = openid::token(&provider, "ann", "urn:storage:rs256").await;
    provider.command("leave");
    let server = Setup::policy(&openid::policy(&provider)).start();
    assert_waits(&server, &token).await;
    provider.command("back");
    let runtime = tokio::runtime::Handle::current();
    block_in_place(|| {
        eventually("tokens are accepted", || {
            runtime.block_on(status(&server, &token)) == 200
        });
    });
}

#[tokio::test]
async fn known_keys_outlive_their_provider() {
    let mut provider = Provider::openid();
    let server = Setup::policy(&openid::policy(&provider)).start();
    let seen = openid::token(&provider, "ann", "urn:storage:es256").await;
    assert_eq!(status(&server, &seen).await, 200);
    // Of the same key, and not verified before its issuer is gone.
    let unseen = openid::token(&provider, "ben", "urn:storage:es256").await;
    let other_key = openid::token(&provider, "ben", "urn:storage:rs256").await;
    provider.kill();
    for token in [&seen, &unseen, &other_key] {
        assert_eq!(status(&server, token).await, 200);
    }
    let late = Setup::policy(&openid::policy(&provider)).start();
    assert_waits(&late, &seen).await;
}
