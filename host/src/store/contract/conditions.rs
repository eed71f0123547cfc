//! Conditions: decided for exactly the version that is read or changed.

use std::time::{Duration, SystemTime};

use super::super::{Etags, Info, Validator};
use super::*;

pub(crate) async fn conditions_hold_for_every_operation(store: Store) {
    let Info { etag, modified, .. } = put(&store, "f", b"1").await.info;
    let (hour, tags) = (Duration::from_secs(3600), |t: &str| {
        Some(Etags::List(vec![t.into()]))
    });
    let none = Conditions::default;
    let unmodified = |time: SystemTime| Conditions {
        if_unmodified_since: Some(time),
        ..none()
    };
    let modified_since = |time: SystemTime| Conditions {
        if_modified_since: Some(time),
        ..none()
    };
    // Conditions; the outcome of reading; the outcome of storing and removing, if the file
    // exists and if it does not.
    let table = [
        (none(), "done", "done", "done"),
        (
            Conditions {
                if_match: Some(Etags::Any),
                ..none()
            },
            "done",
            "done",
            FAILED,
        ),
        (
            Conditions {
                if_match: tags(&etag),
                ..none()
            },
            "done",
            "done",
            FAILED,
        ),
        (
            Conditions {
                if_match: tags("\"x\""),
                ..none()
            },
            FAILED,
            FAILED,
            FAILED,
        ),
        (
            Conditions {
                if_none_match: Some(Etags::Any),
                ..none()
            },
            "NotModified",
            FAILED,
            "done",
        ),
        (
            Conditions {
                if_none_match: tags(&etag),
                ..none()
            },
            "NotModified",
            FAILED,
            "done",
        ),
        (
            Conditions {
                if_none_match: tags("\"x\""),
                ..none()
            },
            "done",
            "done",
            "done",
        ),
        (unmodified(modified), "done", "done", "done"),
        (unmodified(modified - hour), FAILED, FAILED, "done"),
        (modified_since(modified), "NotModified", "done", "done"),
        (modified_since(modified - hour), "done", "done", "done"),
    ];
    for (conditions, reading, writing, creating) in table {
        let case = format!("{conditions:?}");
        let options = || OpenOptions {
            span: Span::All,
            if_range: None,
            may_read: Guard::Any,
            conditions: conditions.clone(),
        };
        assert_eq!(
            verdict(store.open(&key("f"), options()).await),
            reading,
            "{case}"
        );
        assert_eq!(
            verdict(store.stat(&key("f"), &Guard::Any, &conditions).await),
            reading,
            "{case}"
        );
        if let Err(Error::NotModified(info)) = store.stat(&key("f"), &Guard::Any, &conditions).await
        {
            assert_eq!(info.etag, etag);
        }
        if writing == FAILED {
            let storing = CreateOptions {
                conditions: conditions.clone(),
                ..freely()
            };
            assert_eq!(
                verdict(put_with(&store, "f", storing, b"2").await),
                FAILED,
                "{case}"
            );
            let removing = store.remove(&key("f"), &Guard::Any, &conditions).await;
            assert_eq!(verdict(removing), FAILED, "{case}");
        } else {
            // On a copy, which has its own tag and time.
            let copy = put(&store, "copy", b"1").await.info;
            let own = own(&conditions, &etag, &copy);
            let storing = CreateOptions {
                conditions: own.clone(),
                ..freely()
            };
            let stored = put_with(&store, "copy", storing, b"2").await;
            let own = match &stored {
                Ok(stored) => self::own(&own, &copy.etag, &stored.info),
                Err(_) => own,
            };
            assert_eq!(verdict(stored), "done", "{case}");
            let removing = store.remove(&key("copy"), &Guard::Any, &own).await;
            assert_eq!(verdict(removing), "done", "{case}");
        }
        assert_eq!(
            verdict(store.open(&key("none"), options()).await),
            "NotFound",
            "{case}"
        );
        assert_eq!(
            verdict(store.stat(&key("none"), &Guard::Any, &conditions).await),
            "NotFound",
            "{case}"
        );
        let removing = store.remove(&key("none"), &Guard::Any, &conditions).await;
        assert_eq!(verdict(removing), "NotFound", "{case}");
        let storing = CreateOptions {
            conditions: conditions.clone(),
            ..freely()
        };
        assert_eq!(
            verdict(put_with(&store, "none", storing, b"2").await),
            creating,
            "{case}"
        );
        let _ = remove(&store, "none").await;
    }
    assert_eq!(read(&store, "f").await.as_deref(), Some(&b"1"[..]));
}

/// The same conditions, applied to another version.
fn own(conditions: &Conditions, etag: &str, other: &Info) -> Conditions {
    let mut own = conditions.clone();
    if let Some(Etags::List(tags)) = &mut own.if_match
        && tags[0] == etag
    {
        tags[0].clone_from(&other.etag);
    }
    own.if_unmodified_since = own.if_unmodified_since.map(|_| other.modified);
    own
}

pub(crate) async fn conditions_come_before_the_span_and_after_the_guard(store: Store) {
    put(&store, "f", b"0123456789").await;
    let info = store
        .stat(&key("f"), &Guard::Any, &Conditions::default())
        .await;
    let info = info.expect("a file");
    let mut options = OpenOptions {
        span: Span::From(10),
        if_range: None,
        may_read: Guard::Any,
        conditions: Conditions {
            if_none_match: Some(Etags::Any),
            ..Conditions::default()
        },
    };
    assert_eq!(
        verdict(store.open(&key("f"), options.clone()).await),
        "NotModified"
    );
    let unmatched = Conditions {
        if_match: Some(Etags::List(vec![])),
        ..Conditions::default()
    };
    options.conditions = unmatched.clone();
    assert_eq!(
        verdict(store.open(&key("f"), options.clone()).await),
        FAILED
    );
    let protected = store.remove(&key("f"), &Guard::None, &unmatched).await;
    assert_eq!(verdict(protected), "Protected");
    let hour = Duration::from_secs(3600);
    for (validator, holds) in [
        (Validator::Etag(info.etag.clone()), true),
        (Validator::Etag("\"x\"".into()), false),
        (Validator::Modified(info.modified), true),
        (Validator::Modified(info.modified - hour), false),
        (Validator::Modified(info.modified + hour), false),
    ] {
        let options = OpenOptions {
            span: Span::From(4),
            if_range: Some(validator.clone()),
            may_read: Guard::Any,
            conditions: Conditions::default(),
        };
        let opened = store.open(&key("f"), options).await.expect("a file");
        assert_eq!(opened.partial, holds, "{validator:?}");
        assert_eq!(content(opened).await.len(), if holds { 6 } else { 10 });
    }
}
