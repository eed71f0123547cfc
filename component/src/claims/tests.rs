use serde_json::json;

use super::*;
use crate::policy::Policy;

fn iam(lines: &str) -> Policy {
    Policy::parse(&format!("[iam]\nissuer = 'https://i'\n{lines}")).expect("a policy")
}

/// User, organization and roles as these claims name them.
fn names(lines: &str, claims: &Value) -> (Option<String>, Option<String>, Vec<String>) {
    let policy = iam(lines);
    let iam = policy.iam().expect("an IAM API");
    let claims = Claims::parse(claims.to_string().as_bytes()).expect("claims");
    (
        claims.user(iam).map(str::to_owned),
        claims.org(iam).map(str::to_owned),
        claims.roles(iam),
    )
}

#[test]
fn the_tokens_of_the_usual_providers_name_user_organization_and_roles() {
    for (provider, lines, claims, user, org, roles) in [
        (
            "Auth0",
            "org-claim = '/org_id'\nroles-claim = '/https:~1~1example.com~1roles'",
            json!({"sub": "auth0|65", "org_id": "org_1", "https://example.com/roles": ["admin"]}),
            "auth0|65",
            Some("org_1"),
            vec!["admin"],
        ),
        (
            "Clerk",
            "org-claim = '/o/id'\nroles-claim = '/o/rol'",
            json!({"sub": "user_2", "o": {"id": "org_2", "rol": "admin", "slg": "acme"}}),
            "user_2",
            Some("org_2"),
            vec!["admin"],
        ),
        (
            "Logto, claim",
            "org-claim = '/organization_id'\nroles-claim = '/scope'",
            json!({"sub": "x", "organization_id": "o3", "scope": "read:files write:files"}),
            "x",
            Some("o3"),
            vec!["read:files", "write:files"],
        ),
        (
            "Logto, audience",
            "audience-prefix = 'urn:logto:organization:'",
            json!({"sub": "x", "aud": "urn:logto:organization:o4"}),
            "x",
            Some("o4"),
            vec![],
        ),
        (
            "Kinde",
            "org-claim = '/org_code'\nroles-claim = '/permissions'",
            json!({"sub": "kp_1", "org_code": "org_5", "permissions": ["a", "b"]}),
            "kp_1",
            Some("org_5"),
            vec!["a", "b"],
        ),
        (
            "WorkOS",
            "org-claim = '/org_id'\nroles-claim = '/role'",
            json!({"sub": "user_01", "org_id": "org_01", "role": "member"}),
            "user_01",
            Some("org_01"),
            vec!["member"],
        ),
        (
            "Keycloak",
            "org-claim = '/organization'\nroles-claim = '/realm_access/roles'",
            json!({
                "sub": "0f5c",
                "organization": {"acme": {"id": "42"}},
                "realm_access": {"roles": ["offline_access", "manager"]},
            }),
            "0f5c",
            Some("acme"),
            vec!["offline_access", "manager"],
        ),
        (
            "Zitadel",
            "org-claim = '/urn:zitadel:iam:user:resourceowner:id'\n\
             roles-claim = '/urn:zitadel:iam:org:project:roles'",
            json!({
                "sub": "1234",
                "urn:zitadel:iam:user:resourceowner:id": "99",
                "urn:zitadel:iam:org:project:roles": {"admin": {"99": "acme.example"}},
            }),
            "1234",
            Some("99"),
            vec!["admin"],
        ),
        (
            "Supabase Auth",
            "org-claim = '/app_metadata/org'\nroles-claim = '/app_metadata/roles'",
            json!({"sub": "u", "app_metadata": {"org": "o", "roles": ["r"]}}),
            "u",
            Some("o"),
            vec!["r"],
        ),
    ] {
        let (got_user, got_org, got_roles) = names(lines, &claims);
        assert_eq!(got_user.as_deref(), Some(user), "{provider}");
        assert_eq!(got_org.as_deref(), org, "{provider}");
        assert_eq!(got_roles, roles, "{provider}");
    }
}

#[test]
fn a_claim_of_another_shape_names_nobody() {
    for other in [
        json!(null),
        json!(""),
        json!(7),
        json!(true),
        json!(["acme"]),
        json!({}),
        json!({"acme": 1, "other": 2}),
        json!({"": 1}),
    ] {
        let lines = "user-claim = '/u'\norg-claim = '/o'";
        let claims = json!({"sub": "anna", "u": other, "o": other});
        assert_eq!(names(lines, &claims), (None, None, vec![]), "{other}");
    }
}

#[test]
fn a_client_that_acts_for_itself_is_no_user() {
    for (claims, user) in [
        (json!({"sub": "app", "client_id": "app"}), None),
        (json!({"sub": "app", "azp": "app"}), None),
        (json!({"sub": "app@clients", "azp": "app"}), None),
        (json!({"sub": "app", "client_id": "web"}), Some("app")),
        (json!({"sub": "app", "azp": ["app"]}), Some("app")),
        (json!({"sub": "app@clients"}), Some("app@clients")),
    ] {
        assert_eq!(names("", &claims).0.as_deref(), user, "{claims}");
    }
}

#[test]
fn roles_are_taken_from_no_shape_that_could_mean_something_else() {
    for (value, roles) in [
        (
            json!({"admin": false, "boss": null, "clerk": {}, "driver": true}),
            vec!["clerk", "driver"],
        ),
        (json!(["a", 7, ["b"], "c d"]), vec!["a", "c d"]),
        (json!(" a  b "), vec!["a", "b"]),
        (json!(7), vec![]),
        (json!(null), vec![]),
    ] {
        let got = names("roles-claim = '/r'", &json!({"r": value})).2;
        assert_eq!(got, roles, "{value}");
    }
}

#[test]
fn an_organization_by_audience_is_exactly_one() {
    let lines = "audience-prefix = 'org:'";
    let with_audience = "audience = 'storage'\naudience-prefix = 'org:'";
    for (lines, audiences, accepted, org) in [
        (lines, json!("org:a"), Ok(()), Some("a")),
        (lines, json!(["org:a", "other"]), Ok(()), Some("a")),
        (
            lines,
            json!(["org:a", "org:b"]),
            Err(Refusal::SeveralOrganizations),
            None,
        ),
        (lines, json!("org:"), Err(Refusal::Audience), None),
        (lines, json!("storage"), Err(Refusal::Audience), None),
        (with_audience, json!("storage"), Ok(()), None),
        (
            with_audience,
            json!(["storage", "org:a"]),
            Ok(()),
            Some("a"),
        ),
        (
            with_audience,
            json!(["storage", "org:a", "org:b"]),
            Err(Refusal::SeveralOrganizations),
            None,
        ),
        (with_audience, json!("other"), Err(Refusal::Audience), None),
        (
            with_audience,
            json!(["storage", 7]),
            Err(Refusal::Audience),
            None,
        ),
        ("", json!("whatever"), Ok(()), None),
    ] {
        let claims = json!({"iss": "https://i", "exp": 100, "aud": audiences});
        assert_eq!(names(lines, &claims).1.as_deref(), org, "{audiences}");
        let policy = iam(lines);
        let parsed = Claims::parse(claims.to_string().as_bytes()).expect("claims");
        let iam = policy.iam().expect("an IAM API");
        assert_eq!(parsed.check(iam, 1), accepted, "{lines} {audiences}");
    }
}

#[test]
fn times_are_judged_with_sixty_seconds_of_leeway_and_no_more() {
    let policy = iam("");
    let iam = policy.iam().expect("an IAM API");
    for (times, now, expected) in [
        (r#""exp":1000"#, 1059, Ok(())),
        (r#""exp":1000"#, 1060, Err(Refusal::Expired)),
        (r#""exp":1000.5"#, 1060, Ok(())),
        (r#""exp":253402300799"#, 253_402_300_858, Ok(())),
        (r#""exp":253402300800"#, 1060, Err(Refusal::Claims)),
        (r#""exp":1e300"#, 1060, Err(Refusal::Claims)),
        (r#""exp":18446744073709551615"#, 1060, Err(Refusal::Claims)),
        (r#""exp":-1"#, 60, Err(Refusal::Claims)),
        (r#""exp":2000,"nbf":-5"#, 1000, Err(Refusal::Claims)),
        (r#""exp":2000,"iat":1060"#, 1000, Ok(())),
        (r#""exp":2000,"iat":1061"#, 1000, Err(Refusal::NotYet)),
        (r#""exp":2000,"nbf":1060"#, 1000, Ok(())),
        (r#""exp":2000,"nbf":1061"#, 1000, Err(Refusal::NotYet)),
        (r#""exp":"2000""#, 1000, Err(Refusal::Claims)),
        (r#""exp":null"#, 1000, Err(Refusal::Claims)),
        (r#""exp":2000,"nbf":"0""#, 1000, Err(Refusal::Claims)),
        (r#""iat":1"#, 1, Err(Refusal::NoExpiry)),
    ] {
        let text = format!(r#"{{"iss":"https://i",{times}}}"#);
        let claims = Claims::parse(text.as_bytes()).expect("claims");
        assert_eq!(claims.check(iam, now), expected, "{text} {now}");
    }
}

#[test]
fn the_issuer_is_compared_to_the_byte() {
    let policy = iam("");
    let iam = policy.iam().expect("an IAM API");
    for issuer in [
        json!("https://I"),
        json!("https://i/"),
        json!(["https://i"]),
        json!(null),
    ] {
        let text = json!({"iss": issuer, "exp": 1000}).to_string();
        let claims = Claims::parse(text.as_bytes()).expect("claims");
        assert_eq!(claims.check(iam, 1), Err(Refusal::Issuer), "{text}");
    }
}
