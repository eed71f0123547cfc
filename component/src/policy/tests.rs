use super::*;

const EXAMPLE: &str = r#"
[iam]
issuer        = "https://iam.example.com"
audience      = "storage"
user-claim    = "/sub"
org-claim     = "/org_id"
roles-claim   = "/urn:zitadel:iam:org:project:roles"

[public]
read = "anyone"
list = "signed-in"
create = "anyone"
replace = ["uploader", "role:admin"]
delete = ["uploader", "role:admin"]
max-file-size = "20 MB"
content-types = ["image/*", "application/pdf"]
cache-control = "public, max-age=60"

[user]
max-file-size = "1.5 GiB"

[org]
delete = "role:manager"

[links]
max-age = "1day 12h"

[cors]
origins = ["https://app.example.com", "http://localhost:3000"]
"#;

fn parse(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn error(text: &str) -> String {
    Policy::parse(text).expect_err(text).to_string()
}

#[test]
fn a_policy_says_what_it_is_written_to_say() {
    let policy = parse(EXAMPLE);
    let uploader_or_admin = [Word::Uploader, Word::Role("admin".to_owned())];
    assert_eq!(policy.rule(Area::Public, Operation::List), [Word::SignedIn]);
    assert_eq!(
        policy.rule(Area::Public, Operation::Replace),
        uploader_or_admin
    );
    assert_eq!(
        policy.rule(Area::Org, Operation::Delete),
        [Word::Role("manager".to_owned())]
    );
    assert_eq!(policy.limits(Area::Public).max_file_size(), 20_000_000);
    assert_eq!(policy.limits(Area::User).max_file_size(), 3 << 29);
    assert!(policy.limits(Area::Public).takes("image/png"));
    assert!(!policy.limits(Area::Public).takes("text/html"));
    assert_eq!(policy.cache_control(), "public, max-age=60");
    assert_eq!(policy.link_max_age(), Duration::from_secs(36 * 3600));
    let origins = policy.origins().listed().iter().map(AsRef::as_ref);
    assert!(origins.eq(["https://app.example.com", "http://localhost:3000"]));
    assert_eq!(
        policy.iam().map(Iam::issuer),
        Some("https://iam.example.com")
    );
}

#[test]
fn a_policy_without_rules_has_the_documented_defaults() {
    for (text, list, replace) in [
        ("[public]", Word::Anyone, Word::Anyone),
        ("public-only = true", Word::Anyone, Word::Anyone),
        (
            "[iam]\nissuer = 'https://i'",
            Word::SignedIn,
            Word::Uploader,
        ),
    ] {
        let policy = parse(text);
        for (operation, word) in [
            (Operation::Read, Word::Anyone),
            (Operation::Create, Word::Anyone),
            (Operation::List, list),
            (Operation::Replace, replace.clone()),
            (Operation::Delete, replace),
        ] {
            assert_eq!(policy.rule(Area::Public, operation), [word]);
            assert_eq!(policy.rule(Area::User, operation), [Word::Anyone]);
            assert_eq!(policy.rule(Area::Org, operation), [Word::Anyone]);
        }
        for area in [Area::Public, Area::User, Area::Org] {
            assert_eq!(policy.limits(area).max_file_size(), 5 << 30);
            assert!(policy.limits(area).takes("x/y"));
        }
        assert_eq!(policy.cache_control(), "public, max-age=3600");
        assert_eq!(policy.link_max_age(), Duration::from_secs(7 * 86_400));
        assert!(policy.origins().listed().is_empty());
    }
}

#[test]
fn the_policy_that_is_built_in_is_public_only_and_says_so() {
    let policy = parse(include_str!("../../policy.toml"));
    assert!(policy.iam().is_none());
    let notices = policy.notices(include_str!("../../policy.toml"));
    assert_eq!(notices.len(), 1);
    assert!(
        notices[0]
            .contains("ANYONE who reaches this service may read, list, create, replace, delete")
    );
}

#[test]
fn a_mistake_is_told_in_one_line_with_its_line_number() {
    let iam = "[iam]\nissuer = 'https://i'\n";
    for (text, line, words) in [
        (
            "[pubic]\n",
            1,
            "unknown key `pubic`, expected one of `public-only`, `iam`",
        ),
        (
            "\n[public]\nreed = 'anyone'",
            3,
            "[public]: unknown key `reed`, expected one of `read`",
        ),
        (
            "[public]\nread = 'everyone'",
            2,
            "public.read: unknown word \"everyone\", expected \"anyone\"",
        ),
        (
            "[public]\nread = [\n 'anyone',\n 'Anyone']",
            4,
            "public.read: unknown word \"Anyone\"",
        ),
        (
            "[public]\nread = 'uploader, role:a'",
            2,
            "several are a list: [\"uploader\", \"role:admin\"]",
        ),
        ("[public]\nread = 'role:'", 2, "unknown word \"role:\""),
        ("[public]\nread = []", 2, "a rule needs at least one word"),
        (
            "[public]\nread = 5",
            2,
            "public.read: expected a rule (one word or a list of words), found a number",
        ),
        (
            "[public]\nread = ['anyone',\n5]",
            3,
            "public.read: expected a word such as \"signed-in\", found a number",
        ),
        (
            "[public]\nread = { role = 'a' }",
            2,
            "public.read: expected a rule (one word or a list of words), found a table",
        ),
        (
            "public = true",
            1,
            "public: expected a table, found true or false",
        ),
        (
            "[user]\nmax-file-size = '5 Gigs'",
            2,
            "user.max-file-size: \"5 Gigs\" is not a size, expected one such as \"5 GiB\"",
        ),
        (
            "[user]\nmax-file-size = 5",
            2,
            "user.max-file-size: expected a size such as \"5 GiB\" or \"200 MB\", found a number",
        ),
        ("[user]\nmax-file-size = '-1'", 2, "not a size"),
        ("[user]\nmax-file-size = '0 B'", 2, "not a size"),
        (
            "[public]\ncontent-types = 'image/png'",
            2,
            "public.content-types: expected a list, found a string",
        ),
        (
            "[public]\ncontent-types = ['image/png', 'png']",
            2,
            "public.content-types: \"png\" is not a media type or range",
        ),
        (
            "[public]\ncontent-types = [\n'image/png',\n'image/gif, image/png']",
            4,
            "several are a list: [\"image/*\", \"text/plain\"]",
        ),
        (
            "[public]\ncache-control = \"a\\nb\"",
            2,
            "public.cache-control: \"a\\nb\" is not a value of Cache-Control",
        ),
        (
            "[org]\n\ncache-control = 'private'",
            3,
            "cache-control is for [public]",
        ),
        (
            "[links]\nmax-age = '7 moons'",
            2,
            "links.max-age: \"7 moons\" is not a time",
        ),
        (
            "[links]\nmax-age = 7",
            2,
            "links.max-age: expected a time such as \"7d\" or \"12h\", found a number",
        ),
        ("[links]\nmax-age = '0s'", 2, "out of range"),
        ("[links]\nmax-age = '100years'", 2, "out of range"),
        ("[links]\nmax-age = '1500ms'", 2, "out of range"),
        (
            "[cors]\norigins = ['https://a.example/']",
            2,
            "cors.origins: \"https://a.example/\" is not an origin",
        ),
        (
            "[cors]\norigins = [\n'*', # all\n'all']",
            4,
            "\"all\" is not an origin",
        ),
        ("[cors]\norigins = ['https://*.com']", 2, "not an origin"),
        (
            "[cors]\norigins = '*'",
            2,
            "cors.origins: expected a list, found a string",
        ),
        (
            "[iam]\naudience = 'x'",
            1,
            "[iam]: the key `issuer` is missing",
        ),
        ("[iam]\nissuer = ''", 2, "iam.issuer: it must not be empty"),
        (
            "[iam]\nissuer = 2026-11-26",
            2,
            "iam.issuer: expected a string, found a date or time",
        ),
        (
            &format!("{iam}user-claim = 'sub'"),
            3,
            "iam.user-claim: \"sub\" is not a JSON Pointer to a claim, expected one such as \"/sub\"",
        ),
        (
            &format!("{iam}roles-claim = 'https://e.example/roles'"),
            3,
            "expected one such as \"/https:~1~1e.example~1roles\"",
        ),
        (&format!("{iam}org-claim = ''"), 3, "not a JSON Pointer"),
        (
            &format!("{iam}roles-claim = '/a~2b'"),
            3,
            "not a JSON Pointer",
        ),
        (&format!("{iam}roles-claim = '/a~'"), 3, "~ is written ~0"),
        (
            &format!("{iam}org-claim = '/o'\naudience-prefix = 'p'"),
            4,
            "exclude each other",
        ),
        (
            &format!("{iam}jwks = '{{}}'\nhs256-secret = 'A'"),
            1,
            "exclude each other",
        ),
        (
            &format!("{iam}[iam.jwks]\nkeys = []"),
            3,
            "iam.jwks: expected a JWK Set as text: '''{\"keys\":[…]}''', found a table",
        ),
        (
            &format!("{iam}hs256-secret = 'the secret'"),
            3,
            "iam.hs256-secret: expected the name of a secret",
        ),
        ("[iam]\nissuer = 'i'", 2, "iam.issuer: no keys can be found"),
        ("[iam]\nissuer = 'ftp://i'", 2, "no keys can be found"),
        (
            "[iam]\naudience = 'a'\nissuer = 'https://i?a'",
            3,
            "no keys can be found",
        ),
        (
            &format!("{iam}jwks-url = 'ftp://x/y'"),
            3,
            "iam.jwks-url: \"ftp://x/y\" is not an http or https URL",
        ),
        (
            "[public]\nread = 'anyone'\nread = 'nobody'",
            3,
            "duplicate key `read`",
        ),
        ("[public]\n[user]\n[public]", 3, "duplicate key `public`"),
        ("[public]\nread = ", 2, "not TOML"),
        ("[public]\nread = anyone", 2, "not TOML"),
        ("[public]\nread = 'anyone", 2, "not TOML"),
        ("[public\nread = 'anyone'", 1, "not TOML"),
        ("public:\n  read: anyone", 1, "not TOML"),
        ("{\"public\": {}}", 1, "not TOML"),
        (
            "public-only = 'yes'",
            1,
            "public-only: expected true or false, found a string",
        ),
        (
            "\npublic-only = true\n[iam]\nissuer = 'https://i'",
            2,
            "exclude each other",
        ),
    ] {
        let message = error(text);
        assert!(
            message.starts_with(&format!("line {line}: ")),
            "{text}\n{message}"
        );
        assert!(message.contains(words), "{text}\n{message}");
        assert!(!message.contains('\n'), "{message}");
        for unhelpful in ["invalid type", "sequence", "struct", "field", "visitor"] {
            assert!(!message.contains(unhelpful), "{text}\n{message}");
        }
    }
    assert!(!error(&format!("{iam}hs256-secret = 'hunter2'")).contains("hunter2"));
}

#[test]
fn an_empty_document_is_no_policy() {
    for text in [
        "",
        "\n",
        " \t\r\n",
        "# [public]\n# read = 'nobody'\n",
        "\u{feff}",
    ] {
        let message = error(text);
        assert!(message.contains("it is empty"), "{text:?}: {message}");
        assert!(
            message.contains("public-only = true"),
            "{text:?}: {message}"
        );
    }
}

#[test]
fn a_document_that_ends_in_the_middle_of_something_is_an_error() {
    let mut cut = 0;
    for (end, _) in EXAMPLE.char_indices() {
        let beginning = &EXAMPLE[..end];
        let last = beginning.trim_end().lines().last().unwrap_or_default();
        // Such a line is whole: a header, or a value that has its closing sign.
        if last.is_empty() || last.ends_with([']', '"']) && !last.ends_with("= \"") {
            continue;
        }
        assert!(Policy::parse(beginning).is_err(), "{beginning}");
        cut += 1;
    }
    assert!(cut > 500, "{cut}");
}

/// What is open to requests without a token: to all, and by the document's own words.
fn openings(text: &str) -> (Vec<String>, Vec<String>) {
    let openings = parse(text).openings();
    let stated = openings.iter().filter(|opening| opening.stated);
    let stated = stated.map(|opening| opening.statement.clone()).collect();
    let what = openings.into_iter().map(|opening| opening.what);
    (what.collect(), stated)
}

#[test]
fn a_policy_tells_what_it_opens_to_requests_without_a_token_and_whether_it_says_so() {
    let trusted = "[iam]\nissuer = 'https://i'\n";
    let anyone = |operation: &str| format!("anyone may {operation} public files");
    let says = |operation: &str| format!("{operation} = \"anyone\" in [public]");
    assert_eq!(
        openings(trusted),
        (vec![anyone("read"), anyone("create")], vec![])
    );
    let rules = "[public]\nread = 'signed-in'\ncreate = 'anyone'\ndelete = ['role:a', 'anyone']\n\
                 [user]\nread = 'anyone'\n[org]\nlist = 'anyone'";
    assert_eq!(
        openings(&format!("{trusted}{rules}")),
        (
            vec![anyone("create"), anyone("delete")],
            vec![says("create"), says("delete")]
        )
    );
    let without = "tokens are not looked at, since there is no [iam]".to_owned();
    assert_eq!(
        openings("[public]\nlist = 'signed-in'\nreplace = 'nobody'\ndelete = 'anyone'"),
        (
            vec![
                without.clone(),
                anyone("read"),
                anyone("create"),
                anyone("delete")
            ],
            vec![says("delete")]
        )
    );
    let (what, stated) = openings("public-only = true");
    assert_eq!((&what[0], what.len()), (&without, 6));
    assert_eq!(
        (stated[0].as_str(), stated.len()),
        ("public-only = true", 6)
    );
    // It only says what holds anyway.
    let (_, stated) = openings("public-only = false\n[public]");
    assert!(stated.is_empty());
}

#[test]
fn development_mode_adds_its_own_iam_and_only_where_there_is_none() {
    let policy = parse("[public]\nread = 'role:a'")
        .with_development_iam("{}")
        .expect("a policy");
    let iam = policy.iam().expect("an IAM API");
    assert_eq!(
        (iam.issuer(), iam.audience()),
        (development::ISSUER, Some(development::AUDIENCE))
    );
    assert_eq!(policy.rule(Area::Public, Operation::List), [Word::SignedIn]);
    assert!(policy.notices("[public]\nread = 'role:a'")[0].contains("DEVELOPMENT MODE"));
    for text in [EXAMPLE, "public-only = true"] {
        assert!(parse(text).with_development_iam("{}").is_err(), "{text}");
    }
}

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

#[test]
fn shared_caches_keep_only_what_anyone_may_read() {
    for (lines, expected) in [
        ("", "public, max-age=3600"),
        ("read = \"nobody\"", "private, no-cache"),
        ("read = [\"uploader\", \"role:a\"]", "private, no-cache"),
        ("read = [\"uploader\", \"anyone\"]", "public, max-age=3600"),
        (
            "read = \"nobody\"\ncache-control = \"max-age=1\"",
            "max-age=1",
        ),
    ] {
        let policy = Policy::parse(&format!("[public]\n{lines}")).expect("a policy");
        assert_eq!(policy.cache_control(), expected, "{lines}");
    }
}

#[test]
fn a_role_has_no_space_around_it() {
    for role in ["role:", "role: a", "role:a "] {
        let parsed = Policy::parse(&format!("[public]\nread = \"{role}\""));
        assert!(parsed.is_err(), "{role:?}");
    }
}

#[test]
fn a_policy_that_is_remembered_is_the_one_that_was_read() {
    let with_keys = |keys: &str| format!("[iam]\nissuer = \"https://i.example:8443/a\"\n{keys}\n");
    for document in [
        "public-only = true".to_owned(),
        EXAMPLE.to_owned(),
        with_keys("jwks-url = \"http://i.example/keys?a=b\""),
        with_keys("jwks = \"{}\"\naudience-prefix = \"urn:logto:organization:\""),
        with_keys("hs256-secret = \"NAME\""),
    ] {
        let read = parse(&document);
        let bytes = borsh::to_vec(&read).expect("bytes");
        let remembered: Policy = borsh::from_slice(&bytes).expect("a policy");
        assert_eq!(format!("{remembered:?}"), format!("{read:?}"));
    }
}
