use std::sync::LazyLock;

use ct_codecs::Encoder;
use http::HeaderValue;
use jwt_simple::claims::Claims;
use jwt_simple::prelude::*;
use serde_json::{Value, json};

use super::{Token, *};
use crate::caller::Caller;
use crate::owner::Owner;

const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://iam.example.com";
const SECRET: &[u8] = b"a shared secret of 32 bytes here";

/// One RSA key for all, since making one takes long.
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

fn secrets(name: &str) -> Option<&'static [u8]> {
    (name == "A").then_some(SECRET)
}

fn fields(values: &[&str]) -> HeaderMap {
    let values = values
        .iter()
        .map(|text| HeaderValue::from_str(text).expect("a value"));
    values.map(|value| (AUTHORIZATION, value)).collect()
}

/// Who sends a request with these fields.
fn caller(policy: &Policy, fields: &HeaderMap) -> Result<Caller, Problem> {
    let token = authenticate(fields, policy, &secrets, NOW)?;
    Ok(Caller::of(token.as_ref(), policy.iam()))
}

/// What becomes of a request with this token.
fn ask(policy: &Policy, token: &str) -> Result<Caller, Problem> {
    caller(policy, &fields(&[&format!("Bearer {token}")]))
}

/// Why this token is refused.
fn refusal(policy: &Policy, token: &str) -> Option<Refusal> {
    let iam = policy.iam().expect("an IAM API");
    let keys = keys(iam, &secrets).expect("keys");
    Token::parse(token)
        .and_then(|token| token.verify(iam, &keys, NOW))
        .err()
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "storage", "exp": NOW + 600, "nbf": NOW, "iat": NOW,
        "sub": "anna", "org_id": "acme", "roles": ["boss"],
    })
}

/// A token with this header and payload as they stand, signed with Ed25519.
fn signed(header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", base64(header), base64(payload));
    let signature = EDWARDS.key_pair().as_ref().sk.sign(&signed, None);
    format!("{signed}.{}", base64(signature))
}

fn usual(claims: &Value) -> String {
    signed(
        r#"{"alg":"EdDSA","kid":"1","typ":"JWT"}"#,
        &claims.to_string(),
    )
}

/// The usual claims, with these in their place.
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

/// A token of jwt-simple's own making.
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
fn a_good_token_of_every_algorithm_names_its_bearer() {
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
        assert_eq!(policy.check(&secrets), Ok(()), "{name}");
        let token = token.expect(name);
        let Ok(Caller::Bearer(bearer)) = ask(&policy, &token) else {
            panic!("{name}")
        };
        assert_eq!(
            bearer.user(),
            Owner::user(ISSUER, "anna").as_ref(),
            "{name}"
        );
        assert_eq!(bearer.org(), Owner::org(ISSUER, "acme").as_ref(), "{name}");
        // The same key under any other algorithm is no candidate.
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
fn every_flaw_is_refused_for_its_own_reason() {
    use Refusal as R;
    let with_header = |header: Value| signed(&header.to_string(), &claims().to_string());
    let own = with_header(json!({"alg": "EdDSA", "kid": "1"}));
    let parts: Vec<_> = own.split('.').collect();
    let last = own.len() - 1;
    let policy = inline(json!([edwards("1")]));
    assert_eq!(refusal(&policy, &usual(&claims())), None);
    for (label, token, reason) in [
        ("expired", usual(&but(json!({"exp": NOW - 60}))), R::Expired),
        ("no expiry", usual(&but(json!({"exp": "-"}))), R::NoExpiry),
        (
            "expiry as text",
            usual(&but(json!({"exp": "2"}))),
            R::Claims,
        ),
        ("not yet", usual(&but(json!({"nbf": NOW + 61}))), R::NotYet),
        (
            "another issuer",
            usual(&but(json!({"iss": "https://iam.example.com/"}))),
            R::Issuer,
        ),
        ("no issuer", usual(&but(json!({"iss": "-"}))), R::Issuer),
        (
            "another audience",
            usual(&but(json!({"aud": ["a", "b"]}))),
            R::Audience,
        ),
        ("no audience", usual(&but(json!({"aud": "-"}))), R::Audience),
        (
            "claims are a list",
            signed(r#"{"alg":"EdDSA"}"#, "[]"),
            R::Claims,
        ),
        (
            "claims are no JSON",
            signed(r#"{"alg":"EdDSA"}"#, "x"),
            R::Claims,
        ),
        (
            "a claim twice",
            signed(
                r#"{"alg":"EdDSA"}"#,
                &claims().to_string().replacen('{', r#"{"org_id":"x","#, 1),
            ),
            R::Claims,
        ),
        ("none", with_header(json!({"alg": "none"})), R::Algorithm),
        ("None", with_header(json!({"alg": "None"})), R::Algorithm),
        ("eddsa", with_header(json!({"alg": "eddsa"})), R::Algorithm),
        ("no algorithm", with_header(json!({"kid": "1"})), R::Header),
        (
            "algorithms",
            with_header(json!({"alg": ["EdDSA"]})),
            R::Header,
        ),
        (
            "another key id",
            with_header(json!({"alg": "EdDSA", "kid": "../1"})),
            R::NoKey,
        ),
        (
            "a key id that is none",
            with_header(json!({"alg": "EdDSA", "kid": 1})),
            R::Header,
        ),
        (
            "crit",
            with_header(json!({"alg": "EdDSA", "crit": ["exp"]})),
            R::Extension,
        ),
        (
            "empty crit",
            with_header(json!({"alg": "EdDSA", "crit": []})),
            R::Extension,
        ),
        (
            "b64",
            with_header(json!({"alg": "EdDSA", "b64": false})),
            R::Extension,
        ),
        (
            "jwk",
            with_header(json!({"alg": "EdDSA", "jwk": edwards("1")})),
            R::EmbeddedKey,
        ),
        (
            "jku",
            with_header(json!({"alg": "EdDSA", "jku": "https://x"})),
            R::EmbeddedKey,
        ),
        (
            "x5u",
            with_header(json!({"alg": "EdDSA", "x5u": "https://x"})),
            R::EmbeddedKey,
        ),
        (
            "x5c",
            with_header(json!({"alg": "EdDSA", "x5c": [""]})),
            R::EmbeddedKey,
        ),
        (
            "another type",
            with_header(json!({"alg": "EdDSA", "typ": "JOSE"})),
            R::Header,
        ),
        (
            "alg twice",
            signed(r#"{"alg":"EdDSA","alg":"EdDSA"}"#, &claims().to_string()),
            R::Header,
        ),
        ("deep header", signed(&"[".repeat(3000), "{}"), R::Header),
        (
            "deep claims",
            signed(r#"{"alg":"EdDSA"}"#, &"[".repeat(3000)),
            R::Claims,
        ),
        (
            "no signature",
            format!("{}.{}.", parts[0], parts[1]),
            R::Signature,
        ),
        (
            "two parts",
            format!("{}.{}", parts[0], parts[1]),
            R::Malformed,
        ),
        ("four parts", format!("{own}."), R::Malformed),
        ("nothing", String::new(), R::Malformed),
        ("dots", "..".to_owned(), R::Header),
        ("padding", format!("{own}="), R::Signature),
        ("a cut signature", own[..last].to_owned(), R::Signature),
        (
            "padded header",
            format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
            R::Malformed,
        ),
        (
            "other claims",
            format!("{}.{}.{}", parts[0], base64("{}"), parts[2]),
            R::Signature,
        ),
        (
            "too long",
            format!("{own}{}", "A".repeat(MAX_TOKEN)),
            R::TooLong,
        ),
    ] {
        assert_eq!(refusal(&policy, &token), Some(reason), "{label}");
        if !token.is_empty() {
            assert_eq!(ask(&policy, &token), Err(Problem::InvalidToken), "{label}");
        }
    }
}

#[test]
fn a_signature_has_one_spelling() {
    let policy = inline(json!([edwards("1")]));
    let token = usual(&claims());
    // 64 bytes leave four bits of the last character unused.
    let (start, last) = token.split_at(token.len() - 1);
    for other in ["A", "Q", "g", "w", "B", "R", "h", "x"]
        .iter()
        .filter(|other| **other != last)
    {
        assert_eq!(
            refusal(&policy, &format!("{start}{other}")),
            Some(Refusal::Signature)
        );
    }
}

#[test]
fn a_public_key_is_no_secret() {
    let public = RSA.public_key();
    let pair = RS256KeyPair::from_der(&RSA.to_der().expect("DER")).expect("a key");
    let policy = inline(json!([
        jwk(&pair.public_key().to_jwk(), "RS256"),
        edwards("1")
    ]));
    let modulus = public.to_components().n;
    let pem = public.to_pem().expect("PEM").into_bytes();
    for secret in [
        pem,
        public.to_der().expect("DER"),
        modulus,
        EDWARDS.public_key().to_bytes(),
    ] {
        let token = HS256Key::from_bytes(&secret)
            .authenticate(library_claims())
            .expect("a token");
        assert_eq!(refusal(&policy, &token), Some(Refusal::NoKey));
    }
}

#[test]
fn at_most_eight_keys_are_tried_and_those_of_the_id_first() {
    let stranger = || jwk(&Ed25519KeyPair::generate().public_key().to_jwk(), "EdDSA");
    let mut nameless = edwards("1");
    nameless.as_object_mut().expect("an object").remove("kid");
    for (strangers, own, expected) in [
        (7, nameless.clone(), None),
        (8, nameless, Some(Refusal::Signature)),
        (8, edwards("1"), None),
    ] {
        let mut keys: Vec<_> = (0..strangers).map(|_| stranger()).collect();
        keys.push(own);
        assert_eq!(
            refusal(&inline(json!(keys)), &usual(&claims())),
            expected,
            "{strangers}"
        );
    }
}

#[test]
fn the_field_holds_one_token_of_the_bearer_scheme() {
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
fn the_public_only_mode_does_not_look_at_the_field() {
    let policy = Policy::parse("").expect("a policy");
    assert_eq!(ask(&policy, "x"), Ok(Caller::Anonymous));
}

#[test]
fn without_keys_a_token_is_neither_good_nor_bad() {
    for keys in ["", "jwks-url = 'https://iam/keys'", "hs256-secret = 'B'"] {
        let policy = policy(keys);
        assert_eq!(
            ask(&policy, &usual(&claims())),
            Err(Problem::Unavailable),
            "{keys}"
        );
        let anonymous = caller(&policy, &fields(&[]));
        assert_eq!(anonymous, Ok(Caller::Anonymous));
    }
}

#[test]
fn a_good_token_without_a_user_is_good() {
    let policy = inline(json!([edwards("1")]));
    let Ok(Caller::Bearer(bearer)) = ask(&policy, &usual(&but(json!({"sub": "-"})))) else {
        panic!("refused")
    };
    assert_eq!((bearer.user(), bearer.has_role("boss")), (None, true));
    assert_eq!(bearer.org(), Owner::org(ISSUER, "acme").as_ref());
}
