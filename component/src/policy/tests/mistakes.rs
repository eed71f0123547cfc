//! Invalid policies and their error messages.

use super::*;

#[test]
fn a_mistake_is_reported_in_one_line_with_its_line_number() {
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
            "write several as a list: [\"uploader\", \"role:admin\"]",
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
            "write several as a list: [\"image/*\", \"text/plain\"]",
        ),
        (
            "[public]\ncache-control = \"a\\nb\"",
            2,
            "public.cache-control: \"a\\nb\" is not a value of Cache-Control",
        ),
        (
            "[org]\n\ncache-control = 'private'",
            3,
            "cache-control is only valid in [public]",
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
        ("[uploads]\nmax-age = '0s'", 2, "out of range"),
        (
            "[uploads]\nmax-unfinished = 0",
            2,
            "uploads.max-unfinished: 0 is out of range, expected 1 to 1000000",
        ),
        (
            "[uploads]\nmax-unfinished = '7'",
            2,
            "uploads.max-unfinished: expected a number from 1 to 1000000, found a string",
        ),
        ("[uploads]\nmax-size = '1 GiB'", 2, "max-size"),
        ("[links]\nmax-age = '100years'", 2, "out of range"),
        ("[links]\nmax-age = '1500ms'", 2, "out of range"),
        (
            "[links]\nnot-before = 'yesterday'",
            2,
            "links.not-before: \"yesterday\" is not a time with its offset from UTC, expected one \
             such as \"2026-11-01T00:00:00Z\"",
        ),
        (
            "[links]\nnot-before = 2026-11-01T00:00:00",
            2,
            "links.not-before: \"2026-11-01T00:00:00\" is not a time with its offset",
        ),
        (
            "[links]\nnot-before = '2026-11-01'",
            2,
            "\"2026-11-01\" is not a time with its offset",
        ),
        (
            "[links]\nnot-before = '1969-12-31T23:59:59Z'",
            2,
            "is not a time with its offset",
        ),
        (
            "[links]\nnot-before = 1793491200",
            2,
            "links.not-before: expected a time such as \"2026-11-01T00:00:00Z\", found a number",
        ),
        (
            "[links.not-before]\na = 1",
            1,
            "expected a time such as \"2026-11-01T00:00:00Z\"",
        ),
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
            "are mutually exclusive",
        ),
        (
            &format!("{iam}jwks = '{{}}'\nhs256-secret = 'A'"),
            1,
            "are mutually exclusive",
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
        (
            "[iam]\nissuer = 'i'",
            2,
            "iam.issuer: keys can only be discovered at",
        ),
        (
            "[iam]\nissuer = 'ftp://i'",
            2,
            "keys can only be discovered at",
        ),
        (
            "[iam]\naudience = 'a'\nissuer = 'https://i?a'",
            3,
            "keys can only be discovered at",
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
            "are mutually exclusive",
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
fn a_role_has_no_space_around_it() {
    for role in ["role:", "role: a", "role:a "] {
        let parsed = Policy::parse(&format!("[public]\nread = \"{role}\""));
        assert!(parsed.is_err(), "{role:?}");
    }
}

#[test]
fn an_empty_document_is_not_a_policy() {
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
        // Such a line is complete: a header, or a value with its closing delimiter.
        if last.is_empty() || last.ends_with([']', '"']) && !last.ends_with("= \"") {
            continue;
        }
        // A number has none; cut off, it only allows less.
        if last.starts_with("max-unfinished = ") && Policy::parse(beginning).is_ok() {
            continue;
        }
        assert!(Policy::parse(beginning).is_err(), "{beginning}");
        cut += 1;
    }
    assert!(cut > 500, "{cut}");
}
