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

/// The JWK, and these members on top of it.
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
fn a_set_in_a_policy_must_be_of_use_and_hold_no_secret() {
    let weak = RSA["n"].as_str().expect("n")[..300].to_owned();
    let even = format!("{}A", &RSA["n"].as_str().expect("n")[..341]);
    for (keys, expected) in [
        (json!([RSA.clone()]), Ok(())),
        (json!([{"kty": "X"}, RSA.clone()]), Ok(())),
        (json!([]), Err(KeysError::NoneUsable)),
        (
            json!([{"kty": "RSA", "n": weak, "e": "AQAB"}]),
            Err(KeysError::NoneUsable),
        ),
        (
            json!([{"kty": "RSA", "n": even, "e": "AQAB"}]),
            Err(KeysError::NoneUsable),
        ),
        (
            json!([with(&RSA, json!({"e": "Aw"}))]),
            Err(KeysError::NoneUsable),
        ),
        (
            json!([{"kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43)}]),
            Err(KeysError::NoneUsable),
        ),
        (
            json!([RSA.clone(), with(&RSA, json!({"d": "AQAB"}))]),
            Err(KeysError::Private(2)),
        ),
        (
            json!([RSA.clone(), {"kty": "oct", "k": "AA"}]),
            Err(KeysError::Symmetric(2)),
        ),
    ] {
        let text = json!({"keys": keys}).to_string();
        assert_eq!(KeySet::check(&text), expected, "{text}");
    }
    for text in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        "-----BEGIN PUBLIC KEY-----",
    ] {
        assert_eq!(KeySet::check(text), Err(KeysError::NotASet), "{text}");
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
        assert_eq!(KeySet::check(&keys.to_string()), Err(KeysError::NoneUsable));
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
