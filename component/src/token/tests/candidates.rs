//! Which keys of a set a token is tried with.

use super::*;

/// Somebody else's key, which verifies none of our tokens.
fn stranger() -> Value {
    let key = Ed25519KeyPair::generate().public_key().to_jwk();
    json!({"kty": "OKP", "crv": "Ed25519", "x": jwk(&key, "EdDSA")["x"]})
}

/// The key that tokens are signed with, without an id.
fn nameless() -> Value {
    let mut own = edwards("1");
    own.as_object_mut().expect("an object").remove("kid");
    own
}

fn named(mut key: Value, id: &str) -> Value {
    key["kid"] = id.into();
    key
}

fn with(mut key: Value, name: &str, value: Value) -> Value {
    key[name] = value;
    key
}

/// A token with this key id, or with none.
fn token(id: Option<&str>) -> String {
    let header = match id {
        Some(id) => json!({"alg": "EdDSA", "kid": id}),
        None => json!({"alg": "EdDSA"}),
    };
    signed(header.to_string(), claims().to_string())
}

#[test]
fn at_most_eight_keys_are_tried_wherever_the_right_one_is() {
    for (place, expected) in [
        (1, None),
        (3, None),
        (8, None),
        (9, Some(Refusal::Signature)),
        (20, Some(Refusal::Signature)),
    ] {
        // More keys follow the right one.
        let set = |own: Value, strange: &dyn Fn() -> Value| {
            let before = (1..place).map(|_| strange());
            let after = (0..3).map(|_| strange());
            inline(before.chain([own]).chain(after).collect())
        };
        let unnamed = set(nameless(), &stranger);
        assert_eq!(refusal(&unnamed, &token(None)), expected, "{place}");
        assert_eq!(refusal(&unnamed, &token(Some("x"))), expected, "{place}");
        // A token without an id may be signed by any key, as long as one of them has no id.
        let several = set(nameless(), &|| named(stranger(), "2"));
        assert_eq!(refusal(&several, &token(None)), expected, "{place}");
        // If all keys have an id, the token must name one.
        let several = set(edwards("1"), &|| named(stranger(), "2"));
        let refused = Some(Refusal::NoKeyId);
        assert_eq!(refusal(&several, &token(None)), refused, "{place}");
        // With an id, the keys with the same id are tried first.
        let shared = set(edwards("1"), &|| named(stranger(), "1"));
        assert_eq!(refusal(&shared, &token(Some("1"))), expected, "{place}");
        for other in [named(stranger(), "2"), stranger()] {
            let first = set(edwards("1"), &|| other.clone());
            assert_eq!(refusal(&first, &token(Some("1"))), None, "{place}");
        }
    }
}

#[test]
fn a_key_with_another_id_is_not_tried() {
    let policy = inline(json!([edwards("2"), named(stranger(), "1")]));
    assert_eq!(
        refusal(&policy, &token(Some("1"))),
        Some(Refusal::Signature)
    );
    assert_eq!(refusal(&policy, &token(Some("2"))), None);
    assert_eq!(refusal(&policy, &token(Some("3"))), Some(Refusal::NoKey));
    assert_eq!(refusal(&policy, &token(None)), Some(Refusal::NoKeyId));
}

#[test]
fn an_id_is_compared_byte_for_byte() {
    let policy = inline(json!([
        edwards("Key-1"),
        with(stranger(), "kid", json!(""))
    ]));
    for id in ["key-1", "Key-1 ", "Key-1\0", "Key", "Ｋey-1"] {
        assert_eq!(refusal(&policy, &token(Some(id))), Some(Refusal::NoKey));
    }
    assert_eq!(refusal(&policy, &token(Some(""))), Some(Refusal::Signature));
    assert_eq!(refusal(&policy, &token(Some("Key-1"))), None);
}

#[test]
fn a_key_that_is_not_for_verifying_signatures_does_not_verify_any() {
    for (name, value) in [
        ("use", json!("enc")),
        ("use", json!("SIG")),
        ("use", json!("")),
        ("use", json!(["sig"])),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!(["encrypt", "wrapKey"])),
        ("key_ops", json!(["VERIFY"])),
        ("key_ops", json!([])),
        ("key_ops", json!("verify")),
        ("alg", json!("RS256")),
        ("alg", json!("ES256")),
        ("alg", json!("HS256")),
        ("alg", json!("none")),
        ("alg", json!("eddsa")),
        ("alg", json!("Ed448")),
        ("crv", json!("X25519")),
        ("crv", json!("Ed448")),
        ("crv", json!("ed25519")),
        ("kty", json!("EC")),
        ("kty", json!("oct")),
        ("kid", json!(1)),
        ("d", json!("AAAA")),
    ] {
        let key = with(edwards("1"), name, value);
        let policy = inline(json!([key, named(stranger(), "2")]));
        for (id, expected) in [(None, Refusal::Signature), (Some("1"), Refusal::NoKey)] {
            assert_eq!(refusal(&policy, &token(id)), Some(expected), "{key}");
        }
    }
    for (name, value) in [
        ("use", json!("sig")),
        ("use", json!(null)),
        ("key_ops", json!(["verify"])),
        ("key_ops", json!(["sign", "verify"])),
        ("alg", json!("Ed25519")),
        ("alg", json!(null)),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("exp", json!(1)),
    ] {
        let policy = inline(json!([with(edwards("1"), name, value)]));
        assert_eq!(refusal(&policy, &token(Some("1"))), None);
    }
}

#[test]
fn unusable_keys_do_not_hide_the_usable_one() {
    let unusable = [
        json!(null),
        json!([]),
        json!({}),
        json!({"kty": 7, "kid": "1"}),
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "1"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": "****", "kid": "1"}),
        json!({"kty": "oct", "k": "AAAA", "kid": "1"}),
        json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "1"}),
        json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "1"}),
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "kid": "1"}),
        with(edwards("1"), "use", json!("enc")),
        with(edwards("1"), "d", json!("AAAA")),
    ];
    let mut keys = unusable.to_vec();
    keys.push(edwards("1"));
    keys.extend(unusable);
    let policy = inline(json!(keys));
    assert!(
        keyring::check(&policy, &|_| None).is_err(),
        "it has a private key"
    );
    for id in [None, Some("1")] {
        assert_eq!(refusal(&policy, &token(id)), None, "{id:?}");
    }
    // Of the right type, but invalid: too short, and a point of small order.
    let weak = |x: &str| json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "1"});
    let zero = "A".repeat(43);
    let policy = inline(json!([weak("AAAA"), weak(&zero), edwards("1"), weak("")]));
    assert_eq!(refusal(&policy, &token(Some("1"))), None);
}
