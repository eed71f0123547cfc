//! The examples of RFC 7515 (appendix A), RFC 7520 (section 4) and RFC 8037
//! (appendix A), with their own keys, byte for byte.

use serde::Deserialize;

use super::*;
use crate::token::keys::KeySet;

/// When the claims of RFC 7515 are still valid: a minute before their `exp`.
const THEN: u64 = 1_300_819_320;

#[derive(Deserialize)]
struct Example {
    example: String,
    /// A public key, or a secret in base64.
    key: Option<Value>,
    secret: Option<String>,
    token: String,
}

impl Example {
    fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("rfc.json")).expect("JSON")
    }

    fn keys(&self) -> KeySet {
        match (&self.key, &self.secret) {
            (Some(key), None) => {
                // RFC 7520 uses one RSA key with two algorithms.
                let mut key = key.clone();
                if self.token.starts_with(&base64(r#"{"alg":"PS384""#)[..16]) {
                    key["alg"] = "PS384".into();
                }
                KeySet::parse(json!({"keys": [key]}).to_string()).expect("a set")
            }
            (None, Some(secret)) => {
                let secret = Base64UrlSafeNoPadding::decode_to_vec(secret, None).expect("base64");
                KeySet::of_secret(&secret).expect("a secret")
            }
            _ => panic!("a key or a secret"),
        }
    }

    /// The outcome of verifying this token with its keys.
    fn verify(&self, token: &str) -> Result<(), Refusal> {
        let token = Token::parse(token)?;
        token.verify_with(&token.header()?, &self.keys(), THEN)
    }
}

/// The token with one bit of its signature's first byte flipped.
fn flipped(token: &str) -> String {
    let (start, signature) = token.rsplit_once('.').expect("parts");
    let mut bytes = Base64UrlSafeNoPadding::decode_to_vec(signature, None).expect("base64");
    bytes[0] ^= 1;
    format!("{start}.{}", base64(bytes))
}

#[test]
fn the_examples_have_valid_signatures_and_one_flipped_bit_breaks_them() {
    for example in Example::all() {
        let (signed, expected) = match example.example.as_str() {
            // P-521 is not supported.
            "RFC 7515, A.4" | "RFC 7520, 4.3" => (Refusal::Algorithm, Err(Refusal::Algorithm)),
            "RFC 7515, A.1" | "RFC 7515, A.2" | "RFC 7515, A.3" => (Refusal::Signature, Ok(())),
            // The signature is valid, but the payload is prose, not claims; it is only
            // read if the signature is valid.
            _ => (Refusal::Signature, Err(Refusal::Claims)),
        };
        let name = &example.example;
        assert_eq!(example.verify(&example.token), expected, "{name}");
        assert_eq!(
            example.verify(&flipped(&example.token)),
            Err(signed.clone()),
            "{name}"
        );
        let (start, _) = example.token.rsplit_once('.').expect("parts");
        assert_eq!(example.verify(&format!("{start}.")), Err(signed), "{name}");
    }
}

#[test]
fn every_example_is_present_and_none_is_valid_under_the_key_of_another() {
    let examples = Example::all();
    let names: Vec<_> = examples.iter().map(|each| each.example.as_str()).collect();
    assert_eq!(
        names,
        [
            "RFC 7515, A.1",
            "RFC 7515, A.2",
            "RFC 7515, A.3",
            "RFC 7515, A.4",
            "RFC 7520, 4.1",
            "RFC 7520, 4.2",
            "RFC 7520, 4.3",
            "RFC 7520, 4.4",
            "RFC 8037, A.4",
        ]
    );
    for (index, one) in examples.iter().enumerate() {
        for (_, other) in examples.iter().enumerate().filter(|(at, _)| *at != index) {
            let refusal = one.verify(&other.token).expect_err(&other.example);
            let expected = [Refusal::NoKey, Refusal::Signature, Refusal::Algorithm];
            assert!(
                expected.contains(&refusal),
                "{} {}",
                one.example,
                other.example
            );
        }
    }
}

#[test]
fn the_claims_of_rfc_7515_are_valid_until_they_expire() {
    for example in &Example::all()[..3] {
        let keys = match &example.key {
            Some(key) => format!("jwks = '''{}'''", json!({"keys": [key]})),
            None => "hs256-secret = 'A'".to_owned(),
        };
        let policy = Policy::parse(&format!("[iam]\nissuer = 'joe'\n{keys}")).expect("a policy");
        let iam = policy.iam().expect("an IAM API");
        let token = Token::parse(&example.token)
            .map_err(|_| "parse")
            .expect("a token");
        let name = &example.example;
        assert!(token.accept(iam, THEN).is_ok(), "{name}");
        assert!(token.accept(iam, THEN + 119).is_ok(), "{name}");
        for late in [THEN + 120, NOW] {
            let refusal = token.accept(iam, late).map(|_| ());
            assert_eq!(refusal, Err(Refusal::Expired), "{name}");
        }
        let refusal = Token::parse(&example.token)
            .and_then(|token| token.verify_with(&token.header()?, &example.keys(), NOW));
        assert_eq!(refusal, Err(Refusal::Expired), "{name}");
    }
}
