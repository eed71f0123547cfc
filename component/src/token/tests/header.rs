//! Attacks by the header. Unless stated otherwise the signature is valid, so that only the
//! header can be the reason for a refusal.

use super::*;

/// A token with this header and the usual claims.
fn with(header: impl AsRef<[u8]>) -> String {
    signed(header, claims().to_string())
}

fn reasons<T: AsRef<[u8]>>(headers: &[T], expected: Option<Refusal>) {
    let policy = inline(json!([edwards("1")]));
    for header in headers {
        let shown = String::from_utf8_lossy(header.as_ref());
        assert_eq!(refusal(&policy, &with(header)), expected, "{shown:.80}");
    }
}

#[test]
fn none_is_not_an_algorithm_in_any_spelling_with_or_without_a_signature() {
    let policy = inline(json!([edwards("1")]));
    for none in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "nonE",
        " none",
        "none ",
        "n\\u006fne",
        "ｎone",
        "no",
        "",
    ] {
        for header in [
            format!(r#"{{"alg":"{none}"}}"#),
            format!(r#"{{"typ":"JWT","kid":"1","alg":"{none}"}}"#),
        ] {
            let token = with(&header);
            let (unsigned, _) = token.rsplit_once('.').expect("parts");
            for (token, expected) in [
                (token.as_str(), Refusal::Algorithm),
                (&format!("{unsigned}."), Refusal::Algorithm),
                (&format!("{unsigned}.AA"), Refusal::Algorithm),
                (unsigned, Refusal::Malformed),
            ] {
                assert_eq!(refusal(&policy, token), Some(expected), "{header} {token}");
            }
        }
    }
}

#[test]
fn an_algorithm_that_is_not_a_string_is_refused() {
    reasons(
        &[
            "{}",
            r#"{"kid":"1"}"#,
            r#"{"Alg":"EdDSA"}"#,
            r#"{"alg":null}"#,
            r#"{"alg":false}"#,
            r#"{"alg":0}"#,
            r#"{"alg":["EdDSA"]}"#,
            r#"{"alg":{"alg":"EdDSA"}}"#,
        ],
        Some(Refusal::Header),
    );
}

#[test]
fn an_algorithm_is_known_by_its_exact_name_only() {
    let others = [
        "eddsa",
        "EDDSA",
        " EdDSA",
        "EdDSA ",
        "EdDSA\\u0000",
        "EdDSA,none",
        "Ed448",
        "ed25519",
        "rs256",
        "RS-256",
        "RS1",
        "es256",
        "ES256K",
        "ES512",
        "HS1",
        "HS384",
        "HS512",
        "dir",
        "A128KW",
        "RSA-OAEP",
        "RSA1_5",
        "ECDH-ES",
        "ML-DSA-44",
    ];
    reasons(
        &others.map(|name| format!(r#"{{"alg":"{name}"}}"#)),
        Some(Refusal::Algorithm),
    );
}

#[test]
fn a_key_or_a_keys_url_in_the_header_is_refused() {
    let forger = Ed25519KeyPair::generate();
    let own = jwk(&forger.public_key().to_jwk(), "EdDSA");
    let policy = inline(json!([edwards("1")]));
    for (name, value) in [
        ("jwk", own),
        ("jwk", edwards("1")),
        ("jwk", json!(null)),
        ("jku", json!("https://forger.example/jwks.json")),
        ("jku", json!("https://iam.example.com@forger.example/")),
        ("jku", json!("file:///etc/passwd")),
        ("x5u", json!("http://169.254.169.254/latest/meta-data/")),
        ("x5c", json!(["MIIB"])),
        ("x5c", json!([])),
    ] {
        let header = json!({"alg": "EdDSA", "kid": "1", (name): value}).to_string();
        let text = format!("{}.{}", base64(&header), base64(claims().to_string()));
        let signature = forger.key_pair().as_ref().sk.sign(&text, None);
        for token in [format!("{text}.{}", base64(signature)), with(&header)] {
            assert_eq!(
                refusal(&policy, &token),
                Some(Refusal::EmbeddedKey),
                "{header}"
            );
        }
    }
}

#[test]
fn a_header_that_requires_an_extension_is_refused() {
    reasons(
        &[
            r#"{"alg":"EdDSA","crit":["exp"],"exp":9999999999}"#,
            r#"{"alg":"EdDSA","crit":["http://example.com/x"],"http://example.com/x":1}"#,
            r#"{"alg":"EdDSA","crit":["alg"]}"#,
            r#"{"alg":"EdDSA","crit":["missing"]}"#,
            r#"{"alg":"EdDSA","crit":[]}"#,
            r#"{"alg":"EdDSA","crit":"b64"}"#,
            r#"{"alg":"EdDSA","crit":null}"#,
            r#"{"alg":"none","crit":["x"]}"#,
            r#"{"alg":"EdDSA","b64":false,"crit":["b64"]}"#,
            r#"{"alg":"EdDSA","b64":false}"#,
            r#"{"alg":"EdDSA","b64":true}"#,
            r#"{"alg":"EdDSA","b64":true,"crit":["b64"]}"#,
            r#"{"alg":"EdDSA","b64":null}"#,
        ],
        Some(Refusal::Extension),
    );
}

#[test]
fn an_unencoded_payload_is_refused_even_if_it_is_signed_as_such() {
    let policy = inline(json!([edwards("1")]));
    let payload = claims().to_string().replace('.', "");
    for header in [
        r#"{"alg":"EdDSA","b64":false,"crit":["b64"]}"#,
        r#"{"alg":"EdDSA","b64":false}"#,
    ] {
        for payload in [payload.as_str(), ""] {
            let token = sign(&format!("{}.{payload}", base64(header)));
            assert_eq!(refusal(&policy, &token), Some(Refusal::Extension));
        }
    }
    // Without `b64` in the header, the payload is not base64url.
    let token = sign(&format!("{}.{payload}", base64(r#"{"alg":"EdDSA"}"#)));
    assert_eq!(refusal(&policy, &token), Some(Refusal::Signature));
}

#[test]
fn a_key_id_finds_a_key_and_nothing_else() {
    let long = "1".repeat(4000);
    for id in [
        "",
        "2",
        "1 ",
        "1\\u0000",
        "../../../../etc/passwd",
        "../1",
        "/dev/null",
        "file:///dev/null",
        "' OR 1=1 --",
        "1' UNION SELECT 'key' --",
        "1; rm -rf /",
        "$(id)",
        "https://forger.example/key",
        "*",
        &long,
    ] {
        reasons(
            &[format!(r#"{{"alg":"EdDSA","kid":"{id}"}}"#)],
            Some(Refusal::NoKey),
        );
    }
    let shapes = ["1", "null", "true", "[\"1\"]", "{\"1\":\"1\"}", "1.0"];
    reasons(
        &shapes.map(|id| format!(r#"{{"alg":"EdDSA","kid":{id}}}"#)),
        Some(Refusal::Header),
    );
}

#[test]
fn the_type_is_that_of_a_jwt_or_absent() {
    let with_type = |kind: &str| format!(r#"{{"alg":"EdDSA","typ":{kind}}}"#);
    reasons(
        &[
            r#""JWT""#,
            r#""jwt""#,
            r#""at+jwt""#,
            r#""AT+JWT""#,
            r#""application/at+jwt""#,
        ]
        .map(with_type),
        None,
    );
    reasons(
        &[
            r#""""#,
            r#""JWS""#,
            r#""JWE""#,
            r#""JOSE""#,
            r#""JOSE+JSON""#,
            r#""JWT ""#,
            r#""JWT\u0000""#,
            r#""at+jwt;x=y""#,
            r#""jwt+x""#,
            r#""logout+jwt""#,
            r#""secevent+jwt""#,
            "null",
            "1",
            r#"["JWT"]"#,
        ]
        .map(with_type),
        Some(Refusal::Header),
    );
}

#[test]
fn a_header_that_is_not_a_json_object_or_has_duplicates_is_refused() {
    let deep = |open: &str, close: &str, depth| {
        let nested = format!("{}{}", open.repeat(depth), close.repeat(depth));
        format!(r#"{{"alg":"EdDSA","x":{nested}}}"#)
    };
    let array = deep("[", "]", 3000);
    let object = deep(r#"{"a":"#, "}", 900).replace(":}", ":0}");
    let open = "[".repeat(6000);
    let wrong: [&[u8]; 21] = [
        b"",
        b"null",
        b"\"EdDSA\"",
        b"[]",
        b"[{\"alg\":\"EdDSA\"}]",
        b"{",
        b"{\"alg\":\"EdDSA\"",
        b"{\"alg\":\"EdDSA\"} {}",
        b"{\"alg\":\"EdDSA\"}\0",
        b"\0{\"alg\":\"EdDSA\"}",
        b"{\"alg\":\"EdDSA\",}",
        b"{'alg':'EdDSA'}",
        b"{\"alg\":\"EdDSA\",\"x\":NaN}",
        b"{\"alg\":\"EdDSA\",\"x\":1e999}",
        b"\xef\xbb\xbf{\"alg\":\"EdDSA\"}",
        b"\xff\xfe{\0}\0",
        b"{\"alg\":\"EdDSA\",\"kid\":\"\xff\"}",
        b"{\"alg\":\"EdDSA\",\"kid\":\"\xc0\xb1\"}",
        b"{\"alg\":\"EdDSA\",\"kid\":\"\\ud800\"}",
        b"{\"alg\":\"EdDSA\",\"kid\":\"\n\"}",
        b"{\"alg\":\"EdDSA\",\"kid\":\"\0\"}",
    ];
    reasons(&wrong, Some(Refusal::Header));
    reasons(&[array, object, open], Some(Refusal::Header));
    reasons(
        &[
            r#"{"alg":"EdDSA","alg":"EdDSA"}"#,
            r#"{"alg":"EdDSA","alg":"none"}"#,
            r#"{"alg":"EdDSA","\u0061lg":"none"}"#,
            r#"{"alg":"EdDSA","kid":"1","kid":"2"}"#,
            r#"{"alg":"EdDSA","typ":"JWT","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","x":1,"x":1}"#,
            r#"{"alg":"EdDSA","x":{"y":[{"z":1,"z":1}]}}"#,
        ],
        Some(Refusal::Header),
    );
}

#[test]
fn members_without_a_meaning_are_ignored() {
    reasons(
        &[
            r#" {"alg" : "EdDSA"} "#,
            r#"{"\u0061lg":"EdDSA"}"#,
            r#"{"alg":"EdDSA","x5t":"abc","x5t#S256":"abc","cty":"json","nonce":"1"}"#,
            r#"{"alg":"EdDSA","CRIT":["x"],"B64":false,"JWK":{},"x":{"jwk":1}}"#,
            r#"{"alg":"EdDSA","iss":"https://forger.example","exp":0}"#,
        ],
        None,
    );
}
