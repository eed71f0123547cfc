//! Conditions as tables: headers given, version there, what comes of it.

use std::time::Duration;

use super::*;
use crate::{Key, Metadata};

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
        metadata: Metadata::default(),
    }
}

fn list(tags: &[&str]) -> Option<Etags> {
    Some(Etags::List(
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
            given(list(&["v"]), None, None, None),
            Proceed,
            Proceed,
            Failed,
        ),
        (
            given(list(&["x", "v"]), None, None, None),
            Proceed,
            Proceed,
            Failed,
        ),
        (
            given(list(&["x"]), None, None, None),
            Failed,
            Failed,
            Failed,
        ),
        (
            given(list(&["V"]), None, None, None),
            Failed,
            Failed,
            Failed,
        ),
        (given(list(&[]), None, None, None), Failed, Failed, Failed),
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
            given(list(&["v"]), Some(0), None, None),
            Proceed,
            Proceed,
            Failed,
        ),
        (
            given(list(&["x"]), Some(101_000), None, None),
            Failed,
            Failed,
            Failed,
        ),
        (given(None, None, any(), None), NotModified, Failed, Proceed),
        (
            given(None, None, list(&["v"]), None),
            NotModified,
            Failed,
            Proceed,
        ),
        (
            given(None, None, list(&["x"]), None),
            Proceed,
            Proceed,
            Proceed,
        ),
        (
            given(None, None, list(&[]), None),
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
            given(None, None, list(&["x"]), Some(101_000)),
            Proceed,
            Proceed,
            Proceed,
        ),
        (
            given(None, None, list(&["v"]), Some(0)),
            NotModified,
            Failed,
            Proceed,
        ),
        (
            given(list(&["v"]), None, list(&["v"]), None),
            NotModified,
            Failed,
            Failed,
        ),
        (
            given(list(&["x"]), None, list(&["v"]), None),
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
