//! Keys that an IAM API publishes: found, cached, renewed, and what happens while they
//! are unavailable.

use futures_util::future::join_all;
use jwt_simple::prelude::*;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    AUDIENCE, CONFIGURATION, Claims, IamApi, Server, Setup, assert_problem, eventually,
};

/// A key of the IAM API.
struct Key(Ed25519KeyPair);

impl Key {
    fn new(id: &str) -> Self {
        Self(Ed25519KeyPair::generate().with_key_id(id))
    }

    /// As better-auth publishes it, without `alg` and `use`.
    fn jwk(&self) -> Value {
        let mut jwk: Value = serde_json::from_str(&self.0.public_key().to_jwk()).unwrap();
        jwk["kid"] = self.0.key_id().as_deref().unwrap().into();
        jwk
    }

    /// A valid token of this issuer for the user `ann`.
    fn token(&self, issuer: &str) -> String {
        let claims = Claims::new().with("iss", issuer).with("sub", "ann");
        self.0.sign(claims.library()).unwrap()
    }
}

fn set(keys: &[&Key]) -> Value {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
}

/// A server that discovers its keys from the configuration of this IAM API.
fn discovering(api: &IamApi) -> Server {
    let issuer = api.url();
    Setup::policy(&format!(
        "[iam]\nissuer = '{issuer}'\naudience = '{AUDIENCE}'\n"
    ))
    .start()
}

/// The status that the server answers a token with.
async fn status(server: &Server, token: &str) -> StatusCode {
    let list = server.get("/v1/user/files").bearer_auth(token);
    list.send().await.unwrap().status()
}

/// Checks that tokens cannot be verified, and that the public area still works.
async fn assert_out_of_reach(server: &Server, token: &str, label: &str) {
    let response = server.get("/v1/user/files").bearer_auth(token);
    let response = response.send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "5", "{label}");
    assert_problem(response, 503, "unavailable").await;
    let put = server.put(&format!("/v1/public/files/{label}"), "x");
    let put = put.send().await.unwrap();
    assert!(put.status().is_success(), "{label}");
}

#[tokio::test]
async fn keys_are_discovered_from_the_issuers_configuration_and_fetched_once() {
    let (api, key) = (IamApi::start().await, Key::new("1"));
    api.publish_configuration();
    api.publish("/keys", set(&[&key]));
    let server = discovering(&api);
    let token = key.token(&api.url());
    let requests = (0..64).map(|_| status(&server, &token));
    let answers = join_all(requests).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    assert_eq!((api.asked(CONFIGURATION), api.asked("/keys")), (1, 1));
}

#[tokio::test]
async fn keys_are_fetched_from_the_url_that_the_policy_names() {
    let (api, key) = (IamApi::start().await, Key::new("1"));
    api.publish("/oauth/jwks", set(&[&key]));
    let policy = format!(
        "[iam]\nissuer = 'urn:iam'\naudience = '{AUDIENCE}'\njwks-url = '{}/oauth/jwks?all'",
        api.url()
    );
    let server = Setup::policy(&policy).start();
    assert_eq!(status(&server, &key.token("urn:iam")).await, 200);
    assert_eq!(status(&server, &key.token(&api.url())).await, 401);
    assert_eq!(api.asked(CONFIGURATION), 0);
}

#[tokio::test]
async fn a_rotation_takes_effect_at_once_and_forgets_what_the_old_key_signed() {
    let api = IamApi::start().await;
    let (old, new) = (Key::new("old"), Key::new("new"));
    api.publish_configuration();
    api.publish("/keys", set(&[&old]));
    let server = discovering(&api);
    let (by_old, by_new) = (old.token(&api.url()), new.token(&api.url()));
    assert_eq!(status(&server, &by_old).await, 200);
    api.publish("/keys", set(&[&new]));
    // The server does not know of it yet.
    assert_eq!(status(&server, &by_old).await, 200);
    assert_eq!(api.asked("/keys"), 1);
    assert_eq!(status(&server, &by_new).await, 200);
    // The keys were fetched a moment ago: for some seconds the server cannot tell that there
    // is no such key.
    let refused = status(&server, &by_old).await;
    assert!(refused == 503 || refused == 401, "{refused}");
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        eventually("the old key is refused", || {
            runtime.block_on(status(&server, &by_old)) == 401
        });
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn invented_key_ids_cost_the_iam_api_next_to_nothing() {
    let (api, key) = (IamApi::start().await, Key::new("1"));
    api.publish_configuration();
    api.publish("/keys", set(&[&key]));
    let server = discovering(&api);
    let good = key.token(&api.url());
    assert_eq!(status(&server, &good).await, 200);
    for number in 0..200 {
        let forged = Key::new(&format!("invented-{number}")).token(&api.url());
        // If the keys were fetched a moment ago, the server cannot tell that there is no such key.
        let expected = if number == 0 { 401 } else { 503 };
        let status = status(&server, &forged).await;
        assert!(status == expected || status == 401, "{number}: {status}");
    }
    // Once for the first, and once more every ten seconds.
    assert!(api.asked("/keys") <= 10, "{}", api.asked("/keys"));
    assert_eq!(api.asked(CONFIGURATION), 1);
    assert_eq!(status(&server, &good).await, 200);
}

#[tokio::test]
async fn a_valid_token_of_a_new_key_is_not_called_invalid_for_being_early() {
    let api = IamApi::start().await;
    let (old, new) = (Key::new("old"), Key::new("new"));
    api.publish_configuration();
    api.publish("/keys", set(&[&old]));
    let server = discovering(&api);
    let invented = Key::new("invented").token(&api.url());
    assert_eq!(status(&server, &invented).await, 401);
    api.publish("/keys", set(&[&old, &new]));
    let by_new = new.token(&api.url());
    // Unless the machine was slow.
    if status(&server, &by_new).await != 200 {
        assert_out_of_reach(&server, &by_new, "early").await;
    }
    // A wrong signature stays wrong, and known keys stay known.
    let forged = Key::new("old").token(&api.url());
    assert_eq!(status(&server, &forged).await, 401);
    assert_eq!(status(&server, &old.token(&api.url())).await, 200);
}

#[tokio::test]
async fn a_response_without_a_usable_key_displaces_no_known_key() {
    let api = IamApi::start().await;
    let (old, new) = (Key::new("old"), Key::new("new"));
    api.publish_configuration();
    api.publish("/keys", set(&[&old]));
    let server = discovering(&api);
    let by_old = old.token(&api.url());
    assert_eq!(status(&server, &by_old).await, 200);
    api.answer(
        "/keys",
        200,
        &[],
        "<html>Back in a minute</html>".to_owned(),
    );
    // An unknown key makes the server fetch the keys.
    let by_new = new.token(&api.url());
    assert_out_of_reach(&server, &by_new, "maintenance").await;
    assert_eq!(api.asked("/keys"), 2);
    // Another token of the same key, not seen before.
    let claims = Claims::new().with("iss", api.url()).with("sub", "bob");
    let another = old.0.sign(claims.library()).unwrap();
    assert_eq!(status(&server, &another).await, 200);
    assert_eq!(status(&server, &by_old).await, 200);
    eventually("it is logged", || {
        server.log().contains("the previous one stays in use")
    });
}

#[tokio::test]
async fn while_the_iam_api_is_down_tokens_wait_and_the_public_area_works() {
    let api = IamApi::start().await;
    let (address, key) = (api.address(), Key::new("1"));
    let server = discovering(&api);
    let token = key.token(&api.url());
    drop(api);
    assert_out_of_reach(&server, &token, "down").await;
    let api = IamApi::start_at(address).await;
    api.publish_configuration();
    api.publish("/keys", set(&[&key]));
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        eventually("the keys are fetched", || {
            runtime.block_on(status(&server, &token)) == 200
        });
        // Known keys last while the IAM API is down.
        drop(api);
        let other = key.token(&format!("http://{address}"));
        assert_eq!(runtime.block_on(status(&server, &other)), 200);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn anything_but_the_issuers_own_key_set_gives_no_keys() {
    let (api, elsewhere, key) = (IamApi::start().await, IamApi::start().await, Key::new("1"));
    let keys = set(&[&key]).to_string();
    elsewhere.publish("/keys", &keys);
    let there = format!("{}/keys", elsewhere.url());
    let here = format!("{}/keys", api.url());
    let configuration =
        |issuer: &str, keys: &str| json!({ "issuer": issuer, "jwks_uri": keys }).to_string();
    let own = configuration(&api.url(), &here);
    let large = format!("{}{keys}", " ".repeat(256 << 10));
    let moved: &[(&str, &str)] = &[("location", &there)];
    type Row<'a> = (&'a str, String, u16, &'a [(&'static str, &'a str)], &'a str);
    let table: [Row<'_>; 8] = [
        (
            "foreign issuer",
            configuration(&elsewhere.url(), &here),
            200,
            &[],
            &keys,
        ),
        (
            "foreign keys",
            configuration(&api.url(), &there),
            200,
            &[],
            &keys,
        ),
        ("no configuration", "{}".to_owned(), 200, &[], &keys),
        ("redirect", own.clone(), 302, moved, ""),
        ("too large", own.clone(), 200, &[], &large),
        ("no keys", own.clone(), 200, &[], "<html>"),
        ("error", own.clone(), 500, &[], &keys),
        ("nothing", own, 204, &[], ""),
    ];
    for (label, configuration, status, fields, keys) in table {
        api.publish(CONFIGURATION, configuration);
        api.answer("/keys", status, fields, keys.to_owned());
        let server = discovering(&api);
        assert_out_of_reach(&server, &key.token(&api.url()), label).await;
        eventually(label, || {
            server.log().contains("a token cannot be verified")
        });
    }
    assert_eq!(elsewhere.asked("/keys"), 0);
}

#[tokio::test]
async fn an_iam_api_that_never_answers_keeps_nobody_waiting_forever() {
    let (api, key) = (IamApi::start().await, Key::new("1"));
    let server = discovering(&api);
    let token = key.token(&api.url());
    let first = assert_out_of_reach(&server, &token, "first");
    tokio::join!(first, assert_out_of_reach(&server, &token, "second"));
    assert_eq!(api.asked(CONFIGURATION), 1);
}
