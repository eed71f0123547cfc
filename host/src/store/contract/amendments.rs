//! Changes of what is stored beside a file's bytes.

use std::time::Duration;

use super::super::{Amendment, Etags};
use super::*;

async fn amend(store: &Store, name: &str, amendment: Amendment) -> Result<Info, Error> {
    let unconditional = Conditions::default();
    let key = key(name);
    store
        .amend(&key, &Guard::Any, &unconditional, amendment)
        .await
}

fn retyped(content_type: &str) -> Amendment {
    Amendment {
        content_type: Some(content_type.into()),
        metadata: None,
    }
}

fn relabelled(metadata: &[(&str, &str)]) -> Amendment {
    Amendment {
        content_type: None,
        metadata: Some(pairs(metadata)),
    }
}

pub(crate) async fn an_amendment_changes_what_it_names_and_no_byte(store: Store) {
    for size in [0, 10, 300_000] {
        let file = noise(size as u64, size);
        let options = CreateOptions {
            content_type: "text/plain".into(),
            metadata: pairs(&[("a", "1"), ("b", "Zoë")]),
            ..by("ann")
        };
        put_with(&store, "f", options, &file).await.expect("stored");
        let mut before = describe(&store, "f").await;
        let both = Amendment {
            content_type: Some("a/b".into()),
            metadata: Some(pairs(&[("d", "4")])),
        };
        for amendment in [
            Amendment::default(),
            retyped("image/svg+xml; charset=utf-8"),
            relabelled(&[("c", "日本")]),
            relabelled(&[]),
            both,
        ] {
            let amended = amend(&store, "f", amendment.clone()).await;
            let amended = amended.expect("amended");
            assert!(
                amended.modified >= before.modified,
                "{amended:?} {before:?}"
            );
            let mut expected = before.clone();
            amendment.apply(&mut expected);
            expected.etag.clone_from(&amended.etag);
            expected.modified = amended.modified;
            assert_eq!(amended, expected, "{size}");
            let described = describe(&store, "f").await;
            assert!(described.modified <= amended.modified, "{described:?}");
            let modified = described.modified;
            assert_eq!(
                described,
                Info {
                    modified,
                    ..amended
                }
            );
            assert!(read(&store, "f").await.expect("a file") == file, "{size}");
            before = described;
        }
        assert_eq!(lists::names(&store).await, ["f"]);
    }
}

pub(crate) async fn guards_and_conditions_hold_for_an_amendment(store: Store) {
    let absent = amend(&store, "none", retyped("a/b")).await;
    assert_eq!(verdict(absent), "NotFound");
    assert_eq!(read(&store, "none").await, None);
    put_with(&store, "f", by("ann"), b"1")
        .await
        .expect("stored");
    let stored = describe(&store, "f").await;
    let hour = Duration::from_secs(3600);
    let unmatched = || Conditions::only("\"x\"");
    let since = |time| Conditions {
        if_unmodified_since: Some(time),
        ..Conditions::default()
    };
    let unless = |tags| Conditions {
        if_none_match: Some(tags),
        ..Conditions::default()
    };
    let there = Etags::List(vec![stored.etag.clone()]);
    for (guard, conditions, expected) in [
        (Guard::None, Conditions::default(), "Protected"),
        (of("bob"), Conditions::default(), "Protected"),
        (of("bob"), unmatched(), "Protected"),
        (of("ann"), unmatched(), FAILED),
        (Guard::Any, since(stored.modified - hour), FAILED),
        (Guard::Any, unless(Etags::Any), FAILED),
        (Guard::Any, unless(there), FAILED),
    ] {
        let what = format!("{guard:?} {conditions:?}");
        let refused = store
            .amend(&key("f"), &guard, &conditions, retyped("a/b"))
            .await;
        assert_eq!(verdict(refused), expected, "{what}");
        assert_eq!(describe(&store, "f").await, stored, "{what}");
        let absent = store
            .amend(&key("none"), &guard, &conditions, retyped("a/b"))
            .await;
        assert_eq!(verdict(absent), "NotFound", "{what}");
    }
    let own = Conditions::only(&stored.etag);
    let amended = store
        .amend(&key("f"), &of("ann"), &own, retyped("a/b"))
        .await;
    let amended = amended.expect("amended");
    assert_eq!(amended.content_type, "a/b");
    // The tag in the outcome is the one that counts from now on.
    let own = Conditions::only(&amended.etag);
    let again = store
        .amend(&key("f"), &Guard::Any, &own, retyped("c/d"))
        .await;
    assert_eq!(verdict(again), "done");
}

pub(crate) async fn an_amended_file_and_its_copies_do_not_share_their_description(store: Store) {
    for size in [10, 300_000] {
        let file = noise(1, size);
        put(&store, "f", &file).await;
        let etag = describe(&store, "f").await.etag;
        copy(&store, copying("f", &etag, "g"))
            .await
            .expect("copied");
        amend(&store, "f", relabelled(&[("k", "f")]))
            .await
            .expect("amended");
        amend(&store, "g", retyped("a/g")).await.expect("amended");
        let (f, g) = (describe(&store, "f").await, describe(&store, "g").await);
        assert_eq!(f.metadata, pairs(&[("k", "f")]));
        assert_eq!(f.content_type, freely().content_type);
        assert_eq!(
            (g.metadata, g.content_type.as_str()),
            (Metadata::default(), "a/g")
        );
        for name in ["f", "g"] {
            assert!(read(&store, name).await.expect("a file") == file, "{name}");
        }
    }
}
