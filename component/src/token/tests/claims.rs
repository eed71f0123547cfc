//! Attacks by the payload, in tokens with a valid signature.

use super::*;

const HEADER: &str = r#"{"alg":"EdDSA"}"#;

/// A payload with these members before the usual ones, except for the times.
fn payload(members: &str) -> String {
    let rest = but(json!({"exp": "-", "nbf": "-", "iat": "-"})).to_string();
    rest.replacen('{', &format!("{{{members},"), 1)
}

fn reason(payload: impl AsRef<[u8]>) -> Option<Refusal> {
    refusal(&inline(json!([edwards("1")])), &signed(HEADER, payload))
}

#[test]
fn a_time_is_a_number_that_a_clock_can_reach() {
    use Refusal as R;
    let (last, late) = (NOW - 59, NOW - 60);
    for (times, expected) in [
        (format!(r#""exp":{last}"#), None),
        (format!(r#""exp":{late}"#), Some(R::Expired)),
        (format!(r#""exp":{late}.5"#), None),
        (format!(r#""exp":{late}.0"#), Some(R::Expired)),
        (format!(r#""exp":{last}.999"#), None),
        (r#""exp":1.8000006e9"#.into(), None),
        (r#""exp":0"#.into(), Some(R::Expired)),
        (r#""exp":-0"#.into(), Some(R::Expired)),
        (r#""exp":-0.5"#.into(), Some(R::Expired)),
        (r#""exp":-1.5"#.into(), Some(R::Expired)),
        (r#""exp":-1e300"#.into(), Some(R::Expired)),
        (r#""exp":1e-300"#.into(), Some(R::Expired)),
        (r#""exp":-1"#.into(), Some(R::Claims)),
        (r#""exp":-9223372036854775808"#.into(), Some(R::Claims)),
        (r#""exp":1e400"#.into(), Some(R::Claims)),
        (r#""exp":-1e400"#.into(), Some(R::Claims)),
        (r#""exp":NaN"#.into(), Some(R::Claims)),
        (r#""exp":Infinity"#.into(), Some(R::Claims)),
        (r#""exp":"NaN""#.into(), Some(R::Claims)),
        (r#""exp":"2030""#.into(), Some(R::Claims)),
        (r#""exp":"1900000000""#.into(), Some(R::Claims)),
        (r#""exp":"2030-01-01T00:00:00Z""#.into(), Some(R::Claims)),
        (r#""exp":null"#.into(), Some(R::Claims)),
        (r#""exp":true"#.into(), Some(R::Claims)),
        (r#""exp":[1900000000]"#.into(), Some(R::Claims)),
        (r#""exp":{"$gt":0}"#.into(), Some(R::Claims)),
        (r#""exp":01900000000"#.into(), Some(R::Claims)),
        (r#""exp":0x7fffffff"#.into(), Some(R::Claims)),
        (r#""Exp":1900000000"#.into(), Some(R::NoExpiry)),
        (r#""exp ":1900000000"#.into(), Some(R::NoExpiry)),
        (format!(r#""exp":1900000000,"nbf":{}"#, NOW + 60), None),
        (
            format!(r#""exp":1900000000,"nbf":{}"#, NOW + 61),
            Some(R::NotYet),
        ),
        (
            r#""exp":1900000000,"nbf":18446744073709551615"#.into(),
            Some(R::NotYet),
        ),
        (
            r#""exp":1900000000,"nbf":18446744073709551616"#.into(),
            Some(R::NotYet),
        ),
        (r#""exp":1900000000,"nbf":1e300"#.into(), Some(R::NotYet)),
        (r#""exp":1900000000,"nbf":"0""#.into(), Some(R::Claims)),
        (r#""exp":1900000000,"nbf":null"#.into(), Some(R::Claims)),
    ] {
        assert_eq!(reason(payload(&times)), expected, "{times}");
    }
}

#[test]
fn a_duplicate_claim_is_refused_wherever_it_is() {
    let usual = claims().to_string();
    for twice in [
        r#""sub":"boris""#,
        r#""sub":"anna""#,
        r#""org_id":"other""#,
        r#""roles":["admin"]"#,
        r#""iss":"https://forger.example""#,
        r#""aud":"storage""#,
        r#""exp":9999999999"#,
        r#""\u0073ub":"boris""#,
    ] {
        let first = usual.replacen('{', &format!("{{{twice},"), 1);
        let last = format!("{},{twice}}}", usual.trim_end_matches('}'));
        assert_eq!(reason(first), Some(Refusal::Claims), "{twice} first");
        assert_eq!(reason(last), Some(Refusal::Claims), "{twice} last");
    }
    for twice in [json!(r#"{"a":1,"a":1}"#), json!(r#"[{"a":1,"a":2}]"#)] {
        let nested = but(json!({"x": twice})).to_string();
        let nested = nested.replace("\\\"", "\"").replace("\"{", "{");
        let nested = nested
            .replace("}\"", "}")
            .replace("\"[", "[")
            .replace("]\"", "]");
        assert_eq!(reason(&nested), Some(Refusal::Claims), "{nested}");
    }
}

#[test]
fn a_payload_that_is_not_a_json_object_is_refused() {
    let usual = claims().to_string().into_bytes();
    let around = |before: &[u8], after: &[u8]| [before, &usual, after].concat();
    let spoiled = |from: &str, to: &[u8]| {
        let text = claims().to_string();
        let (start, end) = text.split_once(from).expect("the text");
        [start.as_bytes(), to, end.as_bytes()].concat()
    };
    for payload in [
        Vec::new(),
        b"null".to_vec(),
        b"1".to_vec(),
        b"\"{}\"".to_vec(),
        b"[]".to_vec(),
        around(b"[", b"]"),
        around(b"\xef\xbb\xbf", b""),
        around(b"\0", b""),
        around(b"", b"\0"),
        around(b"", b"{}"),
        around(b"", b","),
        around(b"/**/", b""),
        spoiled("anna", b"\xff"),
        spoiled("anna", b"\xc0\xaf"),
        spoiled("anna", b"\xed\xa0\x80"),
        spoiled("anna", b"\\ud800"),
        spoiled("anna", b"\\x00"),
        spoiled("anna", b"\0"),
        usual[..usual.len() - 1].to_vec(),
        usual.iter().flat_map(|&byte| [byte, 0]).collect(),
    ] {
        let shown = String::from_utf8_lossy(&payload).into_owned();
        assert_eq!(reason(payload), Some(Refusal::Claims), "{shown:?}");
    }
    assert_eq!(reason(around(b" \n", b"\t ")), None);
}

#[test]
fn deep_nesting_is_refused_before_it_overflows_the_stack() {
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        let value = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
        claims()
            .to_string()
            .replacen('{', &format!("{{\"x\":{value},"), 1)
    };
    // Including the claims themselves, that is 127 levels.
    assert_eq!(reason(nested("[", "", "]", 126)), None);
    assert_eq!(reason(nested(r#"{"a":"#, "1", "}", 126)), None);
    for payload in [
        nested("[", "", "]", 127),
        nested(r#"{"a":"#, "1", "}", 127),
        nested("[", "", "]", 5_500),
        nested(r#"{"a":"#, "1", "}", 1_800),
        "[".repeat(11_500),
        r#"{"a":"#.repeat(2_300),
    ] {
        assert_eq!(reason(&payload), Some(Refusal::Claims), "{payload:.20}");
    }
}

#[test]
fn issuer_and_audience_are_compared_byte_for_byte() {
    const ISS: &str = "the token is from another issuer: ";
    const AUD: &str = "the token is for another audience: ";
    for (change, expected) in [
        (json!({"iss": "https://iam.example.com/"}), ISS),
        (json!({"iss": "HTTPS://IAM.EXAMPLE.COM"}), ISS),
        (json!({"iss": "https://iam.example.com\0"}), ISS),
        (
            json!({"iss": "https://iam.example.com.forger.example"}),
            ISS,
        ),
        (json!({"iss": ""}), ISS),
        (json!({"iss": "-"}), ISS),
        (json!({"aud": "Storage"}), AUD),
        (json!({"aud": "storage "}), AUD),
        (json!({"aud": "storage,other"}), AUD),
        (json!({"aud": ""}), AUD),
        (json!({"aud": []}), AUD),
        (json!({"aud": "-"}), AUD),
    ] {
        let reason = reason(but(change.clone()).to_string()).expect("refused");
        assert!(
            reason.to_string().starts_with(expected),
            "{change}: {reason}"
        );
    }
    for change in [
        json!({"iss": null}),
        json!({"iss": [ISSUER]}),
        json!({"aud": null}),
        json!({"aud": 7}),
        json!({"aud": {"storage": true}}),
        json!({"aud": [["storage"]]}),
        json!({"aud": ["storage", 7]}),
    ] {
        let reason = reason(but(change.clone()).to_string());
        let wrong = matches!(
            reason,
            Some(Refusal::Claims | Refusal::Issuer { .. } | Refusal::Audience { .. })
        );
        assert!(wrong, "{change}: {reason:?}");
    }
}

#[test]
fn users_who_look_alike_are_not_the_same() {
    let policy = inline(json!([edwards("1")]));
    let mut owners = Vec::new();
    for user in [
        "anna",
        "Anna",
        "anna ",
        "anna\0",
        "anna\0boris",
        "\u{feff}anna",
        "аnna",
        "anna/..",
        "../anna",
        "ann\u{61}\u{301}",
        "ann\u{e1}",
    ] {
        let Ok(Caller::Bearer(bearer)) = ask(&policy, &usual(&but(json!({"sub": user})))) else {
            panic!("{user:?} is refused")
        };
        let owner = bearer.user().expect("a user").clone();
        assert!(!owners.contains(&owner), "{user:?}");
        owners.push(owner);
    }
}
