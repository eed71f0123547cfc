use std::cell::RefCell;

use serde_json::json;

use super::*;
use crate::policy::Policy;

const SET: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// The result of fetching the keys of `issuer`, with these additional lines of policy, from
/// an IAM API with these documents; and what was requested.
fn fetched(
    issuer: &str,
    lines: &str,
    documents: &[(&str, &str)],
) -> (Result<KeySet, NoKeys>, Vec<String>) {
    let policy = format!("[iam]\nissuer = '{issuer}'\n{lines}");
    let policy = Policy::parse(&policy).expect("a policy");
    let asked = RefCell::new(Vec::new());
    let fetch = |url: &WebUrl, freshness| {
        asked.borrow_mut().push(format!("{url} {freshness:?}"));
        let mut known = documents.iter();
        let found = known.find(|(known, _)| *known == url.to_string());
        let (_, text) = found.ok_or(FetchError::Status(404))?;
        Ok(text.as_bytes().to_vec())
    };
    let iam = policy.iam().expect("an IAM API");
    let keys = Keyring {
        iam,
        secrets: &|_| None,
        fetch: &fetch,
    }
    .keys(Freshness::Revalidated);
    (keys, asked.into_inner())
}

fn configuration(issuer: &str, keys: &str) -> String {
    json!({"issuer": issuer, "jwks_uri": keys, "scopes_supported": ["openid"]}).to_string()
}

#[test]
fn the_configuration_is_below_the_issuer_and_names_the_keys() {
    for (issuer, document) in [
        (
            "https://iam",
            "https://iam/.well-known/openid-configuration",
        ),
        (
            "https://iam/",
            "https://iam/.well-known/openid-configuration",
        ),
        (
            "https://iam:8443/realms/a",
            "https://iam:8443/realms/a/.well-known/openid-configuration",
        ),
        (
            "https://iam/oidc/",
            "https://iam/oidc/.well-known/openid-configuration",
        ),
    ] {
        let keys_at = format!("{}/keys?v=1", &document[..document.len() - 33]);
        let configuration = configuration(issuer, &keys_at);
        let documents = [(document, configuration.as_str()), (&keys_at, SET)];
        let (keys, asked) = fetched(issuer, "", &documents);
        assert!(keys.expect(issuer).knows("1"));
        // Only the keys are worth fetching again.
        let expected = [
            format!("{document} Cached"),
            format!("{keys_at} Revalidated"),
        ];
        assert_eq!(asked, expected);
    }
}

#[test]
fn a_jwks_url_needs_no_configuration_and_may_be_anywhere() {
    let lines = "jwks-url = 'https://elsewhere/keys'";
    let (keys, asked) = fetched("any name", lines, &[("https://elsewhere/keys", SET)]);
    assert!(keys.expect("keys").knows("1"));
    assert_eq!(asked, ["https://elsewhere/keys Revalidated"]);
}

#[test]
fn a_configuration_is_trusted_only_about_its_own_issuer_and_origin() {
    let table = [
        (
            configuration("https://iam/", "https://iam/keys"),
            "its issuer is \"https://iam/\", the policy's is \"https://iam\" (they differ by a \
             trailing slash)",
        ),
        (
            configuration("https://IAM", "https://iam/keys"),
            "of another issuer",
        ),
        (
            configuration("https://other", "https://iam/keys"),
            "of another issuer",
        ),
        (
            configuration("https://iam", "https://other/keys"),
            "on another origin, https://other;",
        ),
        (
            configuration("https://iam", "http://iam/keys"),
            "on another origin, http://iam;",
        ),
        (
            configuration("https://iam", "https://iam:8443/keys"),
            "on another origin, https://iam:8443;",
        ),
        (
            configuration("https://iam", "https://iam@other/keys"),
            "not an OpenID provider's configuration",
        ),
        (
            configuration("https://iam", "/keys"),
            "not an OpenID provider's configuration",
        ),
        (
            configuration("https://iam", "file:///keys"),
            "not an OpenID provider's configuration",
        ),
        ("{}".to_owned(), "not an OpenID provider's configuration"),
        (
            "<html>".to_owned(),
            "not an OpenID provider's configuration",
        ),
        (String::new(), "not an OpenID provider's configuration"),
    ];
    for (configuration, words) in table {
        let at = "https://iam/.well-known/openid-configuration";
        let documents = [(at, configuration.as_str()), ("https://iam/keys", SET)];
        let (keys, asked) = fetched("https://iam", "", &documents);
        let message = keys.expect_err(&configuration).to_string();
        assert!(message.contains(words), "{configuration}: {message}");
        // And once more, for the previous document.
        assert_eq!(asked.len(), 2, "{configuration}");
    }
}

#[test]
fn an_unusable_document_does_not_replace_the_previous_one() {
    let of_no_use = [
        "",
        "<html>",
        "{}",
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"EC"}]}"#,
    ];
    let found = configuration("https://iam", "https://iam/keys");
    let configured = "https://iam/.well-known/openid-configuration";
    let policy = Policy::parse("[iam]\nissuer = 'https://iam'").expect("a policy");
    for (place, before) in [("https://iam/keys", SET), (configured, found.as_str())] {
        for now in of_no_use {
            let fetch = |url: &WebUrl, freshness| {
                let body = match (url.to_string() == place, freshness) {
                    (false, _) if url.to_string() == configured => found.as_str(),
                    (false, _) => SET,
                    (true, Freshness::InsteadOf(digest)) => {
                        assert_eq!(digest, Hash::hash(now.as_bytes()));
                        before
                    }
                    (true, _) => now,
                };
                Ok(body.as_bytes().to_vec())
            };
            let keyring = Keyring {
                iam: policy.iam().expect("an IAM API"),
                secrets: &|_| None,
                fetch: &fetch,
            };
            let keys = keyring.keys(Freshness::Cached);
            assert!(keys.expect(now).knows("1"), "{place} {now}");
            // But those are not the current keys.
            let latest = keyring.keys(Freshness::Revalidated);
            assert_eq!(
                latest.is_err(),
                place == "https://iam/keys",
                "{place} {now}"
            );
        }
    }
}

#[test]
fn an_invalid_key_set_gives_no_keys() {
    for document in ["", "[]", "{}", "<html>", r#"{"keys":{}}"#, r#"{"keys":[]}"#] {
        let lines = "jwks-url = 'https://iam/keys'";
        let (keys, _) = fetched("https://iam", lines, &[("https://iam/keys", document)]);
        assert!(matches!(keys, Err(NoKeys::Keys { .. })), "{document}");
    }
    let (keys, _) = fetched("https://iam", "", &[]);
    let message = keys.expect_err("no keys").to_string();
    let expected = "https://iam/.well-known/openid-configuration: the response has status 404";
    assert_eq!(message, expected);
}

fn policy(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn keys_are_checked_at_startup() {
    let secret: &[u8] = &[b's'; 32];
    let none: &Secrets<'_> = &|_| None;
    for (keys, secrets, words) in [
        (
            "jwks = 'x'",
            none,
            "line 4: iam.jwks: this is not a JWK Set",
        ),
        (
            "jwks = '{\"keys\":[]}'",
            none,
            "line 4: iam.jwks: it has no usable key",
        ),
        (
            "jwks = '''\n{\"keys\":[\n  {}\n  {}\n]}'''",
            none,
            "line 7: iam.jwks: this is not a JWK Set (a JSON object with a list \"keys\"): not \
             JSON: expected `,` or `]`",
        ),
        (
            "hs256-secret = 'A_1'",
            none,
            "line 4: iam.hs256-secret: COFFER_SECRET_A_1 is not set",
        ),
        (
            "hs256-secret = 'A'",
            &|_| Some(&secret[1..]),
            "shorter than 32 bytes",
        ),
    ] {
        let policy = policy(&format!("\n[iam]\nissuer = 'https://i'\n{keys}"));
        let message = check(&policy, secrets).expect_err(keys).to_string();
        assert!(message.contains(words), "{keys}: {message}");
    }
    let policy = policy("[iam]\nissuer = 'https://i'\nhs256-secret = 'A'");
    assert_eq!(
        check(&policy, &|name| (name == "A").then_some(secret)),
        Ok(())
    );
}

#[test]
fn the_policy_that_is_built_in_has_no_keys_to_check() {
    let policy = policy(include_str!("../../../policy.toml"));
    assert_eq!(check(&policy, &|_| None), Ok(()));
}
