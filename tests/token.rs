//! Bearer tokens: which are taken, which are refused, and whom they name.

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

/// The token with another header and the signature it had.
fn renamed(token: &str, header: &Value) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    let header = Base64UrlSafeNoPadding::encode_to_string(header.to_string()).unwrap();
    format!("{header}.{rest}")
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
async fn a_token_of_every_algorithm_is_taken_with_the_key_of_that_algorithm_alone() {
    let rsa = RSAKeyPair::generate(2048).unwrap();
    let signers = signers(&rsa);
    let keys: Vec<_> = signers.iter().map(|signer| &signer.jwk).collect();
    let keys = json!({ "keys": keys }).to_string();
    let server = trusting(&format!("jwks = '''{keys}'''")).start();
    for signer in &signers {
        let name = signer.algorithm;
        let token = (signer.sign)(&Claims::new().with("sub", name));
        let response = put(&server, "/v1/user/files/taken", &token).await;
        assert_eq!(response.status(), 201, "{name}");
        assert_eq!(list(&server, "user", &token).await, ["taken"], "{name}");

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

    // What is public is no secret, in whatever form somebody may have it.
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
async fn hs256_is_taken_with_the_secret_that_the_policy_names() {
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

/// A token whose length is the most that is taken, or the least that is not.
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

#[tokio::test]
async fn one_flaw_is_enough_for_a_token_to_be_refused_everywhere() {
    let server = Server::start();
    let now = Clock::now_since_epoch().as_secs();
    let good = || Claims::new().with("sub", "a");
    let header = |header: Value| sign_with(&header, &good());
    let own_key: Value = serde_json::from_str(&jwks()).unwrap();
    let own_key = &own_key["keys"][0];
    let pair = KeyPair::from_seed(Seed::generate());
    let foreign = Ed25519KeyPair::from_bytes(&*pair).unwrap();
    let foreign_key: Value = serde_json::from_str(&foreign.public_key().to_jwk()).unwrap();
    let signed = sign(&good());
    let parts: Vec<&str> = signed.split('.').collect();
    let [head, payload, signature] = parts[..] else {
        panic!("{signed}")
    };
    let text = |text: &str| Base64UrlSafeNoPadding::encode_to_string(text).unwrap();
    let eddsa = || json!({ "alg": "EdDSA", "typ": "JWT" });
    let with = |name: &str, value: Value| {
        let mut header = eddsa();
        header[name] = value;
        sign_with(&header, &good())
    };

    let taken = [
        ("as it should be", signed.clone()),
        ("the longest", token_of_length(true)),
        ("no typ", header(json!({ "alg": "EdDSA" }))),
        ("an access token", with("typ", "at+jwt".into())),
        ("a key id, where the key has none", with("kid", "1".into())),
        ("just expired", sign(&good().with("exp", now - 20))),
        ("valid soon", sign(&good().with("nbf", now + 20))),
        ("no iat", sign(&good().with("iat", Value::Null))),
        (
            "several audiences",
            sign(&good().with("aud", json!(["x", AUDIENCE]))),
        ),
    ];
    for (label, token) in &taken {
        let get = server.get("/v1/user/files").bearer_auth(token);
        assert_eq!(get.send().await.unwrap().status(), 200, "{label}");
    }

    let refused = [
        ("too long", token_of_length(false)),
        ("far too long", "a".repeat(40_000)),
        ("no token at all", String::new()),
        ("one part", "a".to_owned()),
        ("two parts", format!("{head}.{payload}")),
        ("four parts", format!("{signed}.{signature}")),
        ("five parts", format!("{signed}.{signature}.{signature}")),
        ("dots", "..".to_owned()),
        ("no header", format!(".{payload}.{signature}")),
        ("no payload", format!("{head}..{signature}")),
        ("no signature", format!("{head}.{payload}.")),
        (
            "half a signature",
            format!("{head}.{payload}.{}", &signature[..43]),
        ),
        ("a longer signature", format!("{signed}AAAA")),
        ("padding", format!("{signed}==")),
        ("a space within", format!("{head}. {payload}.{signature}")),
        ("something behind it", format!("{signed} x")),
        ("a comma", format!("{signed},{signed}")),
        ("quotes", format!("\"{signed}\"")),
        (
            "a header that is no JSON",
            format!("{}.{payload}.{signature}", text("x")),
        ),
        (
            "a header that is a list",
            format!("{}.{payload}.{signature}", text("[]")),
        ),
        ("another payload", {
            let claims = good().with("sub", "b").0.to_string();
            format!("{head}.{}.{signature}", text(&claims))
        }),
        (
            "another's signature",
            foreign.sign(good().library()).unwrap(),
        ),
        ("none", format!("{}.{payload}.", text(r#"{"alg":"none"}"#))),
        ("None", format!("{}.{payload}.", text(r#"{"alg":"None"}"#))),
        ("NONE, signed", header(json!({ "alg": "NONE" }))),
        ("no alg", header(json!({ "typ": "JWT" }))),
        ("alg in lower case", header(json!({ "alg": "eddsa" }))),
        ("alg is a list", header(json!({ "alg": ["EdDSA"] }))),
        (
            "an encrypted one's alg",
            header(json!({ "alg": "dir", "enc": "A256GCM" })),
        ),
        ("another typ", with("typ", "JOSE".into())),
        ("an unknown crit", with("crit", json!(["urn:x"]))),
        ("a crit that is known", with("crit", json!(["exp"]))),
        ("an empty crit", with("crit", json!([]))),
        ("b64", with("b64", json!(false))),
        ("its own key within", with("jwk", own_key.clone())),
        ("a foreign key within", {
            let token = foreign.sign(good().library()).unwrap();
            let forged = json!({ "alg": "EdDSA", "typ": "JWT", "jwk": foreign_key });
            let payload = token.split('.').nth(1).unwrap();
            let signed = format!("{}.{payload}", text(&forged.to_string()));
            let signature = pair.sk.sign(&signed, None);
            let signature = Base64UrlSafeNoPadding::encode_to_string(signature.as_ref()).unwrap();
            format!("{signed}.{signature}")
        }),
        ("jku", with("jku", "https://iam.test/keys".into())),
        ("x5u", with("x5u", "https://iam.test/keys".into())),
        ("x5c", with("x5c", json!(["AAAA"]))),
        ("no exp", sign(&good().with("exp", Value::Null))),
        (
            "exp is text",
            sign(&good().with("exp", (now + 60).to_string())),
        ),
        ("expired", sign(&good().with("exp", now - 61))),
        ("exp is 0", sign(&good().with("exp", 0))),
        ("exp is negative", sign(&good().with("exp", -1))),
        ("not valid yet", sign(&good().with("nbf", now + 120))),
        ("nbf is text", sign(&good().with("nbf", "0"))),
        ("no iss", sign(&good().with("iss", Value::Null))),
        (
            "iss with a slash",
            sign(&good().with("iss", format!("{ISSUER}/"))),
        ),
        ("iss is a list", sign(&good().with("iss", json!([ISSUER])))),
        ("no aud", sign(&good().with("aud", Value::Null))),
        ("aud in capitals", sign(&good().with("aud", "STORAGE"))),
        (
            "aud that starts alike",
            sign(&good().with("aud", "storage2")),
        ),
        (
            "aud of others",
            sign(&good().with("aud", json!(["a", "b"]))),
        ),
        (
            "aud of no text",
            sign(&good().with("aud", json!([AUDIENCE, 1]))),
        ),
        // RFC 7519, 4.1.2: a string.
        ("sub is a number", sign(&good().with("sub", 7))),
        ("sub is a list", sign(&good().with("sub", json!(["a"])))),
        ("claims that are a list", sign(&Claims(json!([])))),
        ("a claim twice", {
            let claims = good().0.to_string().replacen('{', r#"{"sub":"b","#, 1);
            sign_text(r#"{"alg":"EdDSA"}"#, &claims)
        }),
    ];
    for (label, token) in &refused {
        for area in ["public", "user", "org"] {
            let path = format!("/v1/{area}/files/refused");
            assert_refused(put(&server, &path, token).await, label).await;
        }
    }
    // Where nothing is needed, a bad token is not better than none.
    let get = server
        .get("/v1/public/files/refused")
        .bearer_auth(&refused[0].1);
    assert_refused(get.send().await.unwrap(), "public").await;
    assert!(list(&server, "user", &signed).await.is_empty());
    assert!(list(&server, "public", &signed).await.is_empty());
}

#[tokio::test]
async fn the_field_is_one_of_the_bearer_scheme_in_any_case() {
    let server = Server::start();
    let token = user("a");
    for (fields, taken) in [
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
            if taken {
                let expected = if path.contains("user") { 200 } else { 404 };
                assert_eq!(response.status(), expected, "{fields:?}");
            } else {
                assert_refused(response, &format!("{fields:?}")).await;
            }
        }
    }
    // The token has no business anywhere else.
    let get = server.get(&format!("/v1/user/files?access_token={token}"));
    let response = get.header("cookie", format!("token={token}"));
    let response = response.send().await.unwrap();
    let challenge = response.headers()[WWW_AUTHENTICATE].clone();
    assert!(matches!(response.status().as_u16(), 400 | 401));
    assert_eq!(challenge, "Bearer");
}

#[tokio::test]
async fn a_token_that_names_no_user_is_good_for_what_needs_none() {
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
        // It is nobody's upload, so not this bearer's either.
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
async fn in_the_public_only_mode_the_field_is_not_looked_at() {
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
