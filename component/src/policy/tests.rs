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
    assert!(policy.origins().admit("http://localhost:3000"));
    assert!(!policy.origins().admit("http://localhost:3001"));
    assert!(!policy.origins().any());
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
        assert!(!policy.origins().admit("https://app.example.com"));
    }
}

#[test]
fn the_policy_that_is_built_in_is_public_only_and_says_so() {
    let policy = parse(include_str!("../../policy.toml"));
    assert!(policy.iam().is_none());
    assert_eq!(policy.check(&|_| None), Ok(()));
    let notices = policy.notices();
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
        ("[pubic]\n", 1, "unknown field `pubic`"),
        ("\n[public]\nreed = 'anyone'", 3, "unknown field `reed`"),
        (
            "[public]\nread = 'everyone'",
            2,
            "unknown word \"everyone\"",
        ),
        (
            "[public]\nread = [\n 'anyone',\n 'Anyone']",
            4,
            "unknown word \"Anyone\"",
        ),
        ("[public]\nread = 'role:'", 2, "unknown word \"role:\""),
        ("[public]\nread = []", 2, "a rule needs a word"),
        ("[public]\nread = 5", 2, "a rule: one word or a list"),
        ("[user]\nmax-file-size = '5 Gigs'", 2, "no size"),
        ("[user]\nmax-file-size = '-1'", 2, "no size"),
        ("[user]\nmax-file-size = '0 B'", 2, "no size"),
        (
            "[public]\ncontent-types = ['image/png', 'png']",
            2,
            "no media range",
        ),
        (
            "[public]\ncontent-types = [\n'image/png',\n'png']",
            4,
            "no media range",
        ),
        (
            "[public]\ncache-control = \"a\\nb\"",
            2,
            "no Cache-Control value",
        ),
        (
            "[org]\n\ncache-control = 'private'",
            3,
            "for the public area",
        ),
        ("[links]\nmax-age = '7 moons'", 2, "no age"),
        ("[links]\nmax-age = '0s'", 2, "out of range"),
        ("[links]\nmax-age = '100years'", 2, "out of range"),
        ("[links]\nmax-age = '1500ms'", 2, "out of range"),
        ("[cors]\norigins = ['https://a.example/']", 2, "no origin"),
        ("[cors]\norigins = [\n'*', # all\n'all']", 4, "no origin"),
        ("[cors]\norigins = '*'", 2, "expected a sequence"),
        ("[iam]\naudience = 'x'", 1, "missing field `issuer`"),
        ("[iam]\nissuer = ''", 2, "must not be empty"),
        (&format!("{iam}user-claim = 'sub'"), 3, "no JSON Pointer"),
        (&format!("{iam}org-claim = ''"), 3, "no JSON Pointer"),
        (&format!("{iam}roles-claim = '/a~2b'"), 3, "no JSON Pointer"),
        (&format!("{iam}roles-claim = '/a~'"), 3, "no JSON Pointer"),
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
            &format!("{iam}hs256-secret = 'the secret'"),
            3,
            "the name of a secret",
        ),
        ("[iam]\nissuer = 'i'", 2, "publishes no keys"),
        ("[iam]\nissuer = 'ftp://i'", 2, "publishes no keys"),
        (
            "[iam]\naudience = 'a'\nissuer = 'https://i?a'",
            3,
            "publishes no keys",
        ),
        (
            &format!("{iam}jwks-url = 'ftp://x/y'"),
            3,
            "no http or https URL",
        ),
        (
            "[public]\nread = 'anyone'\nread = 'nobody'",
            3,
            "duplicate key",
        ),
        ("[public]\nread = ", 2, ""),
        ("public-only = 'yes'", 1, "expected a boolean"),
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
fn keys_are_checked_at_start() {
    let secret: &[u8] = &[b's'; 32];
    let none: &Secrets<'_> = &|_| None;
    for (keys, secrets, words) in [
        ("jwks = 'x'", none, "line 4: jwks: this is not a JWK Set"),
        (
            "jwks = '{\"keys\":[]}'",
            none,
            "line 4: jwks: there is no usable key",
        ),
        (
            "hs256-secret = 'A_1'",
            none,
            "line 4: hs256-secret: COFFER_SECRET_A_1 is not set",
        ),
        (
            "hs256-secret = 'A'",
            &|_| Some(&secret[1..]),
            "shorter than 32 bytes",
        ),
    ] {
        let policy = parse(&format!("\n[iam]\nissuer = 'https://i'\n{keys}"));
        let message = policy.check(secrets).expect_err(keys).to_string();
        assert!(message.contains(words), "{keys}: {message}");
    }
    let policy = parse("[iam]\nissuer = 'https://i'\nhs256-secret = 'A'");
    assert_eq!(
        policy.check(&|name| (name == "A").then_some(secret)),
        Ok(())
    );
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
    assert!(policy.notices()[0].contains("DEVELOPMENT MODE"));
    for text in [EXAMPLE, "public-only = true"] {
        assert!(parse(text).with_development_iam("{}").is_err(), "{text}");
    }
}

#[test]
fn the_operator_hears_of_what_is_probably_a_mistake() {
    let text = "[iam]\nissuer = 'https://i'\n[org]\nread = 'role:a'";
    let notices = parse(text).notices().join("\n");
    assert!(
        notices.contains("no audience") && notices.contains("no roles-claim"),
        "{notices}"
    );
    assert_eq!(parse(EXAMPLE).notices(), Vec::<String>::new());
    let strict = parse("[public]\nlist = 'nobody'\nreplace = 'nobody'\ndelete = 'signed-in'");
    assert!(strict.notices()[0].contains("may read, create files there"));
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
