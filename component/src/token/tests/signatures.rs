//! Signatures on P-256 and with Ed25519 that are malformed, forged or rewritten.

use rsa::BigUint;

use super::*;

/// The order of P-256 (SEC 2, 2.4.2).
const P256_ORDER: &[u8] = b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// The order of Ed25519's base point, 2^252 and a bit (RFC 8032, 5.1).
const ED25519_ORDER: &[u8] = b"1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";

fn hex(digits: &[u8]) -> BigUint {
    BigUint::parse_bytes(digits, 16).expect("digits")
}

/// As 32 bytes, big-endian.
fn scalar(number: &BigUint) -> [u8; 32] {
    let bytes = number.to_bytes_be();
    let mut scalar = [0; 32];
    scalar[32 - bytes.len()..].copy_from_slice(&bytes);
    scalar
}

/// Two integers in ASN.1 (RFC 3279, 2.2.3).
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let mut bytes = BigUint::from_bytes_be(bytes).to_bytes_be();
        if bytes[0] & 0x80 != 0 {
            bytes.insert(0, 0);
        }
        [&[2, bytes.len() as u8], &bytes[..]].concat()
    };
    let body = [integer(r), integer(s)].concat();
    [&[0x30, body.len() as u8], &body[..]].concat()
}

/// The signed text, and the signature.
fn split(token: &str) -> (String, Vec<u8>) {
    let (text, signature) = token.rsplit_once('.').expect("parts");
    let bytes = Base64UrlSafeNoPadding::decode_to_vec(signature, None).expect("base64");
    (text.to_owned(), bytes)
}

#[test]
fn an_es256_signature_is_two_numbers_below_the_order_and_neither_is_zero() {
    let pair = ES256KeyPair::generate();
    let policy = inline(json!([jwk(&pair.public_key().to_jwk(), "ES256")]));
    let token = pair.sign(library_claims()).expect("a token");
    let (text, raw) = split(&token);
    let (r, s) = raw.split_at(32);
    assert_eq!(raw.len(), 64);
    assert_eq!(refusal(&policy, &token), None);
    let order = hex(P256_ORDER);
    let n = scalar(&order);
    let (zero, one, most) = ([0; 32], scalar(&BigUint::from(1u8)), [0xff; 32]);
    let below = scalar(&(&order - 1u8));
    let above = scalar(&(&order + 1u8));
    for (label, signature) in [
        ("r and s are zero", [zero, zero].concat()),
        ("r is zero", [&zero, s].concat()),
        ("s is zero", [r, &zero].concat()),
        ("zero and one", [zero, one].concat()),
        ("one and zero", [one, zero].concat()),
        ("one and one", [one, one].concat()),
        ("r is the order", [&n, s].concat()),
        ("s is the order", [r, &n].concat()),
        ("r and s are the order", [n, n].concat()),
        ("r is just below", [&below, s].concat()),
        ("s is just below", [r, &below].concat()),
        ("r and s are beyond", [above, above].concat()),
        ("all bits", [most, most].concat()),
        ("swapped", [s, r].concat()),
        ("r twice", [r, r].concat()),
        ("little-endian", raw.iter().rev().copied().collect()),
        ("DER", der(r, s)),
        ("DER of zeros", der(&one, &one)),
        ("DER, padded to 96", [der(r, s), vec![0; 26]].concat()),
        ("63 bytes", raw[..63].to_vec()),
        ("63 bytes from the end", raw[1..].to_vec()),
        ("65 bytes", [&raw[..], &[0]].concat()),
        ("65 bytes, zero first", [&[0], &raw[..]].concat()),
        ("as Ethereum has it", [&raw[..], &[27]].concat()),
        ("96 bytes", [&raw[..], &zero].concat()),
        (
            "96 bytes, as ES384 has it",
            [&[0; 16], r, &[0; 16], s].concat(),
        ),
        ("twice", [&raw[..], &raw[..]].concat()),
        ("half", r.to_vec()),
        ("nothing", Vec::new()),
        ("one byte", vec![0]),
        ("text", token.as_bytes().to_vec()),
    ] {
        let token = format!("{text}.{}", base64(signature));
        assert_eq!(
            refusal(&policy, &token),
            Some(Refusal::Signature),
            "{label}"
        );
    }
}

#[test]
fn an_es256_signature_and_its_mirror_image_are_both_valid_for_the_same_claims() {
    // ECDSA has two values of s for each r, and JWS accepts both. So a token is not
    // identified by its text, only by its claims.
    let pair = ES256KeyPair::generate();
    let policy = inline(json!([jwk(&pair.public_key().to_jwk(), "ES256")]));
    let token = pair.sign(library_claims()).expect("a token");
    let (text, raw) = split(&token);
    let (r, s) = raw.split_at(32);
    let mirrored = scalar(&(hex(P256_ORDER) - BigUint::from_bytes_be(s)));
    let other = format!("{text}.{}", base64([r, &mirrored].concat()));
    assert_ne!(token, other);
    assert_eq!(refusal(&policy, &other), None);
    assert_eq!(ask(&policy, &other), ask(&policy, &token));
}

#[test]
fn every_bit_of_a_token_is_signed() {
    let policy = inline(json!([edwards("1")]));
    let token = usual(&claims());
    let (text, raw) = split(&token);
    for bit in 0..raw.len() * 8 {
        let mut bytes = raw.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let token = format!("{text}.{}", base64(bytes));
        assert_eq!(refusal(&policy, &token), Some(Refusal::Signature), "{bit}");
    }
    let other = but(json!({"sub": "boris"})).to_string();
    let (header, _) = text.split_once('.').expect("parts");
    let forged = format!("{header}.{}.{}", base64(other), base64(&raw));
    assert_eq!(refusal(&policy, &forged), Some(Refusal::Signature));
    // Even one more space in the header, which does not change its meaning.
    let spaced = base64(r#"{"alg":"EdDSA","kid":"1","typ":"JWT"} "#);
    let forged = format!("{spaced}.{}.{}", base64(claims().to_string()), base64(&raw));
    assert_eq!(refusal(&policy, &forged), Some(Refusal::Signature));
}

#[test]
fn an_ed25519_signature_has_one_form() {
    let policy = inline(json!([edwards("1")]));
    let (text, raw) = split(&usual(&claims()));
    let (r, s) = raw.split_at(32);
    let order = hex(ED25519_ORDER);
    let number = BigUint::from_bytes_le(s);
    let little = |number: BigUint| {
        let mut bytes = number.to_bytes_le();
        bytes.resize(32, 0);
        bytes
    };
    // The encodings of the neutral point and of the one of order two.
    let neutral = little(BigUint::from(1u8));
    let two = little((BigUint::from(1u8) << 255) - 20u8);
    for (label, signature) in [
        ("s and the order", [r, &little(&number + &order)].concat()),
        (
            "s and seven orders",
            [r, &little(&number + &order * 7u8)].concat(),
        ),
        ("s is the order", [r, &little(order.clone())].concat()),
        ("s negated", [r, &little(&order - &number)].concat()),
        ("s is zero", [r, &[0; 32]].concat()),
        ("r is zero", [&[0; 32], s].concat()),
        ("r is neutral", [&neutral, s].concat()),
        ("r is neutral, s is zero", [&neutral[..], &[0; 32]].concat()),
        ("r is of order two", [&two, s].concat()),
        ("all zero", vec![0; 64]),
        ("all bits", vec![0xff; 64]),
        ("swapped", [s, r].concat()),
        ("63 bytes", raw[..63].to_vec()),
        ("65 bytes", [&raw[..], &[0]].concat()),
        ("65 bytes, zero first", [&[0], &raw[..]].concat()),
        ("twice", raw.repeat(2)),
        ("nothing", Vec::new()),
    ] {
        let token = format!("{text}.{}", base64(signature));
        assert_eq!(
            refusal(&policy, &token),
            Some(Refusal::Signature),
            "{label}"
        );
    }
}

#[test]
fn a_key_of_small_order_verifies_nothing() {
    // With the neutral point as key, base point and one are a signature of anything; a
    // verifier that only checks the equation accepts it.
    let base = [&[0x58][..], &[0x66; 31]].concat();
    let one = [&[1][..], &[0; 31]].concat();
    let text = format!(
        "{}.{}",
        base64(r#"{"alg":"EdDSA"}"#),
        base64(claims().to_string())
    );
    let token = format!("{text}.{}", base64([&base[..], &one].concat()));
    let with_sign = [&[0; 31][..], &[0x80]].concat();
    for x in [&one[..], &[0; 32], &with_sign].map(base64) {
        let policy = inline(json!([{"kty": "OKP", "crv": "Ed25519", "x": x}]));
        assert!(keyring::check(&policy, &|_| None).is_err(), "{x}");
        assert_eq!(refusal(&policy, &token), Some(Refusal::Signature), "{x}");
    }
}
