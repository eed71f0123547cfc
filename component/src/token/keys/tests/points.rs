//! Points that are not keys: off the curve, of small order, or in another encoding.

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("digits");
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn base64(bytes: &[u8]) -> String {
    use ct_codecs::{Base64UrlSafeNoPadding, Encoder};
    Base64UrlSafeNoPadding::encode_to_string(bytes).expect("text")
}

/// Part of the error for a set without a usable key.
const UNUSABLE: &str = "no usable key";

fn check(jwk: Value) -> Result<(), &'static str> {
    let checked = KeySet::check(&json!({ "keys": [jwk] }).to_string());
    checked.map_err(|error| match error {
        KeysError::NoneUsable(_) => UNUSABLE,
        other => panic!("{other}"),
    })
}

fn p256(x: &[u8], y: &[u8]) -> Result<(), &'static str> {
    check(json!({"kty": "EC", "crv": "P-256", "x": base64(x), "y": base64(y)}))
}

fn ed25519(x: &[u8]) -> Result<(), &'static str> {
    check(json!({"kty": "OKP", "crv": "Ed25519", "x": base64(x)}))
}

#[test]
fn a_key_on_p256_is_a_point_of_the_curve_in_full_length() {
    // The base point (SEC 2, 2.4.2), and the point above zero.
    let x = bytes("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
    let y = bytes("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
    let root = bytes("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
    let prime = bytes("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    let zero = [0; 32];
    assert_eq!(p256(&x, &y), Ok(()));
    assert_eq!(p256(&zero, &root), Ok(()));
    let mut beside = y.clone();
    beside[31] ^= 1;
    let long = [&[0], &x[..]].concat();
    for (label, x, y) in [
        ("off the curve", &x[..], &beside[..]),
        ("swapped", &y, &x),
        ("x twice", &x, &x),
        ("zero", &zero, &zero),
        ("infinity", &[], &[]),
        ("one byte of zero", &[0], &[0]),
        ("zero written as the prime", &prime, &root),
        ("beyond the prime", &[0xff; 32], &[0xff; 32]),
        ("y left out", &x, &[]),
        ("x left out", &[], &y),
        ("x without its first byte", &x[1..], &y),
        ("both without it", &x[1..], &y[1..]),
        ("x with a zero in front", &long, &y),
        ("a zero moved from y to x", &long, &y[1..]),
        (
            "the whole point as x",
            &[&[4], &x[..], &y[..]].concat(),
            &[],
        ),
        ("48 bytes", &[1; 48], &[1; 48]),
    ] {
        assert_eq!(p256(x, y), Err(UNUSABLE), "{label}");
    }
    // It is valid on its own curve, but not on the other one.
    let other = json!({"kty": "EC", "crv": "P-384", "x": base64(&x), "y": base64(&y)});
    assert_eq!(check(other), Err(UNUSABLE));
}

#[test]
fn a_key_of_ed25519_is_a_point_of_large_order_written_the_one_way() {
    // The key of RFC 8032, 7.1, test 1.
    let good = bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    assert_eq!(ed25519(&good), Ok(()));
    for (label, point) in [
        ("order 4", "00".repeat(32)),
        ("order 4, negative", "00".repeat(31) + "80"),
        ("neutral", "01".to_owned() + &"00".repeat(31)),
        ("neutral, signed", "01".to_owned() + &"00".repeat(30) + "80"),
        ("order 2", "ec".to_owned() + &"ff".repeat(30) + "7f"),
        ("order 2, signed", "ec".to_owned() + &"ff".repeat(31)),
        ("the prime", "ed".to_owned() + &"ff".repeat(30) + "7f"),
        ("the prime, signed", "ed".to_owned() + &"ff".repeat(31)),
        ("one beyond", "ee".to_owned() + &"ff".repeat(30) + "7f"),
        ("one beyond, signed", "ee".to_owned() + &"ff".repeat(31)),
        ("all bits", "ff".repeat(32)),
        (
            "order 8",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05".to_owned(),
        ),
        (
            "order 8, negative",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85".to_owned(),
        ),
        (
            "the other of order 8",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a".to_owned(),
        ),
        (
            "the other of order 8, negative",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa".to_owned(),
        ),
        ("off the curve", "02".to_owned() + &"00".repeat(31)),
    ] {
        let point = bytes(&point);
        assert_eq!(ed25519(&point), Err(UNUSABLE), "{label}");
    }
    for length in [0, 1, 31] {
        let short = ed25519(&good[..length]);
        assert_eq!(short, Err(UNUSABLE), "{length}");
    }
    for long in [good.repeat(2), [&good[..], &[0]].concat()] {
        assert_eq!(ed25519(&long), Err(UNUSABLE));
    }
}

#[test]
fn a_member_of_a_key_has_one_form_of_base64() {
    let good = bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let x = base64(&good);
    for other in [
        format!("{x}="),
        format!(" {x}"),
        format!("{x}\n"),
        x.replace('-', "+").replace('_', "/") + "+",
        format!("{}p", &x[..42]),
        String::new(),
    ] {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": other});
        assert_eq!(check(jwk), Err(UNUSABLE), "{other:?}");
    }
}
