use super::*;

const VERSION_FIELD: &str = "Upload-Draft-Interop-Version";

fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
        headers.append(name, value);
    }
    headers
}

fn creation(fields: &[(&str, &str)]) -> Result<Option<Creation>, Problem> {
    Creation::of_request(&headers(fields))
}

fn append(fields: &[(&str, &str)]) -> Result<Append, Problem> {
    let headers = headers(fields);
    Append::of_request(Version::of_request(&headers)?, &headers)
}

fn fields(pairs: impl IntoIterator<Item = (HeaderName, HeaderValue)>) -> Vec<String> {
    let pairs = pairs.into_iter();
    pairs
        .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
        .collect()
}

#[test]
fn versions_are_those_that_clients_send() {
    for (value, expected) in [
        ("3", Some(3)),
        ("5", Some(5)),
        ("6", Some(6)),
        ("8", Some(8)),
        ("6;x=y", Some(6)),
        ("2", None),
        ("9", None),
        ("-3", None),
        ("3.0", None),
        ("x", None),
        ("", None),
    ] {
        let read = Version::of_request(&headers(&[(VERSION_FIELD, value)]));
        assert_eq!(read.ok(), expected.map(Version), "{value}");
    }
    assert_eq!(Version::of_request(&HeaderMap::new()), Ok(Version(8)));
    let twice = headers(&[(VERSION_FIELD, "3"), (VERSION_FIELD, "3")]);
    assert!(Version::of_request(&twice).is_err());
}

#[test]
fn a_creation_says_whether_the_body_is_the_whole_file() {
    for (given, expected) in [
        (&[("upload-complete", "?0")][..], (8, false, None)),
        (&[("upload-complete", "?1")], (8, true, None)),
        (
            &[
                ("upload-complete", "?0"),
                ("upload-length", "100"),
                (VERSION_FIELD, "6"),
            ],
            (6, false, Some(100)),
        ),
        (
            &[("upload-complete", "?0"), (VERSION_FIELD, "5")],
            (5, false, None),
        ),
        (
            &[("upload-incomplete", "?1"), (VERSION_FIELD, "3")],
            (3, false, None),
        ),
        (
            &[("upload-incomplete", "?0"), (VERSION_FIELD, "3")],
            (3, true, None),
        ),
    ] {
        let (version, complete, length) = expected;
        let expected = Creation {
            version: Version(version),
            complete,
            length,
        };
        assert_eq!(creation(given), Ok(Some(expected)), "{given:?}");
    }
    assert_eq!(creation(&[]), Ok(None));
    assert_eq!(creation(&[(VERSION_FIELD, "6")]), Ok(None));
}

#[test]
fn a_part_never_passes_for_the_whole() {
    for given in [
        &[("upload-complete", "0")][..],
        &[("upload-complete", "?2")],
        &[("upload-complete", "")],
        &[("upload-complete", "true")],
        &[("upload-complete", "?0, ?1")],
        &[("upload-complete", "?0"), ("upload-complete", "?1")],
        // The state of other versions.
        &[("upload-incomplete", "?1")],
        &[("upload-complete", "?0"), (VERSION_FIELD, "3")],
        &[("upload-complete", "?0"), (VERSION_FIELD, "2")],
        &[("upload-complete", "?0"), ("upload-length", "-1")],
        &[("upload-complete", "?0"), ("upload-length", "x")],
        &[
            ("upload-complete", "?0"),
            ("upload-length", "9999999999999999"),
        ],
    ] {
        assert!(
            matches!(creation(given), Err(Problem::InvalidRequest(_))),
            "{given:?}"
        );
    }
    let inconsistent = [
        ("upload-complete", "?1"),
        ("upload-length", "2"),
        ("content-length", "1"),
    ];
    assert_eq!(creation(&inconsistent), Err(Problem::InconsistentLength));
}

#[test]
fn an_append_has_an_offset_and_a_state() {
    const PARTIAL: (&str, &str) = ("content-type", MEDIA_TYPE);
    const AT: (&str, &str) = ("upload-offset", "7");
    for (given, complete) in [
        (&[PARTIAL, AT, ("upload-complete", "?1")][..], true),
        (&[PARTIAL, AT, ("upload-complete", "?0")], false),
        (
            &[AT, ("upload-complete", "?0"), (VERSION_FIELD, "5")],
            false,
        ),
        (
            &[AT, ("upload-incomplete", "?1"), (VERSION_FIELD, "3")],
            false,
        ),
        (&[AT, (VERSION_FIELD, "3")], true),
    ] {
        let read = append(given).expect("an append");
        assert_eq!((read.offset, read.complete), (7, complete), "{given:?}");
    }
    for (given, status) in [
        (&[AT, ("upload-complete", "?1")][..], 415),
        (
            &[
                AT,
                ("upload-complete", "?1"),
                ("content-type", "application/offset+octet-stream"),
            ],
            415,
        ),
        (&[PARTIAL, AT], 400),
        (&[PARTIAL, ("upload-complete", "?1")], 400),
        (
            &[PARTIAL, ("upload-complete", "?1"), ("upload-offset", "-1")],
            400,
        ),
        (
            &[PARTIAL, ("upload-complete", "?1"), ("upload-offset", "1.5")],
            400,
        ),
        (&[PARTIAL, AT, AT, ("upload-complete", "?1")], 400),
        (
            &[
                PARTIAL,
                AT,
                ("upload-complete", "?0"),
                (
                    "repr-digest",
                    "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
                ),
            ],
            400,
        ),
    ] {
        let problem = append(given).expect_err("a problem");
        assert_eq!(problem.status(), status, "{given:?}");
    }
}

#[test]
fn answers_are_in_the_version_of_the_request() {
    for (version, state, limit) in [
        (3, "upload-incomplete: ?1", "max-size=10"),
        (5, "upload-complete: ?0", "max-size=10"),
        (6, "upload-complete: ?0", "max-size=10"),
        (8, "upload-complete: ?0", "max-size=10, max-age=60"),
    ] {
        let version = Version(version);
        let progress = fields(version.progress(Some(7), false));
        assert_eq!(progress, ["upload-offset: 7", state]);
        let limit = format!("upload-limit: {limit}");
        assert_eq!(fields(version.limit(Some(10), 60)), [limit]);
    }
    assert_eq!(
        fields(Version(3).progress(None, true)),
        ["upload-incomplete: ?0"]
    );
    assert_eq!(
        fields(Version(8).limit(Some(u64::MAX), u64::MAX)),
        ["upload-limit: max-size=999999999999999, max-age=999999999999999"]
    );
    assert_eq!(
        fields(Version(8).limit(None, 60)),
        ["upload-limit: max-age=60"]
    );
}

#[test]
fn old_versions_refuse_the_state_in_a_question() {
    let asked = headers(&[("upload-offset", "1")]);
    for (version, is_refused) in [(3, true), (5, true), (6, false), (8, false)] {
        let refused = Version(version).check_stateless(&asked).is_err();
        assert_eq!(refused, is_refused, "{version}");
    }
}

#[test]
fn only_a_whole_file_is_answered_as_complete() {
    for (given, expected) in [
        (&[("upload-complete", "?1")][..], true),
        (&[("upload-complete", "?0")], false),
        (&[("upload-complete", "x")], false),
        (&[], false),
    ] {
        let fields = of_whole_file(&headers(given));
        assert_eq!(fields.is_some(), expected, "{given:?}");
    }
}
