//! Attacks on the compact form itself: its parts, its base64 and its length.

use super::*;

/// The header, the payload and the signature of a valid token.
fn parts() -> (String, String, String) {
    let token = signed(r#"{"alg":"EdDSA","kid":"1"}"#, claims().to_string());
    let mut parts = token.split('.').map(str::to_owned);
    let mut next = || parts.next().expect("a part");
    (next(), next(), next())
}

/// The same bytes in base64, with the unused bits of the last character set.
fn trailing_bit(text: &str) -> String {
    assert_ne!(text.len() % 4, 0, "no bit is unused");
    let (start, last) = text.split_at(text.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = alphabet.find(last).expect("a character of base64");
    format!("{start}{}", &alphabet[value + 1..value + 2])
}

#[test]
fn a_token_has_three_parts_and_no_part_is_empty() {
    use Refusal as R;
    let (h, p, s) = parts();
    let policy = inline(json!([edwards("1")]));
    assert_eq!(refusal(&policy, &format!("{h}.{p}.{s}")), None);
    for (token, expected) in [
        (String::new(), R::Malformed),
        (".".into(), R::Malformed),
        ("..".into(), R::Header),
        ("...".into(), R::Malformed),
        ("....".into(), R::Malformed),
        (h.clone(), R::Malformed),
        (format!("{h}.{p}"), R::Malformed),
        (format!("{h}{p}{s}"), R::Malformed),
        (format!(".{p}.{s}"), R::Header),
        (format!("{h}..{s}"), R::Signature),
        (format!("{h}.{p}."), R::Signature),
        (format!("{h}.."), R::Signature),
        (format!(".{h}.{p}.{s}"), R::Malformed),
        (format!("{h}.{p}.{s}."), R::Malformed),
        (format!("{h}..{p}.{s}"), R::Malformed),
        (format!("{h}.{p}..{s}"), R::Malformed),
        (format!("{h}.{p}.{s}.{s}"), R::Malformed),
        (format!("{h}.{p}.{s}.{p}.{s}"), R::Malformed),
        (format!("{h}.{p}.{s}").repeat(2), R::Malformed),
        (format!("{p}.{h}.{s}"), R::Header),
        (format!("{h}.{h}.{s}"), R::Signature),
        (".".repeat(16_000), R::Malformed),
    ] {
        assert_eq!(refusal(&policy, &token), Some(expected), "{token:.200}");
    }
}

#[test]
fn other_serializations_and_encrypted_and_nested_tokens_are_refused() {
    use Refusal as R;
    let (h, p, s) = parts();
    let policy = inline(json!([edwards("1")]));
    let json = json!({"payload": p, "protected": h, "signature": s}).to_string();
    let encrypted = base64(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#);
    let direct = base64(r#"{"alg":"dir","enc":"A128GCM"}"#);
    let nested = signed(r#"{"alg":"EdDSA","cty":"JWT"}"#, format!("{h}.{p}.{s}"));
    let quoted = signed(r#"{"alg":"EdDSA","cty":"JWT"}"#, format!("\"{h}.{p}.{s}\""));
    for (label, token, expected) in [
        ("JSON", json, R::Malformed),
        ("JWE", format!("{encrypted}.AA.AA.AA.AA"), R::Malformed),
        ("direct JWE", format!("{direct}..AA.AA.AA"), R::Malformed),
        (
            "JWE of 3 parts",
            format!("{encrypted}.{p}.{s}"),
            R::Algorithm,
        ),
        ("nested", nested, R::Claims),
        ("nested and quoted", quoted, R::Claims),
    ] {
        assert_eq!(refusal(&policy, &token), Some(expected), "{label}");
    }
}

#[test]
fn base64_of_another_form_is_refused_in_every_part() {
    use Refusal as R;
    // A header of 25 bytes, and a payload whose length is not a multiple of three, leave
    // unused bits.
    let (h, _, _) = parts();
    let payload = (0..3)
        .map(|spaces| format!("{}{}", claims(), " ".repeat(spaces)))
        .find(|text| text.len() % 3 == 1)
        .expect("a length");
    let p = base64(payload);
    let good = sign(&format!("{h}.{p}"));
    let s = good.rsplit('.').next().expect("a signature").to_owned();
    let policy = inline(json!([edwards("1")]));
    assert_eq!(refusal(&policy, &good), None);
    let spoil: [fn(&str) -> String; 9] = [
        trailing_bit,
        |text| format!("{text}="),
        |text| format!("{text}=="),
        |text| format!("{text}A"),
        |text| format!("{text}AAA="),
        |text| format!("{text}\n"),
        |text| format!(" {text}"),
        |text| format!("{}\r\n{}", &text[..4], &text[4..]),
        |text| format!("{}\0{}", &text[..4], &text[4..]),
    ];
    for (index, spoil) in spoil.iter().enumerate() {
        for (token, expected) in [
            (format!("{}.{p}.{s}", spoil(&h)), R::Malformed),
            (format!("{h}.{}.{s}", spoil(&p)), R::Signature),
            (format!("{h}.{p}.{}", spoil(&s)), R::Signature),
            (sign(&format!("{}.{p}", spoil(&h))), R::Malformed),
        ] {
            // One more character makes it another header, not another form of the same.
            let expected = match expected {
                R::Malformed if index == 3 => continue,
                other => other,
            };
            assert_eq!(refusal(&policy, &token), Some(expected), "{index} {token}");
        }
        // Only the issuer can make this; it is refused nevertheless.
        let token = sign(&format!("{h}.{}", spoil(&p)));
        assert_ne!(refusal(&policy, &token), None, "{index} {token}");
    }
}

#[test]
fn the_alphabet_is_base64url() {
    let policy = inline(json!([edwards("1")]));
    let h = base64(r#"{"alg":"EdDSA","x":"???>>>ÿÿÿ~~~"}"#);
    let p = base64(but(json!({"x": "???>>>ÿÿÿ~~~"})).to_string());
    assert!(h.contains('_') && p.contains('_'), "{h} {p}");
    let standard = |text: &str| text.replace('-', "+").replace('_', "/");
    assert_eq!(refusal(&policy, &sign(&format!("{h}.{p}"))), None);
    let header = sign(&format!("{}.{p}", standard(&h)));
    assert_eq!(refusal(&policy, &header), Some(Refusal::Malformed));
    let payload = sign(&format!("{h}.{}", standard(&p)));
    assert_eq!(refusal(&policy, &payload), Some(Refusal::Signature));
    // Soon there is a signature with such a character.
    let token = (0..)
        .map(|id| usual(&but(json!({"jti": id.to_string()}))))
        .find(|token| {
            token
                .rsplit('.')
                .next()
                .is_some_and(|s| s.contains(['-', '_']))
        })
        .expect("a token");
    let (start, s) = token.rsplit_once('.').expect("parts");
    assert_eq!(refusal(&policy, &token), None);
    assert_eq!(
        refusal(&policy, &format!("{start}.{}", standard(s))),
        Some(Refusal::Signature)
    );
}

#[test]
fn a_token_of_16_kib_is_read_and_a_longer_one_is_not() {
    let policy = inline(json!([edwards("1")]));
    let of_length = |length: usize| {
        (0..4)
            .flat_map(|id| (11_000..12_300).map(move |pad| (id, pad)))
            .find_map(|(id, pad)| {
                let header = json!({"alg": "EdDSA", "x": "x".repeat(id)}).to_string();
                // The signature has 86 characters, and there are two dots.
                let payload = claims().to_string().len() + r#","pad":"""#.len() + pad;
                let chars = |bytes: usize| (bytes * 4).div_ceil(3);
                (chars(header.len()) + chars(payload) + 88 == length)
                    .then(|| signed(&header, but(json!({"pad": "x".repeat(pad)})).to_string()))
            })
            .expect("a token of this length")
    };
    for (length, expected) in [
        (MAX_TOKEN - 1, None),
        (MAX_TOKEN, None),
        (MAX_TOKEN + 1, Some(Refusal::TooLong)),
        (MAX_TOKEN + 2, Some(Refusal::TooLong)),
    ] {
        let token = of_length(length);
        assert_eq!(token.len(), length);
        assert_eq!(refusal(&policy, &token), expected, "{length}");
    }
    for long in ["A".repeat(1 << 20), ".".repeat(1 << 20)] {
        assert_eq!(refusal(&policy, &long), Some(Refusal::TooLong));
    }
}
