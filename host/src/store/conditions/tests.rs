//! Conditions as tables: headers given, version there, what comes of it.

use std::time::Duration;

use super::*;
use crate::store::Key;

fn at(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

/// Version "v" of second 100 and a half.
fn version() -> Info {
    Info {
        key: Key::new("k").expect("a key"),
        size: 3,
        etag: "\"v\"".into(),
        modified: at(100_500),
        content_type: "text/plain".into(),
        uploader: Some("alice".into()),
    }
}

fn these(tags: &[&str]) -> Option<Etags> {
    Some(Etags::These(
        tags.iter().map(|t| format!("\"{t}\"")).collect(),
    ))
}

/// In the order of 13.2.2: If-Match, If-Unmodified-Since, If-None-Match,
/// If-Modified-Since.
fn given(
    if_match: Option<Etags>,
    if_unmodified_since: Option<u64>,
    if_none_match: Option<Etags>,
    if_modified_since: Option<u64>,
) -> Conditions {
    Conditions {
        if_match,
        if_unmodified_since: if_unmodified_since.map(at),
        if_none_match,
        if_modified_since: if_modified_since.map(at),
    }
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Proceed,
    NotModified,
    Failed,
}

fn outcome(result: Result<(), Error>) -> Outcome {
    match result {
        Ok(()) => Outcome::Proceed,
        Err(Error::NotModified(info)) if *info == version() => Outcome::NotModified,
        Err(Error::PreconditionFailed) => Outcome::Failed,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn conditions_are_evaluated_in_the_order_of_the_rfc() {
    use Outcome::{Failed, NotModified, Proceed};
    let any = || Some(Etags::Any);
    // conditions, when reading the version, when writing over it, where there is none
    let table = [
        (Conditions::default(), Proceed, Proceed, Proceed),
        (given(any(), None, None, None), Proceed, Proceed, Failed),
        (
            given(these(&["v"]), None, None, None),
            Proceed,
            Proceed,
            Failed,
        ),
        (
            given(these(&["x", "v"]), None, None, None),
            Proceed,
            Proceed,
            Failed,
        ),
        (
            given(these(&["x"]), None, None, None),
            Failed,
            Failed,
            Failed,
        ),
        (
            given(these(&["V"]), None, None, None),
            Failed,
            Failed,
            Failed,
        ),
        (given(these(&[]), None, None, None), Failed, Failed, Failed),
        (
            given(None, Some(100_000), None, None),
            Proceed,
            Proceed,
            Proceed,
        ),
        (
            given(None, Some(101_000), None, None),
            Proceed,
            Proceed,
            Proceed,
        ),
        (
            given(None, Some(99_999), None, None),
            Failed,
            Failed,
            Proceed,
        ),
        (
            given(these(&["v"]), Some(0), None, None),
            Proceed,
            Proceed,
            Failed,
        ),
        (
            given(these(&["x"]), Some(101_000), None, None),
            Failed,
            Failed,
            Failed,
        ),
        (given(None, None, any(), None), NotModified, Failed, Proceed),
        (
            given(None, None, these(&["v"]), None),
            NotModified,
            Failed,
            Proceed,
        ),
        (
            given(None, None, these(&["x"]), None),
            Proceed,
            Proceed,
            Proceed,
        ),
        (
            given(None, None, these(&[]), None),
            Proceed,
            Proceed,
            Proceed,
        ),
        (
            given(None, None, None, Some(100_000)),
            NotModified,
            Proceed,
            Proceed,
        ),
        (
            given(None, None, None, Some(101_000)),
            NotModified,
            Proceed,
            Proceed,
        ),
        (
            given(None, None, None, Some(99_999)),
            Proceed,
            Proceed,
            Proceed,
        ),
        (
            given(None, None, these(&["x"]), Some(101_000)),
            Proceed,
            Proceed,
            Proceed,
        ),
        (
            given(None, None, these(&["v"]), Some(0)),
            NotModified,
            Failed,
            Proceed,
        ),
        (
            given(these(&["v"]), None, these(&["v"]), None),
            NotModified,
            Failed,
            Failed,
        ),
        (
            given(these(&["x"]), None, these(&["v"]), None),
            Failed,
            Failed,
            Failed,
        ),
        (
            given(None, Some(0), None, Some(101_000)),
            Failed,
            Failed,
            Proceed,
        ),
    ];
    for (conditions, read, write, create) in table {
        let info = version();
        assert_eq!(
            outcome(conditions.check_read(&info)),
            read,
            "{conditions:?}"
        );
        assert_eq!(
            outcome(conditions.check_write(Some(&info))),
            write,
            "{conditions:?}"
        );
        assert_eq!(
            outcome(conditions.check_write(None)),
            create,
            "{conditions:?}"
        );
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
    for (span_only_if, expected) in table {
        let options = OpenOptions {
            span: Span::From(1),
            span_only_if,
            conditions: Conditions::default(),
        };
        assert_eq!(options.span_for(&version()), expected, "{options:?}");
    }
}
