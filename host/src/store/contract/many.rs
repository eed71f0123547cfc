//! Calls for many files, each of which is decided by itself.

use super::*;

/// Files of ann's, of bob's, and of no uploader.
async fn owned(store: &Store) {
    for name in ["ann/1", "ann/2"] {
        put_with(store, name, by("ann"), b"1")
            .await
            .expect("stored");
    }
    put_with(store, "bob", by("bob"), b"2")
        .await
        .expect("stored");
    put(store, "nobody", b"3").await;
}

const NAMES: [&str; 5] = ["ann/2", "none", "bob", "nobody", "ann/1"];

pub(crate) async fn files_are_described_each_by_itself(store: Store) {
    owned(&store).await;
    let keys = NAMES.map(key);
    for (guard, expected) in [
        (Guard::Any, ["done", "NotFound", "done", "done", "done"]),
        (
            of("ann"),
            ["done", "NotFound", "Protected", "Protected", "done"],
        ),
        (
            Guard::None,
            [
                "Protected",
                "NotFound",
                "Protected",
                "Protected",
                "Protected",
            ],
        ),
    ] {
        let found = store.stat_many(&keys, &guard).await;
        for (name, info) in NAMES.iter().zip(&found) {
            if let Ok(info) = info {
                assert_eq!(*info, describe(&store, name).await);
            }
        }
        let found: Vec<_> = found.into_iter().map(verdict).collect();
        assert_eq!(found, expected, "{guard:?}");
    }
    assert!(store.stat_many(&[], &Guard::Any).await.is_empty());
    let twice = [key("bob"), key("bob")];
    assert_eq!(store.stat_many(&twice, &Guard::Any).await.len(), 2);
}

pub(crate) async fn files_are_removed_each_by_itself(store: Store) {
    owned(&store).await;
    let keys = NAMES.map(key);
    for (guard, expected, left) in [
        (
            Guard::None,
            ["Protected", "done", "Protected", "Protected", "Protected"],
            &["ann/1", "ann/2", "bob", "nobody"][..],
        ),
        (
            of("ann"),
            ["done", "done", "Protected", "Protected", "done"],
            &["bob", "nobody"],
        ),
        (Guard::Any, ["done"; 5], &[]),
        (Guard::Any, ["done"; 5], &[]),
    ] {
        let removed = store.remove_many(&keys, &guard).await;
        let removed: Vec<_> = removed.into_iter().map(verdict).collect();
        assert_eq!(removed, expected, "{guard:?}");
        assert_eq!(lists::names(&store).await, left, "{guard:?}");
    }
    assert!(store.remove_many(&[], &Guard::Any).await.is_empty());
}

pub(crate) async fn files_are_copied_each_by_itself(store: Store) {
    owned(&store).await;
    let etag = describe(&store, "ann/1").await.etag;
    let kept = Copy {
        options: CreateOptions {
            may_replace: Guard::None,
            ..freely()
        },
        ..copying("ann/1", &etag, "nobody")
    };
    let made = store.copy(vec![
        copying("ann/1", &etag, "x/1"),
        copying("none", &etag, "x/2"),
        kept,
        copying("ann/1", "\"x\"", "x/3"),
        copying("ann/1", &etag, "bob"),
        moving("ann/2", &describe(&store, "ann/2").await.etag, "x/4"),
    ]);
    let made: Vec<_> = made.await.into_iter().map(copied).collect();
    assert_eq!(
        made,
        [
            "done",
            "source NotFound",
            "target Protected",
            "source PreconditionFailed",
            "done",
            "done",
        ]
    );
    assert_eq!(
        lists::names(&store).await,
        ["ann/1", "bob", "nobody", "x/1", "x/4"]
    );
    for (name, expected) in [
        ("bob", b"1"),
        ("nobody", b"3"),
        ("x/1", b"1"),
        ("x/4", b"1"),
    ] {
        assert_eq!(
            read(&store, name).await.as_deref(),
            Some(&expected[..]),
            "{name}"
        );
    }
    assert!(store.copy(vec![]).await.is_empty());
}

pub(crate) async fn a_thousand_files_are_copied_described_and_removed_in_a_call_each(store: Store) {
    let mut etags = Vec::new();
    for n in 0..10 {
        put(&store, &format!("from/{n}"), &noise(n, 100 + n as usize)).await;
        etags.push(describe(&store, &format!("from/{n}")).await.etag);
    }
    let copies = (0..1_000).map(|n: usize| {
        let from = format!("from/{}", n % 10);
        copying(&from, &etags[n % 10], &format!("to/{n:03}"))
    });
    let made = store.copy(copies.collect()).await;
    assert_eq!(made.len(), 1_000);
    for (n, made) in made.into_iter().enumerate() {
        let made = made.expect("copied").info;
        assert_eq!(made.key.as_str(), format!("to/{n:03}"));
        assert_eq!(made.size, 100 + n as u64 % 10);
    }
    let keys: Vec<_> = (0..1_000).map(|n| key(&format!("to/{n:03}"))).collect();
    let found = store.stat_many(&keys, &Guard::Any).await;
    assert_eq!(found.len(), 1_000);
    for (key, info) in keys.iter().zip(found) {
        assert_eq!(info.expect("a file").key, *key);
    }
    assert_eq!(read(&store, "to/999").await, Some(noise(9, 109)));
    let removed = store.remove_many(&keys, &Guard::Any).await;
    assert_eq!(removed.len(), 1_000);
    assert!(removed.iter().all(Result::is_ok));
    let left: Vec<_> = (0..10).map(|n| format!("from/{n}")).collect();
    assert_eq!(lists::names(&store).await, left);
}
