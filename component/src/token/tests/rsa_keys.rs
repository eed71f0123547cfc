//! RSA signatures in another form, and RSA keys that must not be accepted.
//!
//! Keys and tokens are fixed, since generating them takes long; the private keys were not
//! kept. Some have 4352 bits because keys of more than 4096 bits are verified by our own
//! code.

use std::collections::HashMap;

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Examples {
    /// Public keys: modulus and exponent.
    keys: HashMap<String, Value>,
    signatures: Vec<Example>,
}

/// A token, and whether its signature is valid for the algorithm in its header.
#[derive(Deserialize)]
struct Example {
    label: String,
    key: String,
    algorithm: String,
    token: String,
    good: bool,
}

impl Examples {
    fn read() -> Self {
        serde_json::from_str(include_str!("rsa.json")).expect("JSON")
    }

    /// A policy with this key for this algorithm.
    fn policy(&self, key: &str, algorithm: &str) -> Policy {
        let Value::Object(mut key) = self.keys[key].clone() else {
            panic!("{key}")
        };
        key.extend([
            ("kty".to_owned(), "RSA".into()),
            ("alg".to_owned(), algorithm.into()),
        ]);
        inline(json!([key]))
    }

    /// A valid token, signed by this key with RS256.
    fn good(&self, key: &str) -> &str {
        let fits = |each: &&Example| each.key == key && each.good && each.algorithm == "RS256";
        &self.signatures.iter().find(fits).expect("a token").token
    }
}

#[test]
fn a_signature_is_of_its_algorithm_and_has_one_form() {
    let examples = Examples::read();
    for key in ["2048", "4352"] {
        for example in examples.signatures.iter().filter(|each| each.key == key) {
            let policy = examples.policy(key, &example.algorithm);
            assert_eq!(keyring::check(&policy, &|_| None), Ok(()));
            let expected = (!example.good).then_some(Refusal::Signature);
            assert_eq!(
                refusal(&policy, &example.token),
                expected,
                "{} under {} with {key} bits",
                example.label,
                example.algorithm
            );
        }
    }
}

#[test]
fn a_constant_is_not_a_signature() {
    let examples = Examples::read();
    for (key, size) in [("2048", 256), ("4352", 544)] {
        let (text, _) = examples.good(key).rsplit_once('.').expect("parts");
        let modulus = examples.keys[key]["n"].as_str().expect("n");
        let modulus = Base64UrlSafeNoPadding::decode_to_vec(modulus, None).expect("base64");
        for algorithm in ["RS256", "PS256"] {
            let policy = examples.policy(key, algorithm);
            let (_, rest) = text.split_once('.').expect("parts");
            let header = base64(json!({"alg": algorithm}).to_string());
            for signature in [
                Vec::new(),
                vec![0],
                vec![0; size],
                [vec![0; size - 1], vec![1]].concat(),
                vec![0xff; size],
                modulus.clone(),
                vec![1; 64],
                vec![1; 4 * size],
            ] {
                let token = format!("{header}.{rest}.{}", base64(&signature));
                assert_eq!(
                    refusal(&policy, &token),
                    Some(Refusal::Signature),
                    "{algorithm} {signature:?}"
                );
            }
        }
    }
}

#[test]
fn a_key_verifies_by_its_own_algorithm_only() {
    let examples = Examples::read();
    for key in ["2048", "4352"] {
        let token = examples.good(key);
        for other in ["RS384", "RS512", "PS256", "PS384", "PS512"] {
            let policy = examples.policy(key, other);
            assert_eq!(refusal(&policy, token), Some(Refusal::NoKey), "{other}");
            let (_, rest) = token.split_once('.').expect("parts");
            let renamed = base64(json!({"alg": other}).to_string());
            let token = format!("{renamed}.{rest}");
            assert_eq!(refusal(&policy, &token), Some(Refusal::Signature));
        }
        for other in ["ES256", "EdDSA", "HS256", "none", "RSA-OAEP"] {
            let policy = examples.policy(key, other);
            assert_eq!(refusal(&policy, token), Some(Refusal::NoKey), "{other}");
        }
    }
}

#[test]
fn a_weak_key_verifies_nothing_even_with_a_valid_signature() {
    let examples = Examples::read();
    for (key, token) in [
        "512 bits",
        "1024 bits",
        "2047 bits",
        "8200 bits",
        // With an exponent of 1, the padded digest is its own signature.
        "2048 bits, e = 1",
        "4352 bits, e = 1",
        "2048 bits, e = 3",
        "4352 bits, e = 3",
    ]
    .map(|key| {
        let token = examples.signatures.iter().find(|each| each.key == key);
        (key, &token.expect(key).token)
    }) {
        let policy = examples.policy(key, "RS256");
        assert!(keyring::check(&policy, &|_| None).is_err(), "{key}");
        assert_eq!(refusal(&policy, token), Some(Refusal::Signature), "{key}");
        // Nor does it keep a valid key from being tried.
        let good = &examples.keys["2048"];
        let named = |key: &Value| {
            let mut key = key.clone();
            key["kty"] = "RSA".into();
            key
        };
        let both = inline(json!([named(&examples.keys[key]), named(good)]));
        assert_eq!(refusal(&both, examples.good("2048")), None, "{key}");
    }
}

#[test]
fn an_exponent_other_than_65537_or_an_even_modulus_is_not_a_key() {
    let examples = Examples::read();
    for size in ["2048", "4352"] {
        let n = examples.keys[size]["n"].as_str().expect("n");
        let bytes = Base64UrlSafeNoPadding::decode_to_vec(n, None).expect("base64");
        let even = [&bytes[..bytes.len() - 1], &[bytes[bytes.len() - 1] & 0xfe]].concat();
        let exponents: [&[u8]; 9] = [
            &[],
            &[0],
            &[1],
            &[2],
            &[17],
            &[1, 0, 0],
            &[1, 0, 2],
            &[1, 0, 1, 0],
            &[0xff; 300],
        ];
        let keys = exponents
            .map(|e| (bytes.clone(), e.to_vec()))
            .into_iter()
            .chain([even, Vec::new(), vec![0; bytes.len()]].map(|n| (n, vec![1, 0, 1])));
        for (n, e) in keys {
            let policy = inline(json!([{"kty": "RSA", "n": base64(&n), "e": base64(&e)}]));
            assert!(keyring::check(&policy, &|_| None).is_err(), "{e:?}");
            let reason = refusal(&policy, examples.good(size));
            assert_eq!(reason, Some(Refusal::Signature), "{e:?}");
        }
    }
}
