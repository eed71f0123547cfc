//! Bearer tokens: which are accepted, which are refused, and whom they name.

use std::collections::HashSet;

use ed25519_compact::{KeyPair, Seed};
use jwt_simple::prelude::*;
use reqwest::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    AUDIENCE, Claims, ISSUER, Server, Setup, assert_problem, json_of, jwks, sign, sign_text,
    sign_with, token, user,
};

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

fn encoded(text: impl AsRef<[u8]>) -> String {
    Base64UrlSafeNoPadding::encode_to_string(text).unwrap()
}

/// The token with another header and the signature it had.
fn renamed(token: &str, header: &Value) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", encoded(header.to_string()))
}

async fn put(server: &Server, path: &str, token: &str) -> Response {
    let put = server.put(path, "x").bearer_auth(token);
    put.send().await.unwrap()
}

async fn list(server: &Server, area: &str, token: &str) -> Vec<String> {
    let list = server.get(&format!("/v1/{area}/files?limit=1000"));
    let listing = json_of(list.bearer_auth(token)).await;
    let files = listing["files"].as_array().unwrap();
    let name = |file: &Value| file["name"].as_str().unwrap().to_owned();
    files.iter().map(name).collect()
}

async fn assert_refused(response: Response, label: &str) {
    let challenge = response.headers().get(WWW_AUTHENTICATE).cloned();
    let status = response.status();
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{label}");
    assert_eq!(
        challenge.unwrap(),
        r#"Bearer error="invalid_token""#,
        "{label}"
    );
    assert_problem(response, 401, "invalid-token").await;
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

#[tokio::test]
async fn the_field_is_one_of_the_bearer_scheme_in_any_case() {
    let server = Server::start();
    let token = user("a");
    for (fields, accepted) in [
        (vec![format!("Bearer {token}")], true),
        (vec![format!("bearer {token}")], true),
        (vec![format!("BEARER {token}")], true),
        (vec![format!("bEARER   {token}")], true),
        (vec![token.clone()], false),
        (vec![format!("Bearer{token}")], false),
        (vec![format!("Bearer\t{token}")], false),
        (vec![format!("Bearer={token}")], false),
        (vec![format!("Token {token}")], false),
        (vec![format!("Basic {token}")], false),
        (vec!["Basic YTpi".to_owned()], false),
        (vec!["Bearer".to_owned()], false),
        (vec!["Bearer ".to_owned()], false),
        (vec![String::new()], false),
        (vec![format!("Bearer {token}"); 2], false),
        (
            vec!["Basic YTpi".to_owned(), format!("Bearer {token}")],
            false,
        ),
    ] {
        for path in ["/v1/user/files", "/v1/public/files/none"] {
            let mut get = server.get(path);
            for field in &fields {
                get = get.header(AUTHORIZATION, field);
            }
            let response = get.send().await.unwrap();
            if accepted {
                let expected = if path.contains("user") { 200 } else { 404 };
                assert_eq!(response.status(), expected, "{fields:?}");
            } else {
                assert_refused(response, &format!("{fields:?}")).await;
            }
        }
    }
    // A token anywhere else does not count.
    let get = server.get(&format!("/v1/user/files?access_token={token}"));
    let response = get.header("cookie", format!("token={token}"));
    let response = response.send().await.unwrap();
    let challenge = response.headers()[WWW_AUTHENTICATE].clone();
    assert!(matches!(response.status().as_u16(), 400 | 401));
    assert_eq!(challenge, "Bearer");
}

#[tokio::test]
async fn a_token_that_names_no_user_is_accepted_where_none_is_needed() {
    let server = Server::start();
    let claims = || Claims::new().with("org_id", "x");
    for (label, sub) in [
        ("machine", Value::Null),
        ("empty", "".into()),
        ("too long", "x".repeat(1001).into()),
    ] {
        let token = sign(&claims().with("sub", sub));
        let file = |area: &str| format!("/v1/{area}/files/{}", label.replace(' ', "-"));
        let user = file("user");
        for request in [
            server.put(&user, "x"),
            server.get(&user),
            server.delete(&user),
            server.get("/v1/user/files"),
            server.post("/v1/user/urls/a"),
        ] {
            let response = request.bearer_auth(&token).send().await.unwrap();
            assert!(
                !response.headers().contains_key(WWW_AUTHENTICATE),
                "{label}"
            );
            assert_problem(response, 403, "forbidden").await;
        }
        let org = put(&server, &file("org"), &token).await;
        assert_eq!(org.status(), 201, "{label}");
        let public = put(&server, &file("public"), &token).await;
        assert_eq!(public.status(), 201, "{label}");
        // The file has no uploader, so it is not this caller's either.
        let again = put(&server, &file("public"), &token).await;
        assert_problem(again, 403, "forbidden").await;
    }
    // The same for organizations.
    for org in [
        Value::Null,
        "".into(),
        7.into(),
        json!(["x"]),
        json!({}),
        json!({"x": 1, "y": 2}),
    ] {
        let token = sign(&Claims::new().with("sub", "a").with("org_id", org.clone()));
        let response = put(&server, "/v1/org/files/a", &token).await;
        assert_problem(response, 403, "forbidden").await;
    }
}

#[tokio::test]
async fn in_the_public_only_mode_the_authorization_field_is_ignored() {
    let server = Setup::public_only().start();
    for field in [
        "",
        "Bearer",
        "Bearer x.y.z",
        "Basic YTpi",
        &format!("Bearer {}", user("a")),
    ] {
        let put = server
            .put("/v1/public/files/a", "x")
            .header(AUTHORIZATION, field);
        let status = put.send().await.unwrap().status();
        assert!(matches!(status.as_u16(), 200 | 201), "{field:?}: {status}");
        let get = server.get("/v1/user/files").header(AUTHORIZATION, field);
        assert_problem(get.send().await.unwrap(), 403, "iam-not-configured").await;
    }
}

#[tokio::test]
async fn whatever_an_id_looks_like_it_names_one_user_and_one_organization() {
    let server = Server::start();
    let long = "x".repeat(1000);
    let ids = [
        "a",
        "A",
        "a ",
        " a",
        "a/b",
        "b",
        "..",
        "../..",
        "../../etc",
        "/",
        "\\",
        "%2e%2e",
        ".",
        "*",
        "\0",
        "a\0",
        "a\nb",
        "auth0|1",
        "é",
        "e\u{301}",
        "É",
        "日本語",
        "😀",
        "\u{202e}a",
        &long,
        &long[..999],
        "user",
        "public",
        "null",
        "0",
    ];
    let distinct: HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
    let bearers = || {
        let users = ids
            .iter()
            .map(|id| ("user", id, token(Some(id), None, &[])));
        users.chain(ids.iter().map(|id| ("org", id, token(None, Some(id), &[]))))
    };
    for (area, id, token) in bearers() {
        let path = format!("/v1/{area}/files/same/name");
        let put = server
            .put(&path, format!("{area} {id}"))
            .bearer_auth(&token);
        assert_eq!(put.send().await.unwrap().status(), 201, "{area} {id:?}");
    }
    for (area, id, token) in bearers() {
        let path = format!("/v1/{area}/files/same/name");
        let get = server.get(&path).bearer_auth(&token).send().await.unwrap();
        assert_eq!(get.text().await.unwrap(), format!("{area} {id}"));
        assert_eq!(list(&server, area, &token).await, ["same/name"], "{id:?}");
        let delete = server
            .delete(&path)
            .bearer_auth(&token)
            .send()
            .await
            .unwrap();
        assert_eq!(delete.status(), 204, "{id:?}");
        assert!(list(&server, area, &token).await.is_empty(), "{id:?}");
    }
    // No id leads out of the data directory.
    let above = std::fs::read_dir(server.data_dir().parent().unwrap()).unwrap();
    let above: HashSet<_> = above.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(above, HashSet::from(["data".into(), "policy.toml".into()]));
}
