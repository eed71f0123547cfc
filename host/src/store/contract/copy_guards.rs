//! Guards and conditions of copies: those of the source come before those of the target.

use super::super::Etags;
use super::*;

pub(crate) async fn a_copy_is_of_the_very_version_that_was_named(store: Store) {
    put_with(&store, "f", by("ann"), b"12345")
        .await
        .expect("stored");
    let source = describe(&store, "f").await;
    let etag = source.etag.as_str();
    let named = |etag| copying("f", etag, "g");
    let read_by = |may_read, etag| Copy {
        may_read,
        ..named(etag)
    };
    let up_to = |max_size| Copy {
        options: CreateOptions {
            max_size,
            ..freely()
        },
        ..named(etag)
    };
    for (given, expected) in [
        (copying("none", etag, "g"), "source NotFound"),
        (named("\"x\""), "source PreconditionFailed"),
        (named(""), "source PreconditionFailed"),
        (named("*"), "source PreconditionFailed"),
        (read_by(Guard::None, etag), "source Protected"),
        (read_by(of("bob"), etag), "source Protected"),
        (read_by(of("bob"), "\"x\""), "source Protected"),
        (read_by(of("ann"), "\"x\""), "source PreconditionFailed"),
        (up_to(4), "target TooLarge"),
        (up_to(0), "target TooLarge"),
    ] {
        let what = format!("{given:?}");
        assert_eq!(copied(copy(&store, given).await), expected, "{what}");
        assert_eq!(lists::names(&store).await, ["f"], "{what}");
    }
    for given in [read_by(of("ann"), etag), up_to(5)] {
        assert_eq!(copied(copy(&store, given).await), "done");
    }
    put_with(&store, "f", by("ann"), b"other")
        .await
        .expect("stored");
    let late = copy(&store, copying("f", etag, "h")).await;
    assert_eq!(copied(late), "source PreconditionFailed");
    assert_eq!(read(&store, "g").await.as_deref(), Some(&b"12345"[..]));
    assert_eq!(read(&store, "h").await, None);
}

pub(crate) async fn guards_and_conditions_hold_for_the_target_of_a_copy(store: Store) {
    put(&store, "f", b"source").await;
    let etag = describe(&store, "f").await.etag;
    let new = |may_create| CreateOptions {
        may_create,
        may_replace: Guard::None,
        ..freely()
    };
    let replacing = |may_replace| CreateOptions {
        may_create: false,
        may_replace,
        ..freely()
    };
    let only = |conditions| CreateOptions {
        conditions,
        ..freely()
    };
    let unless_there = || Conditions {
        if_none_match: Some(Etags::Any),
        ..Conditions::default()
    };
    let if_there = || Conditions {
        if_match: Some(Etags::Any),
        ..Conditions::default()
    };
    // How the copy is stored; the outcome if there is a file of ann's, and if there is none.
    for (options, there, absent) in [
        (freely(), "done", "done"),
        (new(true), "target Protected", "done"),
        (new(false), "target Protected", "target NotFound"),
        (replacing(Guard::Any), "done", "target NotFound"),
        (replacing(of("ann")), "done", "target NotFound"),
        (replacing(of("bob")), "target Protected", "target NotFound"),
        (only(unless_there()), "target PreconditionFailed", "done"),
        (only(if_there()), "done", "target PreconditionFailed"),
        (
            only(Conditions::only("\"x\"")),
            "target PreconditionFailed",
            "target PreconditionFailed",
        ),
    ] {
        for (expected, is_there) in [(there, true), (absent, false)] {
            let what = format!("{options:?} {is_there}");
            let _ = remove(&store, "g").await;
            if is_there {
                put_with(&store, "g", by("ann"), b"target")
                    .await
                    .expect("stored");
            }
            let made = copy(
                &store,
                Copy {
                    options: options.clone(),
                    ..copying("f", &etag, "g")
                },
            );
            let made = made.await;
            if let Ok(stored) = &made {
                assert_eq!(stored.replaced, is_there, "{what}");
            }
            assert_eq!(copied(made), expected, "{what}");
            let left = match (expected, is_there) {
                ("done", _) => Some(&b"source"[..]),
                (_, true) => Some(&b"target"[..]),
                (_, false) => None,
            };
            assert_eq!(read(&store, "g").await.as_deref(), left, "{what}");
        }
    }
    let target = put(&store, "g", b"target").await.info;
    let options = only(Conditions::only(&target.etag));
    let made = Copy {
        options,
        ..copying("f", &etag, "g")
    };
    assert_eq!(copied(copy(&store, made).await), "done");
    assert_eq!(read(&store, "f").await.as_deref(), Some(&b"source"[..]));
}

pub(crate) async fn the_source_is_judged_before_the_target(store: Store) {
    put_with(&store, "f", by("ann"), b"1")
        .await
        .expect("stored");
    put(&store, "g", b"2").await;
    let etag = describe(&store, "f").await.etag;
    let protected = |copy: Copy| Copy {
        options: CreateOptions {
            may_replace: Guard::None,
            conditions: Conditions::only("\"x\""),
            ..freely()
        },
        ..copy
    };
    let unread = Copy {
        may_read: of("bob"),
        ..copying("f", &etag, "g")
    };
    for (given, expected) in [
        (copying("none", &etag, "g"), "source NotFound"),
        (unread, "source Protected"),
        (copying("f", "\"x\"", "g"), "source PreconditionFailed"),
        (copying("f", &etag, "g"), "target Protected"),
    ] {
        let what = format!("{given:?}");
        let outcome = copy(&store, protected(given)).await;
        assert_eq!(copied(outcome), expected, "{what}");
    }
    assert_eq!(read(&store, "g").await.as_deref(), Some(&b"2"[..]));
}
