//! When and by whom a token was issued.

use super::*;

#[test]
fn times_are_checked_with_sixty_seconds_of_leeway_and_no_more() {
    let text = |name, found| {
        let expected = "a time in seconds since 1970";
        Err(Refusal::Claim {
            name,
            found,
            expected,
        })
    };
    let policy = iam("");
    let iam = policy.iam().expect("an IAM API");
    for (times, now, expected) in [
        (r#""exp":1000"#, 1059, Ok(())),
        (r#""exp":1000"#, 1060, Err(Refusal::Expired)),
        (r#""exp":1000.5"#, 1060, Ok(())),
        (r#""exp":253402300799"#, 253_402_300_858, Ok(())),
        (r#""exp":253402300800"#, 1060, Err(Refusal::Time("exp"))),
        (r#""exp":1e300"#, 1060, Err(Refusal::Time("exp"))),
        (
            r#""exp":18446744073709551615"#,
            1060,
            Err(Refusal::Time("exp")),
        ),
        (r#""exp":-1"#, 60, Err(Refusal::Time("exp"))),
        (r#""exp":2000,"nbf":-5"#, 1000, Err(Refusal::Time("nbf"))),
        (r#""exp":2000,"iat":1060"#, 1000, Ok(())),
        (r#""exp":2000,"iat":1061"#, 1000, Err(Refusal::NotYet)),
        (r#""exp":2000,"nbf":1060"#, 1000, Ok(())),
        (r#""exp":2000,"nbf":1061"#, 1000, Err(Refusal::NotYet)),
        (r#""exp":"2000""#, 1000, text("exp", Shape::Text)),
        (r#""exp":null"#, 1000, text("exp", Shape::Null)),
        (r#""exp":2000,"nbf":"0""#, 1000, text("nbf", Shape::Text)),
        (r#""iat":1"#, 1, Err(Refusal::NoExpiry)),
    ] {
        let text = format!(r#"{{"iss":"https://i",{times}}}"#);
        let claims = Claims::parse(text.as_bytes()).expect("claims");
        assert_eq!(claims.check(iam, now), expected, "{text} {now}");
    }
}

#[test]
fn the_issuer_is_compared_byte_for_byte_and_a_mismatch_shows_both() {
    let policy = iam("");
    let iam = policy.iam().expect("an IAM API");
    for (issuer, words) in [
        (
            json!("https://I"),
            "\"https://I\", the policy's issuer is \"https://i\" (they differ by case",
        ),
        (
            json!("https://i/"),
            "\"https://i/\", the policy's issuer is \"https://i\" (they differ by a trailing slash",
        ),
        (
            json!("https://j"),
            "\"https://j\", the policy's issuer is \"https://i\"",
        ),
        (
            json!(["https://i", 7]),
            "a list of 2 elements, the policy's",
        ),
        (json!(null), "null, the policy's"),
    ] {
        let text = json!({"iss": issuer, "exp": 1000}).to_string();
        let claims = Claims::parse(text.as_bytes()).expect("claims");
        let refusal = claims.check(iam, 1).expect_err("refused").to_string();
        assert!(refusal.contains("from another issuer"), "{refusal}");
        assert!(refusal.contains(words), "{refusal}");
    }
    let long = json!({"iss": "x".repeat(10_000), "exp": 1000}).to_string();
    let claims = Claims::parse(long.as_bytes()).expect("claims");
    assert!(claims.check(iam, 1).expect_err("refused").to_string().len() < 400);
}
