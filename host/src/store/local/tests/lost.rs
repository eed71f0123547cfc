//! An index that lacks existing files: the start is refused, and nothing is removed.

use super::*;

/// A directory after a crash with this many large files and a small one, and the index from
/// when half of them were stored.
async fn crashed(files: usize) -> (TempDir, Vec<u8>) {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    put(&store, "small", b"1").await;
    for n in 0..files / 2 {
        put(&store, &format!("{n}"), &LARGE).await;
    }
    store.close().await;
    let half = fs::read(index(&dir)).expect("an index");
    let store = LocalStore::open(dir.path()).expect("a store");
    for n in files / 2..files {
        put(&store, &format!("{n}"), &LARGE).await;
    }
    store.close().await;
    fs::remove_file(dir.path().join("clean")).expect("as after a crash");
    (dir, half)
}

fn index(dir: &TempDir) -> PathBuf {
    dir.path().join("index.redb")
}

/// The error of a start, in one line.
fn refusal(dir: &TempDir) -> OpenError {
    let error = LocalStore::open(dir.path())
        .map(|_| ())
        .expect_err("a refusal");
    assert!(!error.to_string().contains('\n'), "{error}");
    error
}

#[tokio::test]
async fn an_empty_index_beside_blobs_refuses_to_start() {
    let (dir, _) = crashed(20).await;
    let whole = fs::read(index(&dir)).expect("an index");
    for marker in [true, false] {
        fs::write(index(&dir), "").expect("truncated");
        if !marker {
            // Like a directory of an older version.
            fs::remove_file(dir.path().join("changes")).expect("a file");
        }
        for _ in 0..2 {
            let error = refusal(&dir);
            assert!(matches!(error, OpenError::IndexEmpty { .. }), "{error}");
            assert_eq!(fs::metadata(index(&dir)).expect("an index").len(), 0);
        }
        assert_eq!(blobs(&dir).len(), 20);
        fs::write(index(&dir), &whole).expect("put back");
        let store = LocalStore::open(dir.path()).expect("a store");
        assert_eq!(read(&store, "19").await.expect("kept"), LARGE);
        store.close().await;
    }
    assert!(!dir.path().join("orphaned").exists());
}

#[tokio::test]
async fn an_index_that_is_empty_or_missing_refuses_to_start_for_small_files_too() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    put(&store, "small", b"1").await;
    store.close().await;
    fs::write(index(&dir), "").expect("truncated");
    assert!(matches!(refusal(&dir), OpenError::IndexEmpty { .. }));
    fs::remove_file(index(&dir)).expect("an index");
    assert!(matches!(refusal(&dir), OpenError::Damaged { .. }));
}

#[tokio::test]
async fn an_empty_index_where_nothing_was_ever_stored_is_recreated() {
    let dir = TempDir::new().expect("a directory");
    LocalStore::open(dir.path()).expect("a store").close().await;
    fs::write(index(&dir), "").expect("truncated");
    let store = LocalStore::open(dir.path()).expect("a store");
    put(&store, "f", b"1").await;
}

#[tokio::test]
async fn an_older_index_refuses_to_start_until_the_operator_accepts_it() {
    let (dir, half) = crashed(20).await;
    let whole = fs::read(index(&dir)).expect("an index");
    fs::write(index(&dir), &half).expect("an older one");
    let error = refusal(&dir);
    let (found, seen) = match &error {
        OpenError::IndexOlder { found, seen, .. } => (*found, *seen),
        error => panic!("{error}"),
    };
    assert_eq!((found, seen), (11, 21));
    assert_eq!(blobs(&dir).len(), 20);

    fs::write(index(&dir), &whole).expect("put back");
    let store = LocalStore::open(dir.path()).expect("a store");
    assert_eq!(read(&store, "19").await.expect("kept"), LARGE);
    store.close().await;

    // As the refusal says: the older one is accepted, and blobs that are not in it are moved aside.
    fs::write(index(&dir), &half).expect("an older one");
    fs::remove_file(dir.path().join("changes")).expect("a file");
    fs::remove_file(dir.path().join("clean")).expect("a file");
    let store = LocalStore::open(dir.path()).expect("a store");
    assert_eq!(read(&store, "9").await.expect("kept"), LARGE);
    assert!(matches!(read(&store, "19").await, Err(Error::NotFound)));
    assert_eq!((blobs(&dir).len(), aside(&dir).len()), (10, 10));
}

#[tokio::test]
async fn a_change_that_was_acknowledged_is_missed_in_a_copy_made_just_before() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    put(&store, "f", &LARGE).await;
    let before = fs::read(index(&dir)).expect("an index");
    put(&store, "g", &LARGE).await;
    // A copy of the whole directory looks like a crash to the process that opens it.
    let copy = TempDir::new().expect("a directory");
    for name in ["format", "changes"] {
        fs::copy(dir.path().join(name), copy.path().join(name)).expect("copied");
    }
    fs::write(index(&copy), before).expect("copied");
    let error = refusal(&copy);
    assert!(matches!(error, OpenError::IndexOlder { .. }), "{error}");
}

#[tokio::test]
async fn a_marker_that_cannot_be_read_refuses_to_start() {
    let (dir, _) = crashed(2).await;
    for text in ["", "1", "garbage\n"] {
        fs::write(dir.path().join("changes"), text).expect("written");
        let error = refusal(&dir);
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("changes"), "{error}");
    }
    assert_eq!(blobs(&dir).len(), 2);
}

#[tokio::test]
async fn orphans_that_no_crash_explains_and_that_are_most_of_what_is_there_are_left_alone() {
    let (dir, _) = crashed(20).await;
    for n in 0..21 {
        plant(&dir, &format!("0a/0a{n:030x}"));
    }
    for _ in 0..2 {
        let error = refusal(&dir);
        assert!(
            matches!(
                error,
                OpenError::MostlyOrphaned {
                    orphans: 21,
                    all: 41,
                    ..
                }
            ),
            "{error}"
        );
    }
    assert_eq!(blobs(&dir).len(), 41);
    fs::remove_file(dir.path().join(format!("blobs/0a/0a{:030x}", 0))).expect("moved by hand");
    let store = LocalStore::open(dir.path()).expect("a store");
    assert_eq!((blobs(&dir).len(), aside(&dir).len()), (20, 20));
    assert_eq!(read(&store, "19").await.expect("kept"), LARGE);
}

#[tokio::test]
async fn a_crash_amid_many_uploads_does_not_prevent_a_start() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    let mut uploads = Vec::new();
    for n in 0..40 {
        uploads.push(receive(&store, &format!("{n}"), &vec![1; 1 << 20]).await);
    }
    // Their first bytes are on disk once the next ones are, too.
    for upload in &mut uploads {
        upload.complete().await.expect("written");
    }
    let copy = TempDir::new().expect("a directory");
    for name in ["format", "changes", "index.redb"] {
        fs::copy(dir.path().join(name), copy.path().join(name)).expect("copied");
    }
    for blob in blobs(&dir) {
        let to = copy
            .path()
            .join(blob.strip_prefix(dir.path()).expect("below"));
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(blob, to).expect("copied");
    }
    assert_eq!(blobs(&copy).len(), 40);
    LocalStore::open(copy.path()).expect("a store");
    assert_eq!((blobs(&copy).len(), aside(&copy).len()), (0, 40));
}

#[tokio::test]
async fn what_was_moved_aside_is_removed_after_days_and_nothing_else_is() {
    let dir = TempDir::new().expect("a directory");
    let orphaned = dir.path().join("orphaned");
    for day in ["2026-01-01", "kept"] {
        fs::create_dir_all(orphaned.join(day)).expect("a folder");
        fs::write(orphaned.join(day).join("0a"), "bytes").expect("written");
    }
    LocalStore::open(dir.path()).expect("a store").close().await;
    assert!(!orphaned.join("2026-01-01").exists());
    assert!(orphaned.join("kept/0a").exists());
}
