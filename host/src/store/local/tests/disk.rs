//! What is on the disk, and that no other user can read it.

use std::os::unix::fs::PermissionsExt;

use super::*;

#[tokio::test]
async fn nothing_stays_on_disk_but_the_bytes_of_current_versions() {
    let (files, small) = what_stays(b"3").await;
    assert_eq!((files, small), (vec![], 1));
    let (files, small) = what_stays(&LARGE).await;
    assert_eq!((files, small), (vec![LARGE.to_vec()], 0));
}

/// Stores, replaces, removes and aborts, with `last` as the only version that remains.
/// Returns the contents of files, and how many versions have their bytes in the index.
async fn what_stays(last: &[u8]) -> (Vec<Vec<u8>>, u64) {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    let large = vec![1; 3 << 20];
    for content in [b"1".as_slice(), &large, &LARGE, b"2", last] {
        put(&store, "kept", content).await;
        put(&store, "removed", content).await;
        drop(receive(&store, "dropped", content).await);
        let limited = CreateOptions {
            max_size: 2 << 20,
            ..freely()
        };
        let mut refused = store
            .create(key("refused"), limited)
            .await
            .expect("an upload");
        for _ in 0..3 {
            let _ = refused.write(large[..1 << 20].to_vec().into()).await;
        }
        let wrong = CreateOptions {
            sha256: Some([0; 32]),
            ..freely()
        };
        let mut mismatch = store.create(key("wrong"), wrong).await.expect("an upload");
        mismatch
            .write(Bytes::copy_from_slice(content))
            .await
            .expect("written");
        let good = receive(&store, "good", content).await;
        store
            .finish(vec![good, mismatch])
            .await
            .expect_err("no such digest");
    }
    let (who, conditions) = (Guard::Any, Conditions::default());
    store
        .remove(&key("removed"), &who, &conditions)
        .await
        .expect("removed");
    store.close().await;
    let files = blobs(&dir);
    let files = files.iter().map(|path| fs::read(path).expect("bytes"));
    let index = Index::open(dir.path().join("index.redb")).expect("an index");
    let small = index.snapshot().expect("a snapshot").contents_count();
    (files.collect(), small.expect("a number"))
}

#[tokio::test]
async fn names_never_become_paths_and_no_other_user_may_read() {
    let dir = TempDir::new().expect("a directory");
    let data = dir.path().join("data");
    let store = LocalStore::open(&data).expect("a store");
    put(&store, "secret-name/UPPER", b"secret-bytes").await;
    store.close().await;
    let mut folders = vec![data];
    while let Some(path) = folders.pop() {
        assert!(!path.to_string_lossy().contains("secret"), "{path:?}");
        let about = fs::metadata(&path).expect("there");
        assert_eq!(about.permissions().mode() & 0o077, 0, "{path:?}");
        if about.is_dir() {
            folders.extend(
                fs::read_dir(&path)
                    .expect("a folder")
                    .map(|e| e.expect("a file").path()),
            );
        }
    }
}

#[tokio::test]
async fn a_file_that_was_cut_short_never_ends_as_if_it_were_whole() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    for (name, size, left) in [
        ("a", 10_000, 0),
        ("b", 10_000, 9_999),
        ("c", 1 << 20, 300_000),
        ("d", 1 << 20, 512 << 10),
    ] {
        put(&store, name, &vec![1; size]).await;
        for path in blobs(&dir) {
            let file = fs::OpenOptions::new()
                .write(true)
                .open(path)
                .expect("bytes");
            file.set_len(left).expect("cut");
        }
        let outcome = read(&store, name).await.map(|content| content.len());
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    }
    for path in blobs(&dir) {
        fs::remove_file(path).expect("bytes");
    }
    let outcome = read(&store, "a").await.map(|content| content.len());
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_full_disk_is_told_from_a_broken_one() {
    // The device that is always full.
    let mut full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let error = full.write(b"1").expect_err("full");
    assert!(matches!(Error::from(error), Error::NoSpace));
    let quota = io::Error::from(io::ErrorKind::QuotaExceeded);
    assert!(matches!(Error::from(quota), Error::NoSpace));
    let broken = io::Error::other("broken");
    assert!(matches!(Error::from(broken), Error::Unavailable(_)));
}

#[tokio::test]
async fn the_same_bytes_stored_again_have_a_tag_of_their_own() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    let mut tags = std::collections::HashSet::new();
    for _ in 0..5 {
        put(&store, "f", b"the same").await;
        let info = store
            .stat(&key("f"), &Guard::Any, &Conditions::default())
            .await;
        assert!(tags.insert(info.expect("a file").etag));
    }
}
