//! Bytes that several files share.

use futures_util::future::join_all;

use super::*;

#[tokio::test]
async fn copies_cost_no_bytes_and_the_last_of_them_frees_the_bytes() {
    for (content, files, small) in [(&LARGE[..], 1, 0), (b"small", 0, 1)] {
        let dir = TempDir::new().expect("a directory");
        let store = LocalStore::open(dir.path()).expect("a store");
        put(&store, "f", content).await;
        let etag = etag(&store, "f").await;
        for to in ["a", "b", "c"] {
            let stored = copy(&store, copying("f", &etag, to)).await.expect("copied");
            assert_eq!(stored.info.etag, etag);
        }
        let moved = Copy {
            may_remove: Some(Guard::Any),
            ..copying("b", &etag, "d")
        };
        assert_eq!(copy(&store, moved).await.expect("moved").info.etag, etag);
        // A copy in place of another one of the same bytes.
        copy(&store, copying("a", &etag, "c"))
            .await
            .expect("copied");
        assert_eq!(stored(&dir, &store), (files, small, 4));
        put(&store, "f", b"").await;
        store
            .remove(&key("a"), &Guard::Any, &Conditions::default())
            .await
            .expect("removed");
        assert_eq!(stored(&dir, &store), (files, small + 1, 2));
        let removed = store.remove_many(&[key("f"), key("d")], &Guard::Any).await;
        assert!(removed.iter().all(Result::is_ok));
        assert_eq!(stored(&dir, &store), (files, small, 0));
        assert_eq!(read(&store, "c").await.expect("kept"), content);
        store.close().await;

        let store = LocalStore::open(dir.path()).expect("a store");
        assert_eq!(read(&store, "c").await.expect("kept"), content);
        store
            .remove(&key("c"), &Guard::Any, &Conditions::default())
            .await
            .expect("removed");
        store.close().await;
        assert!(blobs(&dir).is_empty());
        let index = Index::open(dir.path().join("index.redb")).expect("an index");
        let snapshot = index.snapshot().expect("a snapshot");
        assert_eq!(snapshot.contents_count().expect("a number"), 0);
        assert!(snapshot.references().expect("counts").is_empty());
        assert!(dir.path().join("clean").exists() && !dir.path().join("orphaned").exists());
    }
}

/// Files in the blob folders, contents in the index, and the count of the references that
/// share bytes.
fn stored(dir: &TempDir, store: &LocalStore) -> (usize, u64, u64) {
    let snapshot = store.index.snapshot().expect("a snapshot");
    let references = snapshot.references().expect("counts");
    let contents = snapshot.contents_count().expect("a number");
    (blobs(dir).len(), contents, references.values().sum())
}

#[tokio::test]
async fn after_a_crash_no_shared_bytes_are_moved_aside() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    put(&store, "f", &LARGE).await;
    put(&store, "small", b"small").await;
    for (from, to) in [("f", "g"), ("f", "h"), ("small", "copy of small")] {
        let etag = etag(&store, from).await;
        copy(&store, copying(from, &etag, to))
            .await
            .expect("copied");
    }
    for name in ["f", "small", "h"] {
        store
            .remove(&key(name), &Guard::Any, &Conditions::default())
            .await
            .expect("removed");
    }
    store.close().await;
    fs::remove_file(dir.path().join("clean")).expect("as after a crash");
    let orphan = plant(&dir, ORPHAN);
    let store = LocalStore::open(dir.path()).expect("a store");
    assert!(!orphan.exists());
    assert_eq!((blobs(&dir).len(), aside(&dir).len()), (1, 1));
    assert_eq!(read(&store, "g").await.expect("kept"), LARGE);
    assert_eq!(read(&store, "copy of small").await.expect("kept"), b"small");
    let last = [key("g"), key("copy of small")];
    let removed = store.remove_many(&last, &Guard::Any).await;
    assert!(removed.iter().all(Result::is_ok));
    store.close().await;
    assert!(blobs(&dir).is_empty());
}

/// A list is one snapshot, so it tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moved_file_is_always_under_exactly_one_of_its_names() {
    let dir = TempDir::new().expect("a directory");
    let store = Arc::new(LocalStore::open(dir.path()).expect("a store"));
    put(&store, "0", &LARGE).await;
    let etag = etag(&store, "0").await;
    let mover = {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..200 {
                let moved = Copy {
                    may_remove: Some(Guard::Any),
                    ..copying(&n.to_string(), &etag, &(n + 1).to_string())
                };
                copy(&store, moved).await.expect("moved");
            }
        })
    };
    while !mover.is_finished() {
        let options = ListOptions {
            prefix: String::new(),
            delimiter: None,
            after: None,
            limit: 10,
        };
        let listing = store.list(options).await.expect("a list");
        assert_eq!(listing.entries.len(), 1, "{listing:?}");
    }
    mover.await.expect("a writer");
    assert_eq!(read(&store, "200").await.expect("moved"), LARGE);
    assert_eq!(stored(&dir, &store), (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_moves_of_one_file_exactly_one_wins() {
    let dir = TempDir::new().expect("a directory");
    let store = Arc::new(LocalStore::open(dir.path()).expect("a store"));
    for round in 0..20 {
        put(&store, "f", &[round; 10]).await;
        let etag = etag(&store, "f").await;
        let movers = (0..8).map(|n| {
            let (store, etag) = (store.clone(), etag.clone());
            tokio::spawn(async move {
                let moved = Copy {
                    may_remove: Some(Guard::Any),
                    ..copying("f", &etag, &format!("to/{n}"))
                };
                copy(&store, moved).await
            })
        });
        let outcomes = join_all(movers).await;
        let outcomes = outcomes
            .into_iter()
            .map(|outcome| outcome.expect("a writer"));
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        for lost in lost {
            assert!(
                matches!(lost, Err(CopyError::Source(Error::NotFound))),
                "{lost:?}"
            );
        }
        let keys: Vec<_> = (0..8).map(|n| key(&format!("to/{n}"))).collect();
        store.remove_many(&keys, &Guard::Any).await;
        assert_eq!(stored(&dir, &store), (0, 0, 0));
    }
}

#[tokio::test]
async fn what_is_kept_beside_the_bytes_is_changed_in_place() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    put(&store, "f", &LARGE).await;
    let before = etag(&store, "f").await;
    let metadata = Metadata::new(vec![("k".into(), "v".into())]).expect("metadata");
    let amendment = Amendment {
        content_type: None,
        metadata: Some(metadata.clone()),
    };
    let amended = store
        .amend(&key("f"), &Guard::Any, &Conditions::default(), amendment)
        .await;
    assert_eq!(amended.expect("amended").etag, before);
    store.close().await;
    assert_eq!(blobs(&dir).len(), 1);
    let store = LocalStore::open(dir.path()).expect("a store");
    let info = store
        .stat(&key("f"), &Guard::Any, &Conditions::default())
        .await;
    assert_eq!(info.expect("a file").metadata, metadata);
    assert_eq!(read(&store, "f").await.expect("kept"), LARGE);
}
