//! Attacks that use a key with another algorithm than its own (algorithm confusion).

use hmac_sha256::HMAC;

use super::*;

/// A token with this algorithm in its header and an HMAC in place of a signature.
fn hmac(algorithm: &str, secret: &[u8]) -> String {
    let header = json!({"alg": algorithm, "typ": "JWT"}).to_string();
    let text = format!("{}.{}", base64(header), base64(claims().to_string()));
    format!("{text}.{}", base64(HMAC::mac(&text, secret)))
}

#[test]
fn a_public_key_is_not_a_secret_in_any_form() {
    let pair = RS256KeyPair::from_der(&RSA.to_der().expect("DER")).expect("a key");
    let elliptic = ES256KeyPair::generate();
    let curve = elliptic.public_key();
    let rsa = jwk(&pair.public_key().to_jwk(), "RS256");
    let policy = inline(json!([rsa, jwk(&curve.to_jwk(), "ES256"), edwards("1")]));
    let public = RSA.public_key();
    let pem = public.to_pem().expect("PEM");
    let der = public.to_der().expect("DER");
    // The PKCS #1 form follows the 24 bytes that name the algorithm.
    let body = |bytes: &[u8]| ct_codecs::Base64::encode_to_string(bytes).expect("text");
    let pkcs1 = der[24..].to_vec();
    let modulus = public.to_components().n;
    let forms: [Vec<u8>; 19] = [
        pem.trim_end().into(),
        format!("{}\n", pem.trim_end()).into(),
        format!("{}\n", pem.trim_end()).replace('\n', "\r\n").into(),
        pem.replace('\n', "").into(),
        body(&der).into(),
        der,
        pkcs1.clone(),
        format!(
            "-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n",
            body(&pkcs1)
        )
        .into(),
        rsa["n"].as_str().expect("n").into(),
        modulus,
        rsa.to_string().into(),
        json!({"keys": [rsa]}).to_string().into(),
        curve.to_pem().expect("PEM").into(),
        curve.to_der().expect("DER"),
        curve.to_jwk().into(),
        EDWARDS.public_key().to_bytes(),
        EDWARDS.public_key().to_pem().into(),
        EDWARDS.public_key().to_der(),
        Vec::new(),
    ];
    for (index, secret) in forms.iter().enumerate() {
        for (algorithm, expected) in [
            ("HS256", Refusal::NoKey),
            ("HS384", Refusal::Algorithm),
            ("HS512", Refusal::Algorithm),
            ("RS256", Refusal::Signature),
            ("ES256", Refusal::Signature),
            ("EdDSA", Refusal::Signature),
        ] {
            let token = hmac(algorithm, secret);
            assert_eq!(
                refusal(&policy, &token),
                Some(expected),
                "{index} {algorithm}"
            );
        }
    }
}

#[test]
fn only_the_exact_secret_signs_if_the_policy_names_one() {
    let policy = policy("hs256-secret = 'A'");
    assert_eq!(refusal(&policy, &hmac("HS256", SECRET)), None);
    let longer = [SECRET, b"\0"].concat();
    for other in [
        &SECRET[1..],
        &SECRET[..31],
        &longer,
        b"",
        b"A",
        b"COFFER_SECRET_A",
    ] {
        // HMAC pads a short key with zeros, so one more zero does not make another
        // key.
        let expected = (other != longer).then_some(Refusal::Signature);
        assert_eq!(refusal(&policy, &hmac("HS256", other)), expected);
    }
    for algorithm in ["RS256", "ES256", "EdDSA", "PS256"] {
        assert_eq!(
            refusal(&policy, &hmac(algorithm, SECRET)),
            Some(Refusal::NoKey)
        );
    }
    let good = hmac("HS256", SECRET);
    let (start, tag) = good.rsplit_once('.').expect("parts");
    let tag = Base64UrlSafeNoPadding::decode_to_vec(tag, None).expect("base64");
    for other in [
        &tag[..31],
        &tag[..16],
        &[],
        &[&tag[..], &[0]].concat(),
        &[0; 32],
    ] {
        let token = format!("{start}.{}", base64(other));
        assert_eq!(refusal(&policy, &token), Some(Refusal::Signature));
    }
}

#[test]
fn a_secret_among_public_keys_is_not_a_key() {
    let secret = json!({"kty": "oct", "k": base64(SECRET), "alg": "HS256", "kid": "1"});
    let disguised = json!({"kty": "RSA", "k": base64(SECRET), "alg": "HS256", "kid": "1"});
    let named = {
        let mut key = edwards("1");
        key["alg"] = "HS256".into();
        key
    };
    let policy = inline(json!([secret, disguised, named]));
    for key in [SECRET, &EDWARDS.public_key().to_bytes()] {
        assert_eq!(refusal(&policy, &hmac("HS256", key)), Some(Refusal::NoKey));
    }
}

#[test]
fn a_key_of_one_curve_does_not_serve_the_other() {
    let (p256, p384) = (ES256KeyPair::generate(), ES384KeyPair::generate());
    let mut small = jwk(&p256.public_key().to_jwk(), "ES256");
    let mut large = jwk(&p384.public_key().to_jwk(), "ES384");
    let short = p256.sign(library_claims()).expect("a token");
    let long = p384.sign(library_claims()).expect("a token");
    let renamed = |token: &str, algorithm: &str| {
        let (_, rest) = token.split_once('.').expect("parts");
        format!("{}.{rest}", base64(json!({"alg": algorithm}).to_string()))
    };
    let both = inline(json!([small, large]));
    assert_eq!(refusal(&both, &short), None);
    assert_eq!(refusal(&both, &long), None);
    for token in [renamed(&short, "ES384"), renamed(&long, "ES256")] {
        assert_eq!(refusal(&both, &token), Some(Refusal::Signature));
    }
    // A key that claims the other's algorithm or curve.
    small["alg"] = "ES384".into();
    large["alg"] = "ES256".into();
    for token in [&short, &long] {
        let policy = inline(json!([small, large]));
        assert_eq!(refusal(&policy, token), Some(Refusal::NoKey));
    }
    small["crv"] = "P-384".into();
    large["crv"] = "P-256".into();
    for token in [&short, &long] {
        let policy = inline(json!([small, large]));
        assert_eq!(refusal(&policy, token), Some(Refusal::Signature));
    }
}
