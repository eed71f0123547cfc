//! Guards and conditions: decided for the very version that is touched.

use std::time::{Duration, SystemTime};

use futures_util::future::join_all;

use super::super::{Etags, Info, Validator};
use super::*;

const FAILED: &str = "PreconditionFailed";

fn verdict<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => "done".into(),
        Err(Error::NotModified(_)) => "NotModified".into(),
        Err(error) => format!("{error:?}"),
    }
}

pub(crate) async fn guards_say_who_may_store_and_remove(store: Store) {
    let alices = || Guard::Uploader("alice".into());
    // Who stored the file that is there, if any; may a new one come to be; whose
    // may be replaced or removed; what storing says; what removing says.
    let some = |name: &str| Some(Some(name.to_owned()));
    let table = [
        (None, true, Guard::None, "done", "NotFound"),
        (None, false, Guard::Any, "NotFound", "NotFound"),
        (None, false, Guard::None, "NotFound", "NotFound"),
        (some("alice"), true, Guard::None, "Protected", "Protected"),
        (some("alice"), false, alices(), "done", "done"),
        (some("alice"), true, alices(), "done", "done"),
        (some("Alice"), true, alices(), "Protected", "Protected"),
        (some("bob"), true, alices(), "Protected", "Protected"),
        (some("bob"), false, Guard::Any, "done", "done"),
        (Some(None), true, alices(), "Protected", "Protected"),
        (Some(None), true, Guard::None, "Protected", "Protected"),
        (Some(None), false, Guard::Any, "done", "done"),
    ];
    for (there, may_create, whose, storing, removing) in table {
        let case = format!("{there:?} {may_create} {whose:?}");
        let before = prepare(&store, there.clone()).await;
        let options = CreateOptions {
            may_create,
            may_replace: whose.clone(),
            ..freely()
        };
        assert_eq!(
            verdict(put_with(&store, "f", options, b"new").await),
            storing,
            "{case}"
        );
        let after = read(&store, "f").await;
        match storing {
            "done" => assert_eq!(after.as_deref(), Some(&b"new"[..]), "{case}"),
            _ => assert_eq!(after, before, "{case}"),
        }
        let before = prepare(&store, there).await;
        let removed = store
            .remove(&key("f"), &whose, &Conditions::default())
            .await;
        assert_eq!(verdict(removed), removing, "{case}");
        let left = before.filter(|_| removing != "done");
        assert_eq!(read(&store, "f").await, left, "{case}");
    }
}

/// Makes `f` a file of this uploader, or no file; returns its content.
async fn prepare(store: &Store, there: Option<Option<String>>) -> Option<Vec<u8>> {
    let _ = remove(store, "f").await;
    let uploader = there?;
    let options = CreateOptions {
        uploader,
        ..freely()
    };
    put_with(store, "f", options, b"old").await.expect("stored");
    Some(b"old".to_vec())
}

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
    // Conditions; what reading says; what storing and removing say, with a file
    // there and with none.
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
            // On a copy, whose tag and time are its own.
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

/// The same conditions, said of another version.
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

pub(crate) async fn a_guard_on_reading_hides_all_of_a_file_but_that_it_is_there(store: Store) {
    let by_ann = CreateOptions {
        uploader: Some("ann".into()),
        ..freely()
    };
    let stored = put_with(&store, "ann's", by_ann, b"0123456789").await;
    let etag = stored.expect("stored").info.etag;
    put(&store, "no one's", b"0123456789").await;
    let unmodified = Conditions {
        if_none_match: Some(Etags::Any),
        ..Conditions::default()
    };
    let unmatched = Conditions {
        if_match: Some(Etags::List(vec![])),
        ..Conditions::default()
    };
    let [ann, bob] = ["ann", "bob"].map(|name| Guard::Uploader(name.into()));
    let cases = [
        (Span::All, Conditions::default(), "done"),
        (Span::Last(1), Conditions::only(&etag), "done"),
        (Span::All, unmodified, "NotModified"),
        (Span::All, unmatched, FAILED),
        (Span::From(10), Conditions::default(), "SpanOutside(10)"),
    ];
    for (span, conditions, admitted) in cases {
        for (name, may_read, admits) in [
            ("ann's", &Guard::Any, true),
            ("ann's", &ann, true),
            ("ann's", &bob, false),
            ("ann's", &Guard::None, false),
            ("no one's", &ann, false),
        ] {
            let what = format!("{name} {may_read:?} {span:?} {conditions:?}");
            let options = OpenOptions {
                span,
                if_range: None,
                may_read: may_read.clone(),
                conditions: conditions.clone(),
            };
            let opened = store.open(&key(name), options).await;
            let expected = if admits { admitted } else { "Protected" };
            assert_eq!(verdict(opened), expected, "open {what}");
            let described = store.stat(&key(name), may_read, &conditions).await;
            let expected = match expected {
                "SpanOutside(10)" => "done",
                other => other,
            };
            assert_eq!(verdict(described), expected, "stat {what}");
        }
    }
    let absent = store
        .stat(&key("none"), &Guard::None, &Conditions::default())
        .await;
    assert_eq!(verdict(absent), "NotFound");
}

pub(crate) async fn what_happened_since_create_counts(store: Store) {
    let create_only = CreateOptions {
        may_replace: Guard::None,
        ..freely()
    };
    let late = upload(&store, "new", create_only, b"late")
        .await
        .expect("an upload");
    put(&store, "new", b"first").await;
    let refusal = store.finish(vec![late]).await.expect_err("no longer new");
    assert!(matches!(refusal.error, Error::Protected), "{refusal:?}");
    assert_eq!(read(&store, "new").await.as_deref(), Some(&b"first"[..]));

    let replace_only = CreateOptions {
        may_create: false,
        ..freely()
    };
    let late = upload(&store, "new", replace_only, b"late")
        .await
        .expect("an upload");
    remove(&store, "new").await.expect("removed");
    let refusal = store.finish(vec![late]).await.expect_err("no longer there");
    assert!(matches!(refusal.error, Error::NotFound), "{refusal:?}");
    assert_eq!(read(&store, "new").await, None);
}

pub(crate) async fn of_many_creators_exactly_one_wins(store: Store) {
    for round in 0..20 {
        let name = format!("f{round}");
        let creators = (0..8u8).map(|creator| {
            let (store, name) = (store.clone(), name.clone());
            tokio::spawn(async move {
                let options = CreateOptions {
                    conditions: Conditions {
                        if_none_match: Some(Etags::Any),
                        ..Conditions::default()
                    },
                    ..freely()
                };
                let content = [creator; 10];
                verdict(put_with(&store, &name, options, &content).await)
            })
        });
        assert_one_winner(&store, &name, join_all(creators).await).await;
    }
}

pub(crate) async fn of_many_replacers_of_one_version_exactly_one_wins(store: Store) {
    for round in 0..20 {
        let name = format!("f{round}");
        let etag = put(&store, &name, b"first").await.info.etag;
        let replacers = (0..8u8).map(|replacer| {
            let (store, name, etag) = (store.clone(), name.clone(), etag.clone());
            tokio::spawn(async move {
                let options = CreateOptions {
                    conditions: Conditions {
                        if_match: Some(Etags::List(vec![etag])),
                        ..Conditions::default()
                    },
                    ..freely()
                };
                verdict(put_with(&store, &name, options, &[replacer; 10]).await)
            })
        });
        assert_one_winner(&store, &name, join_all(replacers).await).await;
    }
}

async fn assert_one_winner(
    store: &Store,
    name: &str,
    verdicts: Vec<Result<String, tokio::task::JoinError>>,
) {
    let verdicts: Vec<String> = verdicts.into_iter().map(|v| v.expect("a writer")).collect();
    let winners: Vec<usize> = (0..verdicts.len())
        .filter(|i| verdicts[*i] == "done")
        .collect();
    assert_eq!(winners.len(), 1, "{verdicts:?}");
    assert!(
        verdicts.iter().all(|v| v == "done" || v == FAILED),
        "{verdicts:?}"
    );
    let winner = u8::try_from(winners[0]).expect("few");
    assert_eq!(read(store, name).await, Some(vec![winner; 10]));
}
