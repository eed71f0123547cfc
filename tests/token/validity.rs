//! What makes a token valid or not: its parts, its header, its claims.

use ed25519_compact::{KeyPair, Seed};
use jwt_simple::prelude::*;
use serde_json::{Value, json};

use super::{assert_refused, encoded, list, put};
use crate::support::{AUDIENCE, Claims, ISSUER, Server, jwks, sign, sign_text, sign_with};

/// A token of the greatest length that is accepted, or of the least that is not.
fn token_of_length(longest: bool) -> String {
    let padded = |count: usize| {
        sign(
            &Claims::new()
                .with("sub", "a")
                .with("pad", "x".repeat(count)),
        )
    };
    let mut count = 12 * 1024;
    while padded(count).len() > 16 * 1024 {
        count -= 1;
    }
    padded(if longest { count } else { count + 1 })
}

/// Valid claims, to be changed in one place.
fn valid() -> Claims {
    Claims::new().with("sub", "a")
}

/// A token that is valid but for this claim.
fn claiming(name: &str, value: impl Into<Value>) -> String {
    sign(&valid().with(name, value))
}

/// A token that is valid but for its header.
fn headed(header: &Value) -> String {
    sign_with(header, &valid())
}

/// A token that is valid but for this member of its header.
fn heading(name: &str, value: impl Into<Value>) -> String {
    let mut header = json!({ "alg": "EdDSA", "typ": "JWT" });
    header[name] = value.into();
    headed(&header)
}

fn now() -> u64 {
    Clock::now_since_epoch().as_secs()
}

/// Each of these tokens is refused in every area, also where none is needed, and stores nothing.
async fn assert_all_refused(tokens: &[(&str, String)]) {
    let server = Server::start();
    for (label, token) in tokens {
        for area in ["public", "user", "org"] {
            let path = format!("/v1/{area}/files/refused");
            assert_refused(put(&server, &path, token).await, label).await;
        }
        let get = server.get("/v1/public/files/refused").bearer_auth(token);
        assert_refused(get.send().await.unwrap(), label).await;
    }
    let valid = sign(&valid());
    assert!(list(&server, "user", &valid).await.is_empty());
    assert!(list(&server, "public", &valid).await.is_empty());
}

#[tokio::test]
async fn what_a_token_may_leave_out_or_add_does_not_make_it_invalid() {
    let server = Server::start();
    for (label, token) in [
        ("as it should be", sign(&valid())),
        ("the longest", token_of_length(true)),
        ("no typ", headed(&json!({ "alg": "EdDSA" }))),
        ("an access token", heading("typ", "at+jwt")),
        ("a key id, where the key has none", heading("kid", "1")),
        ("just expired", claiming("exp", now() - 20)),
        ("valid soon", claiming("nbf", now() + 20)),
        ("no iat", claiming("iat", Value::Null)),
        ("several audiences", claiming("aud", json!(["x", AUDIENCE]))),
    ] {
        let get = server.get("/v1/user/files").bearer_auth(token);
        assert_eq!(get.send().await.unwrap().status(), 200, "{label}");
    }
}

#[tokio::test]
async fn a_token_is_refused_unless_it_has_three_parts_and_a_signature_of_them() {
    let token = sign(&valid());
    let parts: Vec<&str> = token.split('.').collect();
    let [head, payload, signature] = parts[..] else {
        panic!("{token}")
    };
    let other = valid().with("sub", "b").0.to_string();
    let foreign = Ed25519KeyPair::generate();
    assert_all_refused(&[
        ("too long", token_of_length(false)),
        ("far too long", "a".repeat(40_000)),
        ("no token at all", String::new()),
        ("one part", "a".to_owned()),
        ("two parts", format!("{head}.{payload}")),
        ("four parts", format!("{token}.{signature}")),
        ("five parts", format!("{token}.{signature}.{signature}")),
        ("dots", "..".to_owned()),
        ("no header", format!(".{payload}.{signature}")),
        ("no payload", format!("{head}..{signature}")),
        ("no signature", format!("{head}.{payload}.")),
        (
            "half a signature",
            format!("{head}.{payload}.{}", &signature[..43]),
        ),
        ("a longer signature", format!("{token}AAAA")),
        ("padding", format!("{token}==")),
        ("a space within", format!("{head}. {payload}.{signature}")),
        ("something after it", format!("{token} x")),
        ("a comma", format!("{token},{token}")),
        ("quotes", format!("\"{token}\"")),
        (
            "another payload",
            format!("{head}.{}.{signature}", encoded(other)),
        ),
        (
            "another's signature",
            foreign.sign(valid().library()).unwrap(),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_token_is_refused_for_its_header() {
    let token = sign(&valid());
    let (_, rest) = token.split_once('.').unwrap();
    let (payload, _) = rest.split_once('.').unwrap();
    let under = |header: &str| format!("{}.{rest}", encoded(header));
    assert_all_refused(&[
        ("not JSON", under("x")),
        ("a list", under("[]")),
        (
            "none",
            format!("{}.{payload}.", encoded(r#"{"alg":"none"}"#)),
        ),
        (
            "None",
            format!("{}.{payload}.", encoded(r#"{"alg":"None"}"#)),
        ),
        ("NONE, signed", headed(&json!({ "alg": "NONE" }))),
        ("no alg", headed(&json!({ "typ": "JWT" }))),
        ("alg in lower case", headed(&json!({ "alg": "eddsa" }))),
        ("alg is a list", headed(&json!({ "alg": ["EdDSA"] }))),
        (
            "the alg of an encrypted token",
            headed(&json!({ "alg": "dir", "enc": "A256GCM" })),
        ),
        ("another typ", heading("typ", "JOSE")),
        ("an unknown crit", heading("crit", json!(["urn:x"]))),
        ("a crit that is known", heading("crit", json!(["exp"]))),
        ("an empty crit", heading("crit", json!([]))),
        ("b64", heading("b64", false)),
    ])
    .await;
}

#[tokio::test]
async fn a_token_is_refused_when_it_brings_or_names_its_own_key() {
    let own: Value = serde_json::from_str(&jwks()).unwrap();
    let pair = KeyPair::from_seed(Seed::generate());
    let foreign = Ed25519KeyPair::from_bytes(&*pair).unwrap().public_key();
    let foreign: Value = serde_json::from_str(&foreign.to_jwk()).unwrap();
    let header = json!({ "alg": "EdDSA", "typ": "JWT", "jwk": foreign }).to_string();
    let signed = format!("{}.{}", encoded(header), encoded(valid().0.to_string()));
    let signature = pair.sk.sign(&signed, None);
    assert_all_refused(&[
        ("its own key", heading("jwk", own["keys"][0].clone())),
        (
            "a foreign key",
            format!("{signed}.{}", encoded(signature.as_ref())),
        ),
        ("jku", heading("jku", "https://iam.test/keys")),
        ("x5u", heading("x5u", "https://iam.test/keys")),
        ("x5c", heading("x5c", json!(["AAAA"]))),
    ])
    .await;
}

#[tokio::test]
async fn a_token_is_refused_for_one_of_its_claims() {
    let twice = valid().0.to_string().replacen('{', r#"{"sub":"b","#, 1);
    assert_all_refused(&[
        ("no exp", claiming("exp", Value::Null)),
        ("exp is text", claiming("exp", (now() + 60).to_string())),
        ("expired", claiming("exp", now() - 61)),
        ("exp is 0", claiming("exp", 0)),
        ("exp is negative", claiming("exp", -1)),
        ("not valid yet", claiming("nbf", now() + 120)),
        ("nbf is text", claiming("nbf", "0")),
        ("no iss", claiming("iss", Value::Null)),
        ("iss with a slash", claiming("iss", format!("{ISSUER}/"))),
        ("iss is a list", claiming("iss", json!([ISSUER]))),
        ("no aud", claiming("aud", Value::Null)),
        ("aud in capitals", claiming("aud", "STORAGE")),
        ("aud with the same prefix", claiming("aud", "storage2")),
        ("aud of others", claiming("aud", json!(["a", "b"]))),
        (
            "aud that is not text",
            claiming("aud", json!([AUDIENCE, 1])),
        ),
        // RFC 7519, 4.1.2: a string.
        ("sub is a number", claiming("sub", 7)),
        ("sub is a list", claiming("sub", json!(["a"]))),
        ("a list", sign(&Claims(json!([])))),
        ("a claim twice", sign_text(r#"{"alg":"EdDSA"}"#, &twice)),
    ])
    .await;
}
