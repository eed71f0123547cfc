//! Which `Authorization` fields authenticate a request. Attacks on tokens are in the files
//! below, one subject each.

mod candidates;
mod claims;
mod confusion;
mod form;
mod header;
mod remembering;
mod rfc;
mod rsa_keys;
mod signatures;

use std::sync::LazyLock;

use ct_codecs::Encoder;
use http::HeaderValue;
use jwt_simple::claims::Claims;
use jwt_simple::prelude::*;
use serde_json::{Value, json};

use super::verify::{MAX_TOKEN, Token};
use super::*;
use crate::http::outgoing::Freshness;

const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://iam.example.com";
const SECRET: &[u8] = b"a shared secret of 32 bytes here";

/// One RSA key for all tests, since generating one takes long.
static RSA: LazyLock<RSAKeyPair> = LazyLock::new(|| RSAKeyPair::generate(2048).expect("a key"));
static EDWARDS: LazyLock<Ed25519KeyPair> = LazyLock::new(Ed25519KeyPair::generate);

fn base64(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlSafeNoPadding::encode_to_string(bytes).expect("text")
}

fn jwk(text: &str, algorithm: &str) -> Value {
    let mut jwk: Value = serde_json::from_str(text).expect("JSON");
    jwk["alg"] = algorithm.into();
    jwk
}

fn edwards(kid: &str) -> Value {
    let mut jwk = jwk(&EDWARDS.public_key().to_jwk(), "EdDSA");
    jwk["kid"] = kid.into();
    jwk
}

fn policy(keys: &str) -> Policy {
    let text = format!(
        "[iam]\nissuer = '{ISSUER}'\naudience = 'storage'\norg-claim = '/org_id'\n\
         roles-claim = '/roles'\n{keys}"
    );
    Policy::parse(&text).expect("a policy")
}

fn inline(keys: Value) -> Policy {
    policy(&format!("jwks = '''{}'''", json!({ "keys": keys })))
}

/// Remembers nothing.
struct Forgetful;

impl Memo for Forgetful {
    fn recall(&self, _key: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn remember(&self, _key: &[u8], _value: &[u8], _seconds: u32) {}
}

fn secrets(name: &str) -> Option<&'static [u8]> {
    (name == "A").then_some(SECRET)
}

fn fields(values: &[&str]) -> HeaderMap {
    let values = values
        .iter()
        .map(|text| HeaderValue::from_str(text).expect("a value"));
    values.map(|value| (AUTHORIZATION, value)).collect()
}

/// The caller of a request with these fields.
fn caller(policy: &Policy, fields: &HeaderMap) -> Result<Caller, Problem> {
    let imports = Imports {
        secrets: &|name| secrets(name),
        fetch: &|url, _| panic!("{url} is asked"),
        memo: &Forgetful,
        tell: &|_| {},
    };
    authenticate(fields, policy, &imports, NOW)
}

/// The outcome of a request with this token.
fn ask(policy: &Policy, token: &str) -> Result<Caller, Problem> {
    caller(policy, &fields(&[&format!("Bearer {token}")]))
}

/// Why this token is refused.
fn refusal(policy: &Policy, token: &str) -> Option<Refusal> {
    let iam = policy.iam().expect("an IAM API");
    let keyring = Keyring {
        iam,
        secrets: &|name| secrets(name),
        fetch: &|url, _| panic!("{url} is asked"),
    };
    let keys = keyring.keys(Freshness::Cached).expect("keys");
    Token::parse(token)
        .and_then(|token| {
            token.verify_with(&token.header()?, &keys, NOW)?;
            token.accept(iam, NOW)
        })
        .err()
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "storage", "exp": NOW + 600, "nbf": NOW, "iat": NOW,
        "sub": "anna", "org_id": "acme", "roles": ["boss"],
    })
}

/// A token with these two parts, even malformed ones, signed with Ed25519.
fn sign(text: &str) -> String {
    let signature = EDWARDS.key_pair().as_ref().sk.sign(text, None);
    format!("{text}.{}", base64(signature))
}

/// A token with exactly this header and payload, signed with Ed25519.
fn signed(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    sign(&format!("{}.{}", base64(header), base64(payload)))
}

fn usual(claims: &Value) -> String {
    signed(
        r#"{"alg":"EdDSA","kid":"1","typ":"JWT"}"#,
        claims.to_string(),
    )
}

/// The usual claims with these changes.
fn but(changes: Value) -> Value {
    let mut claims = claims();
    let changes = changes.as_object().expect("an object").clone();
    claims.as_object_mut().expect("an object").extend(changes);
    claims
        .as_object_mut()
        .expect("an object")
        .retain(|_, value| *value != "-");
    claims
}

/// The claims that jwt-simple itself makes.
fn library_claims() -> JWTClaims<Value> {
    let mut claims =
        Claims::with_custom_claims(json!({"org_id": "acme"}), Duration::from_secs(600))
            .with_issuer(ISSUER)
            .with_audience("storage")
            .with_subject("anna");
    claims.issued_at = None;
    claims.invalid_before = None;
    claims.expires_at = Some(UnixTimeStamp::from_secs(NOW + 600));
    claims
}

#[test]
fn a_valid_token_of_every_algorithm_names_its_bearer() {
    let der = RSA.to_der().expect("DER");
    macro_rules! rsa {
        ($pair:ident, $name:literal) => {{
            let pair = $pair::from_der(&der).expect("a key");
            let key = jwk(&pair.public_key().to_jwk(), $name);
            ($name, inline(json!([key])), pair.sign(library_claims()))
        }};
    }
    let es256 = ES256KeyPair::generate();
    let es384 = ES384KeyPair::generate();
    let hs256 = HS256Key::from_bytes(SECRET);
    let curve = |text: String, name| inline(json!([jwk(&text, name)]));
    for (name, policy, token) in [
        rsa!(RS256KeyPair, "RS256"),
        rsa!(RS384KeyPair, "RS384"),
        rsa!(RS512KeyPair, "RS512"),
        rsa!(PS256KeyPair, "PS256"),
        rsa!(PS384KeyPair, "PS384"),
        rsa!(PS512KeyPair, "PS512"),
        (
            "ES256",
            curve(es256.public_key().to_jwk(), "ES256"),
            es256.sign(library_claims()),
        ),
        (
            "ES384",
            curve(es384.public_key().to_jwk(), "ES384"),
            es384.sign(library_claims()),
        ),
        (
            "EdDSA",
            inline(json!([edwards("1")])),
            EDWARDS.sign(library_claims()),
        ),
        (
            "HS256",
            policy("hs256-secret = 'A'"),
            hs256.authenticate(library_claims()),
        ),
    ] {
        assert_eq!(keyring::check(&policy, &secrets), Ok(()), "{name}");
        let token = token.expect(name);
        let Ok(Caller::Bearer(bearer)) = ask(&policy, &token) else {
            panic!("{name}")
        };
        assert_eq!(
            bearer.user().ok(),
            Owner::user(ISSUER, "anna").as_ref(),
            "{name}"
        );
        assert_eq!(
            bearer.org().ok(),
            Owner::org(ISSUER, "acme").as_ref(),
            "{name}"
        );
        // The same key under any other algorithm is not a candidate.
        for other in [
            "RS256", "PS256", "RS512", "ES256", "ES384", "EdDSA", "HS256",
        ] {
            let (_, rest) = token.split_once('.').expect("parts");
            let renamed = format!("{}.{rest}", base64(json!({ "alg": other }).to_string()));
            if other != name {
                assert_eq!(
                    refusal(&policy, &renamed),
                    Some(Refusal::NoKey),
                    "{name} {other}"
                );
            }
        }
    }
}

#[test]
fn the_field_must_hold_one_token_of_the_bearer_scheme() {
    let policy = inline(json!([edwards("1")]));
    let token = usual(&claims());
    let ask = |values: &[&str]| caller(&policy, &fields(values));
    for good in ["Bearer ", "bearer ", "BEARER   "] {
        assert!(
            matches!(ask(&[&format!("{good}{token}")]), Ok(Caller::Bearer(_))),
            "{good}"
        );
    }
    assert_eq!(ask(&[]), Ok(Caller::Anonymous));
    let bearer = format!("Bearer {token}");
    for bad in [
        &[bearer.as_str(), bearer.as_str()][..],
        &[""],
        &["Bearer"],
        &["Bearer "],
        &["Basic YTpi"],
        &[token.as_str()],
        &[&format!("Bearer {token} {token}")],
        &[&format!("Bearer {token}, Bearer {token}")],
        &["Bearer é"],
    ] {
        assert_eq!(ask(bad), Err(Problem::InvalidToken), "{bad:?}");
    }
}

#[test]
fn public_only_mode_ignores_the_field() {
    let policy = Policy::parse("public-only = true").expect("a policy");
    assert_eq!(ask(&policy, "x"), Ok(Caller::Anonymous));
}

#[test]
fn without_keys_a_token_is_neither_valid_nor_invalid() {
    for keys in ["hs256-secret = 'B'", "jwks = '{}'"] {
        let policy = policy(keys);
        assert_eq!(
            ask(&policy, &usual(&claims())),
            Err(Problem::IamUnavailable),
            "{keys}"
        );
        let anonymous = caller(&policy, &fields(&[]));
        assert_eq!(anonymous, Ok(Caller::Anonymous));
    }
}

#[test]
fn a_valid_token_may_be_without_a_user() {
    let policy = inline(json!([edwards("1")]));
    let Ok(Caller::Bearer(bearer)) = ask(&policy, &usual(&but(json!({"sub": "-"})))) else {
        panic!("refused")
    };
    assert_eq!((bearer.user().ok(), bearer.has_role("boss")), (None, true));
    assert_eq!(bearer.org().ok(), Owner::org(ISSUER, "acme").as_ref());
}
