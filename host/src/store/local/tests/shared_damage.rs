//! Damage to bytes that several files share, and to their count.

use super::damage::cut;
use super::*;

#[tokio::test]
async fn shared_bytes_that_are_damaged_count_once_and_are_not_copied_further() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    put(&store, "large", &LARGE).await;
    put(&store, "small", b"small").await;
    put(&store, "other", b"other").await;
    for (from, to) in [
        ("large", "large/1"),
        ("large", "large/2"),
        ("small", "small/1"),
    ] {
        let etag = etag(&store, from).await;
        copy(&store, copying(from, &etag, to))
            .await
            .expect("copied");
    }
    store.close().await;
    let found = |dir: &TempDir| {
        let mut lines = Vec::new();
        let checked = check(dir.path(), |line| lines.push(line)).expect("checked");
        lines.sort();
        (checked, lines)
    };
    let whole = Checked {
        files: 6,
        ..Checked::default()
    };
    assert_eq!(found(&dir), (whole, vec![]));

    let store = LocalStore::open(dir.path()).expect("a store");
    let etag = etag(&store, "large").await;
    cut(&blobs(&dir)[0], 9_999);
    let damaged = |outcome| matches!(outcome, Err(CopyError::Source(Error::Unavailable(_))));
    for or_same in [false, true] {
        let over = Copy {
            or_same,
            ..copying("large", &etag, "other")
        };
        assert!(damaged(copy(&store, over).await));
    }
    assert_eq!(read(&store, "other").await.expect("kept"), b"other");
    for name in ["large", "large/1", "large/2"] {
        assert!(
            matches!(read(&store, name).await, Err(Error::Unavailable(_))),
            "{name}"
        );
    }
    assert_eq!(store.damaged_files(), 1);
    fs::remove_file(&blobs(&dir)[0]).expect("bytes");
    assert!(damaged(
        copy(&store, copying("large/2", &etag, "other")).await
    ));
    // Who may not read it does not learn of it, and to be removed it need not be whole.
    let unread = Copy {
        may_read: Guard::None,
        ..copying("large", &etag, "other")
    };
    let unread = copy(&store, unread).await;
    assert!(matches!(unread, Err(CopyError::Source(Error::Protected))));
    let removed = store.remove_many(&[key("large/1")], &Guard::Any).await;
    assert!(removed[0].is_ok());
    store.close().await;
    let (checked, lines) = found(&dir);
    assert_eq!((checked.files, checked.missing, checked.damaged), (5, 2, 0));
    assert!(lines[0].starts_with("missing: \"large\""), "{lines:?}");
    assert!(lines[1].starts_with("missing: \"large/2\""), "{lines:?}");
}

#[tokio::test]
async fn a_check_counts_references() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    for name in ["f", "g", "h"] {
        put(&store, name, b"1").await;
    }
    let etag = etag(&store, "f").await;
    copy(&store, copying("f", &etag, "copy"))
        .await
        .expect("copied");
    let id_of = |name: &str| {
        let version = store
            .index
            .snapshot()
            .and_then(|snapshot| snapshot.get(&key(name)));
        version.expect("an index").expect("a version").id
    };
    let (shared, single, none) = (id_of("f"), id_of("g"), id::Id::fresh());
    store.close().await;
    let path = dir.path().join("index.redb");
    let change = |make: &dyn Fn(&redb::WriteTransaction)| {
        let database = redb::Database::open(&path).expect("an index");
        let transaction = database.begin_write().expect("a transaction");
        make(&transaction);
        transaction.commit().expect("committed");
    };
    let set = |id: id::Id, count: Option<u64>| {
        change(&|transaction| {
            let table = redb::TableDefinition::<u128, u64>::new("references");
            let mut table = transaction.open_table(table).expect("a table");
            match count {
                Some(count) => table.insert(id.as_u128(), count).map(drop),
                None => table.remove(id.as_u128()).map(drop),
            }
            .expect("changed");
        });
    };
    let found = || {
        let mut lines = Vec::new();
        let checked = check(dir.path(), |line| lines.push(line)).expect("checked");
        assert_eq!(checked.damaged, lines.len() as u64);
        lines
    };
    assert_eq!(found(), [""; 0]);
    for (id, wrong, right) in [
        (shared, None, Some(2)),
        (shared, Some(3), Some(2)),
        (single, Some(2), None),
        (none, Some(2), None),
    ] {
        set(id, wrong);
        let lines = found();
        assert!(
            lines.len() == 1 && lines[0].contains(&id.to_string()),
            "{lines:?}"
        );
        set(id, right);
        assert_eq!(found(), [""; 0]);
    }
    // Bytes that no file has are not hidden by those that two files have.
    change(&|transaction| {
        let table = redb::TableDefinition::<u128, &[u8]>::new("contents");
        let mut table = transaction.open_table(table).expect("a table");
        table.insert(none.as_u128(), &b"1"[..]).expect("bytes");
    });
    let checked = check(dir.path(), |_| ()).expect("checked");
    assert_eq!((checked.orphaned, checked.damaged), (1, 0));
}
