//! What is valid in a policy but probably a mistake.

use super::*;

/// The notes on a policy, one line each.
/// 2027-01-15T08:00:00Z
const NOW: u64 = 1_800_000_000;

fn notices(document: &str) -> String {
    parse(document).notices(document, NOW).join("\n")
}

#[test]
fn what_is_probably_a_mistake_is_noted_with_its_line() {
    let iam = "[iam]\nissuer = 'https://i'\naudience = 'a'\norg-claim = '/o'\nroles-claim = '/r'\n";
    let org = |line: &str| format!("{iam}[org]\n{line}");
    let public = |line: &str| format!("{iam}[public]\n{line}");
    let with = |line: &str| format!("[iam]\nissuer = 'https://i'\naudience = 'a'\n{line}");
    for (text, expected) in [
        (
            org("delete = 'role:manager, role:admin'"),
            "line 7: org.delete: \"role:manager, role:admin\" is one role with exactly this \
             name; for several roles, write [\"role:manager\", \"role:admin\"]",
        ),
        (
            org("delete = [\n'uploader',\n'role:manager|admin']"),
            "line 9: org.delete: \"role:manager|admin\" is one role with exactly this name; for \
             several roles, write [\"role:manager\", \"role:admin\"]",
        ),
        (
            org("delete = 'role:*'"),
            "line 7: org.delete: \"role:*\" is a role with exactly this name; * is not a wildcard",
        ),
        (
            public("list = 'uploader'"),
            "line 7: public.list: \"uploader\" never matches: list is not about one file that \
             has an uploader",
        ),
        (
            public("create = ['uploader', 'role:a']"),
            "line 7: public.create: \"uploader\" never matches: create is not about one file \
             that has an uploader",
        ),
        (
            public("read = ['anyone', 'role:a']"),
            "line 7: public.read: \"anyone\" allows everyone, so the other words have no effect",
        ),
        (
            public("read = ['role:a', 'signed-in']"),
            "line 7: public.read: \"signed-in\" allows every valid token, so the other words \
             have no effect",
        ),
        (
            public("delete = ['nobody', 'role:a']"),
            "line 7: public.delete: \"nobody\" has no effect: one matching word is enough, and \
             others can match",
        ),
        (
            public("read = 'role:a'\ncache-control = 'public, max-age=60'"),
            "line 8: public.cache-control: \"public, max-age=60\" lets shared caches serve \
             files that not everyone may read",
        ),
        (
            with("[org]\nread = 'role:a'"),
            "line 4: [org] has no effect, the area is closed to everyone: [iam] has neither \
             org-claim nor audience-prefix",
        ),
        (
            with("[user]\nread = 'role:a'"),
            "line 5: user.read: \"role:a\" never matches: [iam] has no roles-claim",
        ),
        (
            with("roles-claim = '/https://example.com/roles'"),
            "line 4: iam.roles-claim: \"/https://example.com/roles\" is a path through several \
             members; a / in a claim's name is written ~1: \"/https:~1~1example.com~1roles\"",
        ),
        (
            with("roles-claim = '/https://example.com~1roles'"),
            "line 4: iam.roles-claim: \"/https://example.com~1roles\" is a path through several \
             members; a / in a claim's name is written ~1: \"/https:~1~1example.com~1roles\"",
        ),
        (
            with("user-claim = '/sub/'"),
            "line 4: iam.user-claim: \"/sub/\" points to a member with an empty name",
        ),
        (
            with("roles-claim = '/realm_access.roles'"),
            "line 4: iam.roles-claim: \"/realm_access.roles\" is one claim with dots in its name; \
             for a member of a claim, write \"/realm_access/roles\"",
        ),
        (
            with("org-claim = '/https:%2F%2Fi%2Forg'"),
            "line 4: iam.org-claim: \"/https:%2F%2Fi%2Forg\" is not percent-decoded; a / in a \
             claim's name is written ~1",
        ),
        (
            "[iam]\naudience = 'a'\nissuer = 'https://i/x/.well-known/openid-configuration'".into(),
            "line 3: iam.issuer: \"https://i/x/.well-known/openid-configuration\" is a URL \
             below the issuer; the issuer is \"https://i/x\" or \"https://i/x/\"",
        ),
        (
            "[iam]\naudience = 'a'\nissuer = 'https://t.eu.auth0.com'".into(),
            "line 3: iam.issuer: \"https://t.eu.auth0.com\" lacks the trailing slash of \
             Auth0 issuers",
        ),
        (
            with("jwks-url = 'https://i/.well-known/openid-configuration'"),
            "line 4: iam.jwks-url: \"https://i/.well-known/openid-configuration\" is the \
             provider's configuration, not its keys; without jwks-url the keys are found by OpenID \
             Connect Discovery",
        ),
        (
            "[iam]\nissuer = 'https://i'\naudience = 'a, b'".into(),
            "line 3: iam.audience: \"a, b\" is a single audience, compared byte for byte; a list \
             is not supported",
        ),
        (
            "\n[iam]\nissuer = 'https://i'".into(),
            "line 2: [iam] has no audience: tokens that the issuer issued for other services are \
             accepted too",
        ),
        (
            with("jwks-url = 'http://i/keys'"),
            "line 4: [iam] fetches its keys over plain http: anyone on the network path can \
             replace them. Not for production",
        ),
        (
            public("content-types = [\n'image/png',\n'image/jpg',\n]"),
            "line 9: public.content-types: \"image/jpg\" is not the type that such files are \
             sent with: \"image/jpeg\"",
        ),
        (
            public("content-types = ['audio/mp3']"),
            "line 7: public.content-types: \"audio/mp3\" is not the type that such files are \
             sent with: \"audio/mpeg\"",
        ),
        (
            public("content-types = ['application/docx']"),
            "line 7: public.content-types: \"application/docx\" is not the type that such files \
             are sent with: \"application/vnd.openxmlformats-officedocument.wordprocessingml.document\"",
        ),
        (
            public("content-types = []"),
            "line 7: public.content-types: with an empty list, nothing can be stored",
        ),
        (
            public("max-file-size = '20'"),
            "line 7: public.max-file-size: \"20\" has no unit and is in bytes; units are \"MB\" or \
             \"GiB\", for example",
        ),
        (
            format!("{iam}[links]\nmax-age = '15M'"),
            "line 7: links.max-age: \"15M\" is in months; for minutes, write \"m\"",
        ),
        (
            format!("{iam}[links]\nnot-before = 2027-01-15T08:00:00Z"),
            "",
        ),
        (
            format!("{iam}[links]\nnot-before = '2027-01-15T08:00:01Z'"),
            "line 7: links.not-before is in the future: until then every presigned URL is \
             refused, also one that was just made",
        ),
        (
            format!("{iam}[cors]\norigins = ['https://a.example', '*']"),
            "line 7: cors.origins: \"*\" allows every origin, so the others have no effect",
        ),
    ] {
        assert_eq!(notices(&text), expected, "{text}");
    }
    assert_eq!(notices(EXAMPLE), "");
    assert_eq!(
        notices(&with("roles-claim = '/https:~1~1example.com~1roles'")),
        ""
    );
}

#[test]
fn what_has_no_effect_without_an_iam_api_is_noted() {
    let text = "[user]\nread = 'nobody'\n[public]\nlist = 'nobody'\nreplace = 'nobody'\n\
                delete = 'signed-in'\n[links]\nmax-age = '1d'";
    let notices = notices(text);
    let expected = [
        "may read, create files there",
        "line 1: [user] has no effect, the area is closed to everyone: there is no [iam]",
        "line 6: public.delete: \"signed-in\" never matches: there is no [iam]",
        "line 7: [links] has no effect",
    ];
    let told: Vec<&str> = notices.lines().collect();
    assert_eq!(told.len(), expected.len(), "{notices}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.contains(expected), "{notices}");
    }
}
