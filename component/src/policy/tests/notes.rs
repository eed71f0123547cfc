//! What a policy may say and probably does not mean.

use super::*;

/// What the operator is told about a policy, a line each.
fn notices(document: &str) -> String {
    parse(document).notices(document).join("\n")
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
            "line 7: org.delete: \"role:manager, role:admin\" is one role, of this very name; of \
             several roles, write [\"role:manager\", \"role:admin\"]",
        ),
        (
            org("delete = [\n'uploader',\n'role:manager|admin']"),
            "line 9: org.delete: \"role:manager|admin\" is one role, of this very name; of several \
             roles, write [\"role:manager\", \"role:admin\"]",
        ),
        (
            org("delete = 'role:*'"),
            "line 7: org.delete: \"role:*\" is a role of this very name; * stands for nothing else",
        ),
        (
            public("list = 'uploader'"),
            "line 7: public.list: \"uploader\" never fits: list is not about one file, which \
             somebody has stored",
        ),
        (
            public("create = ['uploader', 'role:a']"),
            "line 7: public.create: \"uploader\" never fits: create is not about one file, which \
             somebody has stored",
        ),
        (
            public("read = ['anyone', 'role:a']"),
            "line 7: public.read: \"anyone\" lets everybody in, so the other words change nothing",
        ),
        (
            public("read = ['role:a', 'signed-in']"),
            "line 7: public.read: \"signed-in\" lets every valid token in, so the other words \
             change nothing",
        ),
        (
            public("delete = ['nobody', 'role:a']"),
            "line 7: public.delete: \"nobody\" changes nothing: one word has to fit, and others may",
        ),
        (
            public("read = 'role:a'\ncache-control = 'public, max-age=60'"),
            "line 8: public.cache-control: \"public, max-age=60\" lets shared caches give out \
             files that not everyone may read",
        ),
        (
            with("[org]\nread = 'role:a'"),
            "line 4: [org] has no effect, the area is closed to everyone: [iam] has neither \
             org-claim nor audience-prefix",
        ),
        (
            with("[user]\nread = 'role:a'"),
            "line 5: user.read: \"role:a\" never fits: [iam] has no roles-claim",
        ),
        (
            with("roles-claim = '/https://example.com/roles'"),
            "line 4: iam.roles-claim: \"/https://example.com/roles\" is a path of several members; \
             a / within a claim's name is written ~1: \"/https:~1~1example.com~1roles\"",
        ),
        (
            with("roles-claim = '/https://example.com~1roles'"),
            "line 4: iam.roles-claim: \"/https://example.com~1roles\" is a path of several \
             members; a / within a claim's name is written ~1: \"/https:~1~1example.com~1roles\"",
        ),
        (
            with("user-claim = '/sub/'"),
            "line 4: iam.user-claim: \"/sub/\" leads to a member without a name",
        ),
        (
            with("roles-claim = '/realm_access.roles'"),
            "line 4: iam.roles-claim: \"/realm_access.roles\" is one claim with dots in its name; \
             a member of a claim is \"/realm_access/roles\"",
        ),
        (
            with("org-claim = '/https:%2F%2Fi%2Forg'"),
            "line 4: iam.org-claim: \"/https:%2F%2Fi%2Forg\" is not percent-decoded; a / within a \
             claim's name is written ~1",
        ),
        (
            "[iam]\naudience = 'a'\nissuer = 'https://i/x/.well-known/openid-configuration'".into(),
            "line 3: iam.issuer: \"https://i/x/.well-known/openid-configuration\" is an address \
             below the issuer; that is \"https://i/x\" or \"https://i/x/\"",
        ),
        (
            "[iam]\naudience = 'a'\nissuer = 'https://t.eu.auth0.com'".into(),
            "line 3: iam.issuer: \"https://t.eu.auth0.com\" lacks the slash at the end that \
             issuers of Auth0 have",
        ),
        (
            with("jwks-url = 'https://i/.well-known/openid-configuration'"),
            "line 4: iam.jwks-url: \"https://i/.well-known/openid-configuration\" is where the \
             provider's configuration is, not its keys; without jwks-url they are found by it",
        ),
        (
            "[iam]\nissuer = 'https://i'\naudience = 'a, b'".into(),
            "line 3: iam.audience: \"a, b\" is one audience, compared to the byte; a list is not \
             understood",
        ),
        (
            "\n[iam]\nissuer = 'https://i'".into(),
            "line 2: [iam] names no audience: tokens that the issuer made for other services are \
             accepted too",
        ),
        (
            with("jwks-url = 'http://i/keys'"),
            "line 4: [iam] has its keys fetched by http: anyone on the way can put keys of their \
             own in their place. Not for production",
        ),
        (
            public("content-types = [\n'image/png',\n'image/jpg',\n]"),
            "line 9: public.content-types: \"image/jpg\" is not what such files are sent as: \
             \"image/jpeg\"",
        ),
        (
            public("content-types = ['audio/mp3']"),
            "line 7: public.content-types: \"audio/mp3\" is not what such files are sent as: \
             \"audio/mpeg\"",
        ),
        (
            public("content-types = ['application/docx']"),
            "line 7: public.content-types: \"application/docx\" is not what such files are sent \
             as: \"application/vnd.openxmlformats-officedocument.wordprocessingml.document\"",
        ),
        (
            public("content-types = []"),
            "line 7: public.content-types: an empty list lets nobody store anything",
        ),
        (
            public("max-file-size = '20'"),
            "line 7: public.max-file-size: \"20\" is in bytes; units are such as \"MB\" and \"GiB\"",
        ),
        (
            format!("{iam}[links]\nmax-age = '15M'"),
            "line 7: links.max-age: \"15M\" is in months; minutes are \"m\"",
        ),
        (
            format!("{iam}[cors]\norigins = ['https://a.example', '*']"),
            "line 7: cors.origins: \"*\" is every origin, so the others change nothing",
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
        "line 6: public.delete: \"signed-in\" never fits: there is no [iam]",
        "line 7: [links] has no effect",
    ];
    let told: Vec<&str> = notices.lines().collect();
    assert_eq!(told.len(), expected.len(), "{notices}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.contains(expected), "{notices}");
    }
}
