//! What a policy states, and its defaults.

use super::*;

#[test]
fn every_key_of_a_policy_has_its_effect() {
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
    assert_eq!(
        policy.loosest_limits(Area::Public, "a").max_file_size(),
        20_000_000
    );
    assert_eq!(
        policy.loosest_limits(Area::User, "a").max_file_size(),
        3 << 29
    );
    assert!(policy.loosest_limits(Area::Public, "a").takes("image/png"));
    assert!(!policy.loosest_limits(Area::Public, "a").takes("text/html"));
    assert_eq!(policy.cache_control("a"), "public, max-age=60");
    assert_eq!(policy.link_max_age(), Duration::from_secs(36 * 3600));
    let uploads = policy.uploads();
    assert_eq!((uploads.max_age, uploads.most), (6 * 3600, 7));
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
            assert_eq!(policy.loosest_limits(area, "a").max_file_size(), 5 << 30);
            assert!(policy.loosest_limits(area, "a").takes("x/y"));
        }
        assert_eq!(policy.cache_control("a"), "public, no-cache");
        assert_eq!(policy.link_max_age(), Duration::from_secs(7 * 86_400));
        let uploads = policy.uploads();
        assert_eq!((uploads.max_age, uploads.most), (86_400, 100));
        assert!(policy.origins().listed().is_empty());
    }
}

#[test]
fn the_policy_that_is_built_in_is_public_only_and_says_so() {
    let policy = parse(include_str!("../../../policy.toml"));
    assert!(policy.iam().is_none());
    let notices = policy.notices(include_str!("../../../policy.toml"), 0);
    assert_eq!(notices.len(), 1);
    assert!(
        notices[0]
            .contains("ANYONE who can reach this service may read, list, create, replace, delete")
    );
}

#[test]
fn shared_caches_store_only_what_anyone_may_read() {
    const PRIVATE: &str = "private, no-cache";
    const VERSION: &str = "public, max-age=31536000, immutable";
    for (lines, expected, of_version) in [
        ("", "public, no-cache", VERSION),
        ("read = 'nobody'", PRIVATE, PRIVATE),
        ("read = ['uploader', 'role:a']", PRIVATE, PRIVATE),
        ("read = ['uploader', 'anyone']", "public, no-cache", VERSION),
        ("cache-control = 'max-age=1'", "max-age=1", VERSION),
        ("cache-control = 'No-Store'", "No-Store", "No-Store"),
        ("cache-control = 'Private'", "Private", "Private"),
        (
            "read = 'nobody'\ncache-control = 'max-age=1'",
            "max-age=1",
            "max-age=1",
        ),
    ] {
        let policy = Policy::parse(&format!("[public]\n{lines}")).expect("a policy");
        assert_eq!(policy.cache_control("a"), expected, "{lines}");
        assert_eq!(policy.version_cache_control("a"), of_version, "{lines}");
    }
}

#[test]
fn no_shared_cache_stores_what_more_than_the_policy_decides_about() {
    const PRIVATE: &str = "private, no-cache";
    for (lines, expected) in [
        ("", PRIVATE),
        ("read = 'nobody'", PRIVATE),
        ("cache-control = 'public, max-age=60'", PRIVATE),
        ("cache-control = 'max-age=1'", PRIVATE),
        ("cache-control = 'private=\"x\", max-age=1'", PRIVATE),
        (
            "cache-control = 'max-age=1, ext=\"a, private, b\"'",
            PRIVATE,
        ),
        (
            "cache-control = 'ext=\"\\\\\", private'",
            "ext=\"\\\\\", private",
        ),
        ("cache-control = 'Private, max-age=1'", "Private, max-age=1"),
        ("cache-control = 'max-age=0,No-Store'", "max-age=0,No-Store"),
    ] {
        let policy = Policy::parse(&format!("[public]\n{lines}")).expect("a policy");
        assert_eq!(policy.unshared_cache_control("a"), expected, "{lines}");
    }
}

#[test]
fn a_time_may_be_quoted_and_has_an_offset() {
    for (written, expected) in [
        ("\"2026-11-01T00:00:00Z\"", 1_793_491_200),
        ("2026-11-01T00:00:00Z", 1_793_491_200),
        ("2026-11-01 00:00:00z", 1_793_491_200),
        ("2026-11-01T02:00:00+02:00", 1_793_491_200),
        ("'2026-10-31T18:30:00-05:30'", 1_793_491_200),
        ("2026-11-01T00:00:00.001Z", 1_793_491_201),
        ("1970-01-01T00:00:00Z", 0),
    ] {
        let policy = parse(&format!("[links]\nnot-before = {written}"));
        assert_eq!(policy.links_not_before(), Some(expected), "{written}");
    }
    assert_eq!(parse("[links]").links_not_before(), None);
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
    assert!(policy.notices("[public]\nread = 'role:a'", 0)[0].contains("DEVELOPMENT MODE"));
    for text in [EXAMPLE, "public-only = true"] {
        assert!(parse(text).with_development_iam("{}").is_err(), "{text}");
    }
}

#[test]
fn a_remembered_policy_equals_the_parsed_one() {
    let with_keys = |keys: &str| format!("[iam]\nissuer = \"https://i.example:8443/a\"\n{keys}\n");
    for document in [
        "public-only = true".to_owned(),
        EXAMPLE.to_owned(),
        with_keys("jwks-url = \"http://i.example/keys?a=b\""),
        with_keys("jwks = \"{}\"\naudience-prefix = \"urn:logto:organization:\""),
        with_keys("hs256-secret = \"NAME\""),
    ] {
        let read = parse(&document);
        let bytes = read.to_bytes();
        let remembered = Policy::from_bytes(bytes).expect("a policy");
        assert_eq!(format!("{remembered:?}"), format!("{read:?}"));
    }
}
