use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::{Etags, Key, Metadata};

fn at(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

/// Version "v" of second 100 and a half.
fn version() -> Info {
    stored_by(Some("ann"))
}

fn stored_by(uploader: Option<&str>) -> Info {
    Info {
        key: Key::new("k").expect("a key"),
        size: 3,
        etag: "\"v\"".into(),
        modified: at(100_500),
        content_type: "text/plain".into(),
        uploader: uploader.map(str::to_owned),
        metadata: Metadata::default(),
    }
}

/// Conditions that fail for that version, or where there is none.
fn failing() -> Conditions {
    Conditions {
        if_match: Some(Etags::List(vec!["\"x\"".into()])),
        ..Conditions::default()
    }
}

fn word(result: Result<(), Error>) -> &'static str {
    match result {
        Ok(()) => "fine",
        Err(Error::NotFound) => "not found",
        Err(Error::Protected) => "protected",
        Err(Error::PreconditionFailed) => "failed",
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn guards_come_before_conditions() {
    let ann = Guard::Uploader("ann".into());
    for (guard, uploader, unconditional, conditional) in [
        (&Guard::Any, None, "fine", "failed"),
        (&Guard::Any, Some("bob"), "fine", "failed"),
        (&ann, Some("ann"), "fine", "failed"),
        (&ann, Some("bob"), "protected", "protected"),
        (&ann, None, "protected", "protected"),
        (&Guard::None, Some("ann"), "protected", "protected"),
    ] {
        let info = stored_by(uploader);
        for (conditions, expected) in [
            (Conditions::default(), unconditional),
            (failing(), conditional),
        ] {
            let what = format!("{guard:?} {uploader:?} {conditions:?}");
            let read = check_read(&info, guard, &conditions);
            assert_eq!(word(read), expected, "read {what}");
            let removed = check_remove(Some(&info), guard, &conditions);
            assert_eq!(word(removed), expected, "remove {what}");
            let options = create(false, guard.clone(), conditions);
            assert_eq!(word(options.check(Some(&info))), expected, "replace {what}");
        }
    }
}

#[test]
fn where_there_is_no_file_it_may_be_created_or_is_not_found() {
    let removed = check_remove(None, &Guard::Any, &failing());
    assert_eq!(word(removed), "not found");
    for (may_create, conditions, expected) in [
        (true, Conditions::default(), "fine"),
        (true, failing(), "failed"),
        (false, Conditions::default(), "not found"),
        (false, failing(), "not found"),
    ] {
        let options = create(may_create, Guard::Any, conditions);
        assert_eq!(word(options.check(None)), expected, "{options:?}");
    }
}

fn create(may_create: bool, may_replace: Guard, conditions: Conditions) -> CreateOptions {
    CreateOptions {
        content_type: "a/b".into(),
        uploader: None,
        metadata: Metadata::default(),
        may_create,
        may_replace,
        conditions,
        max_size: 1,
        announced: None,
        sha256: None,
    }
}

#[test]
fn a_span_counts_only_for_the_version_that_if_range_names() {
    let table = [
        (None, Span::From(1)),
        (Some(Validator::Etag("\"v\"".into())), Span::From(1)),
        (Some(Validator::Etag("\"x\"".into())), Span::All),
        (Some(Validator::Etag("W/\"v\"".into())), Span::All),
        (Some(Validator::Modified(at(100_000))), Span::From(1)),
        (Some(Validator::Modified(at(101_000))), Span::All),
        (Some(Validator::Modified(at(99_000))), Span::All),
    ];
    for (if_range, expected) in table {
        let options = OpenOptions {
            span: Span::From(1),
            if_range,
            may_read: Guard::Any,
            conditions: Conditions::default(),
        };
        assert_eq!(
            options.check(&version()).expect("open"),
            expected,
            "{options:?}"
        );
    }
}
