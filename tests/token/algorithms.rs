//! Which algorithms and keys sign valid tokens.

use jwt_simple::prelude::*;
use serde_json::{Value, json};

use super::{assert_refused, encoded, list, put};
use crate::support::{AUDIENCE, Claims, ISSUER, Setup, sign};

/// One algorithm, with a key of its own.
struct Signer {
    algorithm: &'static str,
    jwk: Value,
    sign: Box<dyn Fn(&Claims) -> String + Send>,
}

macro_rules! signer {
    ($algorithm:literal, $pair:expr) => {{
        let pair = $pair;
        let mut jwk: Value = serde_json::from_str(&pair.public_key().to_jwk()).unwrap();
        jwk["alg"] = $algorithm.into();
        Signer {
            algorithm: $algorithm,
            jwk,
            sign: Box::new(move |claims| pair.sign(claims.library()).unwrap()),
        }
    }};
}

/// Every algorithm with a public key. The RSA ones share a key, since making one
/// takes long.
fn signers(rsa: &RSAKeyPair) -> Vec<Signer> {
    let der = rsa.to_der().unwrap();
    vec![
        signer!("RS256", RS256KeyPair::from_der(&der).unwrap()),
        signer!("RS384", RS384KeyPair::from_der(&der).unwrap()),
        signer!("RS512", RS512KeyPair::from_der(&der).unwrap()),
        signer!("PS256", PS256KeyPair::from_der(&der).unwrap()),
        signer!("PS384", PS384KeyPair::from_der(&der).unwrap()),
        signer!("PS512", PS512KeyPair::from_der(&der).unwrap()),
        signer!("ES256", ES256KeyPair::generate()),
        signer!("ES384", ES384KeyPair::generate()),
        signer!("EdDSA", Ed25519KeyPair::generate()),
    ]
}

/// A policy that trusts these keys.
fn trusting(keys: &str) -> Setup {
    Setup::policy(&format!(
        "[iam]\nissuer = '{ISSUER}'\naudience = '{AUDIENCE}'\n{keys}"
    ))
}

/// The token with another header and the signature it had.
fn renamed(token: &str, header: &Value) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", encoded(header.to_string()))
}

#[tokio::test]
async fn a_token_of_every_algorithm_is_accepted_with_the_key_of_that_algorithm_alone() {
    let rsa = RSAKeyPair::generate(2048).unwrap();
    let signers = signers(&rsa);
    let keys: Vec<_> = signers.iter().map(|signer| &signer.jwk).collect();
    let keys = json!({ "keys": keys }).to_string();
    let server = trusting(&format!("jwks = '''{keys}'''")).start();
    for signer in &signers {
        let name = signer.algorithm;
        let token = (signer.sign)(&Claims::new().with("sub", name));
        let response = put(&server, "/v1/user/files/accepted", &token).await;
        assert_eq!(response.status(), 201, "{name}");
        assert_eq!(list(&server, "user", &token).await, ["accepted"], "{name}");

        let others = signers.iter().map(|signer| signer.algorithm);
        for other in others
            .chain(["HS256", "none"])
            .filter(|other| *other != name)
        {
            let other = renamed(&token, &json!({ "alg": other, "typ": "JWT" }));
            let response = put(&server, "/v1/user/files/refused", &other).await;
            assert_refused(response, &other).await;
        }
    }

    // A public key is not a secret, in whatever form it is used as one.
    let der = rsa.to_der().unwrap();
    let public = RS256KeyPair::from_der(&der).unwrap().public_key();
    let rsa_jwk = &signers[0].jwk;
    for secret in [
        public.to_pem().unwrap().into_bytes(),
        public.to_pem().unwrap().trim_end().as_bytes().to_vec(),
        public.to_der().unwrap(),
        public.to_components().n,
        rsa_jwk["n"].as_str().unwrap().as_bytes().to_vec(),
        rsa_jwk.to_string().into_bytes(),
        keys.clone().into_bytes(),
    ] {
        let key = HS256Key::from_bytes(&secret);
        let claims = Claims::new().with("sub", "RS256");
        let token = key.authenticate(claims.library()).unwrap();
        let response = put(&server, "/v1/user/files/refused", &token).await;
        assert_refused(response, "confusion").await;
    }
}

#[tokio::test]
async fn hs256_is_accepted_with_the_secret_that_the_policy_names() {
    const SECRET: &str = "a secret that is at least 32 bytes long";
    let server = trusting("hs256-secret = 'IAM_1'")
        .env("COFFER_SECRET_IAM_1", SECRET)
        .env(
            "COFFER_SECRET_OTHER",
            "another one that is at least 32 bytes",
        )
        .start();
    let claims = Claims::new().with("sub", "a");
    let token = HS256Key::from_bytes(SECRET.as_bytes())
        .authenticate(claims.library())
        .unwrap();
    let response = put(&server, "/v1/user/files/a", &token).await;
    assert_eq!(response.status(), 201);
    for (label, token) in [
        (
            "another secret",
            HS256Key::from_bytes(b"another one that is at least 32 bytes")
                .authenticate(claims.library())
                .unwrap(),
        ),
        (
            "HS512",
            HS512Key::from_bytes(SECRET.as_bytes())
                .authenticate(claims.library())
                .unwrap(),
        ),
        ("EdDSA", sign(&claims)),
        ("none", renamed(&token, &json!({ "alg": "none" }))),
        ("renamed", renamed(&token, &json!({ "alg": "RS256" }))),
    ] {
        let response = put(&server, "/v1/user/files/b", &token).await;
        assert_refused(response, label).await;
    }
    assert_eq!(list(&server, "user", &token).await, ["a"]);
}
