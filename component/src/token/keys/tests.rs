mod points;

use std::sync::LazyLock;

use jwt_simple::prelude::*;
use serde_json::json;

use super::*;

/// The public key of an RSA key of 2048 bits, made once.
static RSA: LazyLock<Value> = LazyLock::new(|| {
    let pair = RS256KeyPair::generate(2048).expect("a key");
    let text = pair.public_key().to_jwk();
    let mut jwk: Value = serde_json::from_str(&text).expect("JSON");
    jwk.as_object_mut()
        .expect("an object")
        .retain(|name, _| ["kty", "n", "e"].contains(&name.as_str()));
    jwk
});

/// The JWK with these members added.
fn with(jwk: &Value, members: Value) -> Value {
    let mut jwk = jwk.clone();
    let added = members.as_object().expect("an object").clone();
    jwk.as_object_mut().expect("an object").extend(added);
    jwk
}

fn edwards() -> Value {
    let text = Ed25519KeyPair::generate().public_key().to_jwk();
    let jwk: Value = serde_json::from_str(&text).expect("JSON");
    json!({"kty": "OKP", "crv": "Ed25519", "x": jwk["x"]})
}

fn algorithms(keys: Value) -> Vec<Algorithm> {
    let set = KeySet::parse(json!({"keys": keys}).to_string()).expect("a set");
    set.0.iter().map(|key| key.algorithm).collect()
}

#[test]
fn the_algorithm_comes_from_the_key() {
    use Algorithm as A;
    let ed = edwards();
    let text = ES256KeyPair::generate().public_key().to_jwk();
    let p256: Value = serde_json::from_str(&text).expect("JSON");
    for (jwk, expected) in [
        (p256.clone(), Some(A::Es256)),
        (with(&p256, json!({"alg": "ES384"})), None),
        (with(&p256, json!({"alg": "HS256"})), None),
        (RSA.clone(), Some(A::Rs256)),
        (
            with(
                &RSA,
                json!({"alg": "RS512", "use": "sig", "key_ops": ["verify"]}),
            ),
            Some(A::Rs512),
        ),
        (
            with(&RSA, json!({"alg": "PS384", "kid": "1"})),
            Some(A::Ps384),
        ),
        (ed.clone(), Some(A::EdDsa)),
        (with(&ed, json!({"alg": "EdDSA"})), Some(A::EdDsa)),
        (with(&ed, json!({"alg": "Ed25519"})), Some(A::EdDsa)),
        (with(&RSA, json!({"alg": "HS256"})), None),
        (with(&RSA, json!({"alg": "ES256"})), None),
        (with(&RSA, json!({"alg": "RSA-OAEP"})), None),
        (with(&RSA, json!({"alg": "none"})), None),
        (with(&RSA, json!({"use": "enc"})), None),
        (with(&RSA, json!({"key_ops": ["encrypt"]})), None),
        (with(&RSA, json!({"d": "AQAB"})), None),
        (with(&RSA, json!({"n": "a="})), None),
        (with(&ed, json!({"crv": "X25519"})), None),
        (with(&ed, json!({"kty": "EC"})), None),
        (json!({"kty": "oct", "k": "AAAA", "alg": "HS256"}), None),
        (
            json!({"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AA"}),
            None,
        ),
        (
            json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}),
            None,
        ),
        (json!({"kty": 7}), None),
        (json!("RSA"), None),
    ] {
        assert_eq!(algorithms(json!([jwk])), Vec::from_iter(expected), "{jwk}");
    }
}

#[test]
fn a_key_that_cannot_be_used_does_not_spoil_the_set() {
    let keys = json!([7, {"kty": "oct", "k": "AA"}, RSA.clone(), {"kty": "RSA"}, edwards()]);
    assert_eq!(algorithms(keys), [Algorithm::Rs256, Algorithm::EdDsa]);
}

#[test]
fn a_set_in_a_policy_must_be_usable_and_contain_no_secret() {
    let weak = RSA["n"].as_str().expect("n")[..300].to_owned();
    let even = format!("{}A", &RSA["n"].as_str().expect("n")[..341]);
    let unsound = "key 1 has numbers that are not a valid key of its type";
    for (keys, expected) in [
        (json!([RSA.clone()]), None),
        (json!([{"kty": "X"}, RSA.clone()]), None),
        (json!([]), Some("the list is empty")),
        (
            json!([{"kty": "RSA", "n": weak, "e": "AQAB"}]),
            Some(unsound),
        ),
        (
            json!([{"kty": "RSA", "n": even, "e": "AQAB"}]),
            Some(unsound),
        ),
        (json!([with(&RSA, json!({"e": "Aw"}))]), Some(unsound)),
        (
            json!([{"kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43)}]),
            Some(unsound),
        ),
        (
            json!([with(&RSA, json!({"use": "enc"})), {"kty": "EC", "crv": "secp256k1"}]),
            Some(
                "key 1 has the use \"enc\", not \"sig\"; key 2 has kty \"EC\", crv \"secp256k1\" and \
                 alg none, which is not supported",
            ),
        ),
        (
            json!([with(&RSA, json!({"n": "a+b"})), {"x": 1}, {"kty": "RSA", "key_ops": ["sign"]}]),
            Some(
                "key 1 lacks n and e, x, or x and y in base64url without padding; key 2 has no \
                 kty, or a member of the wrong type; key 3 has key_ops without \
                 \"verify\"",
            ),
        ),
        (json!([7, 7, 7, 7, 7, 7]), Some("; and 2 more")),
        (
            json!([RSA.clone(), with(&RSA, json!({"d": "AQAB"}))]),
            Some("key 2 is a private key"),
        ),
        (
            json!([RSA.clone(), {"kty": "oct", "k": "AA"}]),
            Some("key 2 is a secret"),
        ),
    ] {
        let text = json!({"keys": keys}).to_string();
        match (KeySet::check(&text), expected) {
            (Ok(()), None) => {}
            (Err(error), Some(words)) => {
                assert!(error.to_string().contains(words), "{text}: {error}");
            }
            (got, _) => panic!("{text}: {got:?}"),
        }
    }
    for (text, words, line) in [
        ("", "it is empty", 1),
        ("[]", "it is a list; wrap it in", 1),
        ("7", "it is not an object", 1),
        ("{}", "it has no \"keys\"", 1),
        (r#"{"kty":"RSA"}"#, "it is a single key", 1),
        (r#"{"keys":{}}"#, "its \"keys\" is not a list", 1),
        ("-----BEGIN PUBLIC KEY-----", "a PEM key", 1),
        ("https://i.example/jwks", "jwks-url", 1),
        (
            "{\"keys\":[\n{},\n]}",
            "trailing comma at line 3 column 1",
            3,
        ),
        (
            "{\"keys\":[hunter2",
            "not JSON: expected value at line 1 column 10",
            1,
        ),
    ] {
        let error = KeySet::check(text).expect_err(text);
        assert!(
            matches!(error, KeysError::NotASet { line: found, .. } if found == line),
            "{text}: {error:?}"
        );
        let message = error.to_string();
        assert!(message.contains(words), "{text}: {message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn rsa_keys_of_8192_bits_work_and_larger_ones_do_not() {
    let example: Value = serde_json::from_str(include_str!("rsa8192.json")).expect("JSON");
    let verify = |algorithm: &str, token: &str| {
        let jwk = with(&example["jwk"], json!({"alg": algorithm}));
        let text = json!({"keys": [jwk]}).to_string();
        assert_eq!(KeySet::check(&text), Ok(()));
        KeySet::parse(&text).expect("a set").0[0].verify(token, 1_800_000_000)
    };
    for algorithm in ["RS256", "PS512"] {
        let token = example[algorithm].as_str().expect("a token");
        assert_eq!(verify(algorithm, token), Ok(()));
        assert_eq!(
            verify(algorithm, &token.replacen('e', "f", 1)),
            Err(Refusal::Signature)
        );
        assert_eq!(verify("RS384", token), Err(Refusal::Signature));
    }
    let larger = format!("AQAB{}", example["jwk"]["n"].as_str().expect("n"));
    for other in [json!({"n": larger}), json!({"e": "Aw"})] {
        let keys = json!({"keys": [with(&example["jwk"], other)]});
        let checked = KeySet::check(&keys.to_string());
        assert!(matches!(checked, Err(KeysError::NoneUsable(_))));
    }
}

#[test]
fn candidates_are_the_keys_of_the_id_then_those_without() {
    let ed = edwards();
    let keys = json!([
        ed,
        with(&ed, json!({"kid": "a"})),
        with(&ed, json!({"kid": "b"})),
        RSA.clone()
    ]);
    let set = KeySet::parse(json!({"keys": keys}).to_string()).expect("a set");
    let ids = |algorithm, id| -> Vec<_> {
        set.candidates(algorithm, id)
            .map(|key| key.id.as_deref().unwrap_or("-"))
            .collect()
    };
    assert_eq!(ids(Algorithm::EdDsa, Some("b")), ["b", "-"]);
    assert_eq!(ids(Algorithm::EdDsa, Some("c")), ["-"]);
    assert_eq!(ids(Algorithm::EdDsa, None), ["-", "a", "b"]);
    assert_eq!(ids(Algorithm::Hs256, None), [""; 0]);
}
