//! What only this engine promises: about its directory, its files, its crashes.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::TryStreamExt;
use tempfile::TempDir;

use super::*;
use crate::store::contract::contract;

mod damage; // what is found to be broken, at a start, while serving, by a check
mod lost; // an index that does not know what is there
mod room; // space that comes back

use crate::store::Span;

/// More than is kept in the index.
const LARGE: [u8; 10_000] = [7; 10_000];

async fn make() -> (Arc<dyn BlobStore>, TempDir) {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    (Arc::new(store), dir)
}

contract!(crate::store::local::tests::make);

fn key(text: &str) -> Key {
    Key::new(text).expect("a key")
}

fn freely() -> CreateOptions {
    CreateOptions {
        content_type: "text/plain".into(),
        uploader: None,
        may_create: true,
        may_replace: Guard::Any,
        conditions: Conditions::default(),
        max_size: u64::MAX,
        announced: None,
        sha256: None,
    }
}

async fn receive(store: &LocalStore, name: &str, content: &[u8]) -> Box<dyn Upload> {
    let mut upload = store.create(key(name), freely()).await.expect("an upload");
    upload
        .write(Bytes::copy_from_slice(content))
        .await
        .expect("written");
    upload
}

async fn put(store: &LocalStore, name: &str, content: &[u8]) {
    let upload = receive(store, name, content).await;
    store.finish(vec![upload]).await.expect("stored");
}

async fn read(store: &LocalStore, name: &str) -> Result<Vec<u8>, Error> {
    let options = OpenOptions {
        span: Span::All,
        if_range: None,
        may_read: Guard::Any,
        conditions: Conditions::default(),
    };
    let body = store.open(&key(name), options).await?.body.here();
    let chunks: Vec<Bytes> = body.try_collect().await?;
    Ok(chunks.concat())
}

/// Every file below the blob folders.
fn blobs(dir: &TempDir) -> Vec<PathBuf> {
    let folders = fs::read_dir(dir.path().join("blobs")).expect("folders");
    folders
        .flat_map(|folder| fs::read_dir(folder.expect("a folder").path()).expect("files"))
        .map(|file| file.expect("a file").path())
        .collect()
}

/// Every file that was moved aside.
fn aside(dir: &TempDir) -> Vec<PathBuf> {
    let days = fs::read_dir(dir.path().join("orphaned")).expect("folders");
    days.flat_map(|day| fs::read_dir(day.expect("a folder").path()).expect("files"))
        .map(|file| file.expect("a file").path())
        .collect()
}

/// Puts a file of this name, or part of a path, where bytes lie.
fn plant(dir: &TempDir, path: &str) -> PathBuf {
    let path = dir.path().join("blobs").join(path);
    fs::write(&path, "left by a crash").expect("planted");
    path
}

const ORPHAN: &str = "0a/0a112233445566778899aabbccddeeff";

#[tokio::test]
async fn a_directory_has_one_store_at_a_time() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    let second = LocalStore::open(dir.path()).map(|_| ());
    assert!(matches!(second, Err(OpenError::InUse { .. })), "{second:?}");
    put(&store, "f", b"1").await;
    store.close().await;
    let third = LocalStore::open(dir.path()).expect("free again");
    assert_eq!(read(&third, "f").await.expect("kept"), b"1");
}

#[test]
fn a_directory_that_cannot_be_used_is_refused_with_the_reason() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("file");
    fs::write(&file, "").expect("a file");
    for path in [file.clone(), file.join("below")] {
        let refused = LocalStore::open(&path).map(|_| ());
        assert!(
            matches!(refused, Err(OpenError::CannotCreate { .. })),
            "{refused:?}"
        );
    }
    let taken = dir.path().join("taken");
    fs::create_dir_all(taken.join("lock")).expect("a directory in the way");
    let refused = LocalStore::open(&taken).map(|_| ());
    assert!(
        matches!(refused, Err(OpenError::NotWritable { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_directory_of_a_newer_format_is_left_alone() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    store.close().await;
    fs::write(dir.path().join("format"), "3\n").expect("a newer format");
    let refused = LocalStore::open(dir.path()).map(|_| ());
    assert!(
        matches!(refused, Err(OpenError::Newer { found: 3, .. })),
        "{refused:?}"
    );
    assert!(dir.path().join("clean").exists());
}

#[tokio::test]
async fn a_directory_without_its_index_keeps_its_bytes() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    put(&store, "f", &LARGE).await;
    store.close().await;
    fs::remove_file(dir.path().join("clean")).expect("as after a crash");
    fs::remove_file(dir.path().join("index.redb")).expect("an index");
    let refused = LocalStore::open(dir.path()).map(|_| ());
    assert!(
        matches!(refused, Err(OpenError::Damaged { .. })),
        "{refused:?}"
    );
    assert_eq!(blobs(&dir).len(), 1);
}

#[tokio::test]
async fn what_a_crash_left_is_moved_aside_by_the_next_start() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    put(&store, "f", b"1").await;
    put(&store, "g", &LARGE).await;
    store.close().await;
    // No orderly stop: the mark is missing.
    fs::remove_file(dir.path().join("clean")).expect("a mark");
    let orphan = plant(&dir, ORPHAN);
    let foreign = plant(&dir, "0a/README");
    let store = LocalStore::open(dir.path()).expect("a store");
    assert!(!orphan.exists());
    let aside = aside(&dir);
    let aside: Vec<_> = aside.iter().filter_map(|path| path.file_name()).collect();
    assert_eq!(aside, [orphan.file_name().expect("a name")]);
    assert!(foreign.exists());
    assert_eq!(read(&store, "f").await.expect("kept"), b"1");
    assert_eq!(read(&store, "g").await.expect("kept"), LARGE);
}

#[tokio::test]
async fn after_an_orderly_stop_no_file_is_looked_at() {
    let dir = TempDir::new().expect("a directory");
    LocalStore::open(dir.path()).expect("a store").close().await;
    let orphan = plant(&dir, ORPHAN);
    let store = LocalStore::open(dir.path()).expect("a store");
    assert!(orphan.exists());
    // The mark counts once: while the store is open, every end but an orderly one
    // is a crash.
    assert!(!dir.path().join("clean").exists());
    store.close().await;
    assert!(dir.path().join("clean").exists());
}

#[tokio::test]
async fn a_stop_waits_for_uploads_that_are_under_way() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    let upload = receive(&store, "f", &vec![1; 1 << 20]).await;
    {
        let mut closing = std::pin::pin!(store.close());
        assert!(futures_util::poll!(closing.as_mut()).is_pending());
        assert!(store.create(key("g"), freely()).await.is_err());
        drop(upload);
        closing.await;
    }
    assert!(blobs(&dir).is_empty());
    assert!(dir.path().join("clean").exists());
    assert!(read(&store, "f").await.is_err());
}

#[tokio::test]
async fn nothing_stays_on_disk_but_the_bytes_of_current_versions() {
    let (files, small) = what_stays(b"3").await;
    assert_eq!((files, small), (vec![], 1));
    let (files, small) = what_stays(&LARGE).await;
    assert_eq!((files, small), (vec![LARGE.to_vec()], 0));
}

/// Stores, replaces, removes and breaks off, with `last` as the one version that is left.
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
async fn a_directory_whose_small_files_are_files_is_taken_over() {
    let dir = TempDir::new().expect("a directory");
    LocalStore::open(dir.path()).expect("a store").close().await;
    let id = id::Id::fresh();
    let info = Info {
        key: key("f"),
        size: 3,
        etag: String::new(),
        modified: SystemTime::now(),
        content_type: "text/plain".into(),
        uploader: None,
    };
    let index = Index::open(dir.path().join("index.redb")).expect("an index");
    let inserted = index.update(|draft| draft.insert(id, &info, None).map(Some));
    assert!(inserted.is_ok());
    index.close();
    // Older versions did not write it down.
    fs::remove_file(dir.path().join("changes")).expect("a file");
    let file = plant(&dir, &format!("{:02x}/{id}", id.folder()));
    fs::write(&file, "old").expect("written");
    fs::write(dir.path().join("format"), "1\n").expect("written");

    let store = LocalStore::open(dir.path()).expect("a store");
    assert_eq!(read(&store, "f").await.expect("kept"), b"old");
    put(&store, "f", b"new").await;
    assert_eq!(read(&store, "f").await.expect("kept"), b"new");
    store.close().await;
    assert!(!file.exists());
    let format = fs::read_to_string(dir.path().join("format"));
    assert_eq!(format.expect("a format"), "2\n");
}

#[tokio::test]
async fn names_never_become_paths_and_nobody_else_may_read() {
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
