use serde_json::json;

use super::*;

const IAM: &str = "[iam]\nissuer = 'https://i'\n";

fn policy(iam: &str) -> Policy {
    Policy::parse(&format!("{IAM}{iam}\n")).expect(iam)
}

fn subject(user: Option<&str>, org: Option<&str>, roles: &[&str], claims: Value) -> Subject {
    let Value::Object(claims) = claims else {
        panic!("{claims}");
    };
    Subject {
        user: user.map(str::to_owned),
        org: org.map(str::to_owned),
        roles: roles.iter().map(ToString::to_string).collect(),
        claims,
    }
}

/// The bearer of a real token with these claims.
fn bearer(policy: &Policy, claims: Value) -> Caller {
    let claims = Claims::parse(claims.to_string().as_bytes()).expect("claims");
    let iam = policy.iam().expect("an IAM API");
    Caller::Bearer(Bearer::of(&claims, iam, policy.questions()))
}

#[test]
fn a_subject_is_the_bearer_of_a_token_that_says_so() {
    let plain = "org-claim = '/org_id'\nroles-claim = '/roles'\n\
                 [org]\nread = 'claim:/department=hr'";
    let nested = "user-claim = '/https:~1~1i~1user'\norg-claim = '/o/id'\n\
                  roles-claim = '/realm_access/roles'";
    let audience = "audience = 'app'\naudience-prefix = 'urn:org:'\nroles-claim = '/scope'";
    for (iam, subject, token) in [
        (
            plain,
            subject(
                Some("ann"),
                Some("acme"),
                &["a", "b"],
                json!({ "department": ["hr"] }),
            ),
            json!({ "sub": "ann", "org_id": "acme", "roles": ["a", "b"], "department": ["hr"] }),
        ),
        (plain, subject(None, None, &[], json!({})), json!({})),
        (
            plain,
            subject(
                None,
                None,
                &[],
                json!({ "sub": "ann", "org_id": { "acme": 1 } }),
            ),
            json!({ "sub": "ann", "org_id": { "acme": 1 } }),
        ),
        (
            plain,
            subject(Some("ann"), None, &[], json!({ "sub": "ann" })),
            json!({ "sub": "ann" }),
        ),
        (
            nested,
            subject(
                Some("ann"),
                Some("acme"),
                &["a"],
                json!({ "o": { "rol": "x" } }),
            ),
            json!({
                "https://i/user": "ann", "o": { "id": "acme", "rol": "x" },
                "realm_access": { "roles": ["a"] },
            }),
        ),
        (
            audience,
            subject(None, Some("acme"), &["a"], json!({ "aud": "app" })),
            json!({ "aud": ["app", "urn:org:acme"], "scope": "a" }),
        ),
    ] {
        let policy = policy(iam);
        let supposed = suppose(&subject, &policy).expect(iam);
        assert_eq!(supposed, bearer(&policy, token), "{iam}");
    }
}

#[test]
fn what_no_token_can_say_is_an_error() {
    let orgs = "org-claim = '/o/id'\nroles-claim = '/roles'";
    for (iam, subject, expected) in [
        (
            "",
            subject(None, Some("acme"), &[], json!({})),
            "no token names an organization: [iam] has neither org-claim nor audience-prefix",
        ),
        (
            "",
            subject(None, None, &["a"], json!({})),
            "no token gives a role: [iam] has no roles-claim",
        ),
        (
            orgs,
            subject(Some("ann"), None, &[], json!({ "sub": "bob" })),
            "user is at /sub in the token, and claims has something else there",
        ),
        (
            orgs,
            subject(None, Some("acme"), &[], json!({ "o": "other" })),
            "org is at /o/id in the token, and claims has something else there",
        ),
        (
            orgs,
            subject(None, None, &["a"], json!({ "roles": ["b"] })),
            "roles is at /roles in the token, and claims has something else there",
        ),
        (
            orgs,
            subject(None, None, &[], json!({ "sub": 5 })),
            "a token with these claims is refused: the claim sub is a number, not a string",
        ),
        (
            orgs,
            subject(Some(""), None, &[], json!({})),
            "a token with these claims names no user: the claim /sub is empty",
        ),
        (
            orgs,
            subject(Some("app"), None, &[], json!({ "azp": "app" })),
            "a token with these claims names no user: the claim /sub is the id of the token's own \
             client, not of a user",
        ),
        (
            orgs,
            subject(None, Some(&"x".repeat(1001)), &[], json!({})),
            "a token with these claims names no organization: the claim /o/id is longer than \
             1,000 bytes",
        ),
    ] {
        let said = suppose(&subject, &policy(iam)).expect_err(expected);
        assert_eq!(said.to_string(), expected);
    }
    let open = Policy::parse("public-only = true").expect("a policy");
    let said = suppose(&subject(None, None, &[], json!({})), &open);
    assert!(matches!(said, Err(Impossible::NoIam)));
}
