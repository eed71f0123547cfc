mod validity;

use serde_json::json;

use super::*;
use crate::policy::Policy;

fn iam(lines: &str) -> Policy {
    Policy::parse(&format!("[iam]\nissuer = 'https://i'\n{lines}")).expect("a policy")
}

/// The user, organization and roles that these claims name.
fn names(lines: &str, claims: &Value) -> (Option<String>, Option<String>, Vec<String>) {
    let policy = iam(lines);
    let iam = policy.iam().expect("an IAM API");
    let claims = Claims::parse(claims.to_string().as_bytes()).expect("claims");
    (
        claims.user(iam).ok().map(str::to_owned),
        claims.org(iam).ok().map(str::to_owned),
        claims.roles(iam).unwrap_or_default(),
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
fn a_client_that_acts_for_itself_is_not_a_user() {
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
fn roles_are_not_read_from_an_ambiguous_shape() {
    for (value, roles) in [
        (
            json!({"admin": false, "boss": null, "clerk": {}, "driver": true}),
            vec!["clerk", "driver"],
        ),
        (
            json!(["a", 7, -7, 1.0, true, ["b"], null, "c d"]),
            vec!["a", "7", "-7", "true", "c d"],
        ),
        (json!(" a  b "), vec!["a", "b"]),
        (
            json!(18_446_744_073_709_551_615_u64),
            vec!["18446744073709551615"],
        ),
        (json!(true), vec!["true"]),
        (json!(7.5), vec![]),
        (json!(1e3), vec![]),
        (json!(null), vec![]),
    ] {
        let got = names("roles-claim = '/r'", &json!({"r": value})).2;
        assert_eq!(got, roles, "{value}");
    }
}

#[test]
fn the_values_of_a_claim_are_those_of_its_shape() {
    let claims = json!({
        "text": "human resources",
        "list": ["hr", 7, false, ["x"], {"y": 1}],
        "members": {"a": 1, "b": false, "c": null, "d": false, "e/f": {}},
        "flag": false,
        "number": -3,
        "fraction": 3.5,
        "empty": "",
        "deep": {"er": ["z"]},
    });
    let claims = Claims::parse(claims.to_string().as_bytes()).expect("claims");
    for (pointer, expected) in [
        ("/text", &["human resources"][..]),
        ("/list", &["hr", "7", "false"]),
        ("/members", &["a", "e/f"]),
        ("/flag", &["false"]),
        ("/number", &["-3"]),
        ("/fraction", &[]),
        ("/empty", &[""]),
        ("/deep/er", &["z"]),
        ("/deep/er/0", &["z"]),
        ("/none", &[]),
    ] {
        let at = Pointer::try_from(pointer.to_owned()).expect("a pointer");
        assert_eq!(claims.values(&at), expected, "{pointer}");
    }
}

#[test]
fn an_organization_by_audience_is_exactly_one() {
    let lines = "audience-prefix = 'org:'";
    let with_audience = "audience = 'storage'\naudience-prefix = 'org:'";
    for (lines, audiences, accepted, org) in [
        (lines, json!("org:a"), Ok(()), Some("a")),
        (lines, json!(["org:a", "other"]), Ok(()), Some("a")),
        (lines, json!(["org:a", "org:b"]), Err(None), None),
        (
            lines,
            json!("org:"),
            Err(Some("\"org:\", expected one that starts with \"org:\"")),
            None,
        ),
        (
            lines,
            json!("storage"),
            Err(Some("\"storage\", expected one that")),
            None,
        ),
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
            Err(None),
            None,
        ),
        (
            with_audience,
            json!("other"),
            Err(Some(
                "aud is \"other\", expected \"storage\" or one that starts with \"org:\"",
            )),
            None,
        ),
        (
            with_audience,
            json!(["storage", 7]),
            Err(Some("aud is a list of 2 elements, expected")),
            None,
        ),
        (
            with_audience,
            json!(null),
            Err(Some("aud is null, expected")),
            None,
        ),
        (
            with_audience,
            json!([]),
            Err(Some("aud is an empty list, expected")),
            None,
        ),
        ("", json!("whatever"), Ok(()), None),
    ] {
        let claims = json!({"iss": "https://i", "exp": 100, "aud": audiences});
        assert_eq!(names(lines, &claims).1.as_deref(), org, "{audiences}");
        let policy = iam(lines);
        let parsed = Claims::parse(claims.to_string().as_bytes()).expect("claims");
        let iam = policy.iam().expect("an IAM API");
        match (parsed.check(iam, 1), accepted) {
            (Ok(()), Ok(())) | (Err(Refusal::SeveralOrganizations), Err(None)) => {}
            (Err(refusal @ Refusal::Audience { .. }), Err(Some(words))) => {
                assert!(refusal.to_string().contains(words), "{refusal}");
            }
            (got, _) => panic!("{lines} {audiences}: {got:?}"),
        }
    }
}

#[test]
fn why_a_claim_names_nobody_is_explained_by_its_path_and_shape() {
    let lines = "user-claim = '/u'\norg-claim = '/o/id'\nroles-claim = '/r'";
    let policy = iam(lines);
    let iam = policy.iam().expect("an IAM API");
    let reasons = |claims: &Value| {
        let claims = Claims::parse(claims.to_string().as_bytes()).expect("claims");
        [
            claims.user(iam).err().map(|absent| absent.user(iam)),
            claims.org(iam).err().map(|absent| absent.org(iam)),
            claims.roles(iam).err().map(|absent| absent.roles(iam)),
        ]
        .map(Option::unwrap_or_default)
    };
    for (claims, expected) in [
        (
            json!({}),
            [
                "the claim /u is missing",
                "the claim /o/id is missing",
                "the claim /r is missing",
            ],
        ),
        (
            json!({"u": 7, "o": {"id": ["hidden"]}, "r": 7.5}),
            [
                "the claim /u is a number, not a string",
                "the claim /o/id is a list of 1 element, not a string or an object with exactly 1 \
                 member",
                "the claim /r is a number, not a string of words, an integer, a list of those or an \
                 object",
            ],
        ),
        (
            json!({"u": "", "o": {"id": {"hidden": 1, "b": 2}}, "r": [{"name": "hidden"}]}),
            [
                "the claim /u is empty",
                "the claim /o/id is an object with 2 members, not a string or an object with \
                 exactly 1 member",
                "the claim /r is a list of 1 element, not a string of words, an integer, a list of \
                 those or an object",
            ],
        ),
        (
            json!({"u": "app", "azp": "app", "o": {"id": {"": 1}}, "r": []}),
            [
                "the claim /u is the id of the token's own client, not of a user",
                "the claim /o/id is empty",
                "the claim /r is empty",
            ],
        ),
        (json!({"u": "a", "o": {"id": "b"}, "r": "c"}), ["", "", ""]),
    ] {
        assert_eq!(reasons(&claims), expected, "{claims}");
    }
}
