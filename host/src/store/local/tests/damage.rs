//! Corruption is found and reported, and brings nothing else down.

use std::os::unix::fs::FileExt;

use super::*;

/// Damages a file at this place.
fn flip(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).expect("a file");
    bytes[offset] ^= 0xff;
    fs::write(path, bytes).expect("written");
}

/// The directory of a store that has been stopped, with large and small files.
async fn stopped() -> TempDir {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    for n in 0..50 {
        put(&store, &format!("small/{n}"), &vec![n; 2_000]).await;
        put(&store, &format!("large/{n}"), &LARGE).await;
    }
    store.close().await;
    dir
}

fn blob_of(dir: &TempDir, store: &LocalStore, name: &str) -> PathBuf {
    let snapshot = store.index.snapshot().expect("a snapshot");
    let version = snapshot.get(&key(name)).expect("an index");
    let id = version.expect("a version").id;
    dir.path().join("blobs").join(layout::blob_name(id))
}

pub(super) fn cut(path: &Path, length: u64) {
    let file = fs::OpenOptions::new().write(true).open(path);
    file.expect("bytes").set_len(length).expect("cut");
}

#[tokio::test]
async fn damaged_files_are_counted_once_each_and_others_are_served() {
    let dir = stopped().await;
    let store = LocalStore::open(dir.path()).expect("a store");
    cut(&blob_of(&dir, &store, "large/0"), 9_999);
    cut(&blob_of(&dir, &store, "large/1"), 10_001);
    fs::remove_file(blob_of(&dir, &store, "large/2")).expect("bytes");
    for expected in [0, 3, 3] {
        assert_eq!(store.damaged_files(), expected);
        for name in ["large/0", "large/1", "large/2"] {
            let outcome = read(&store, name).await;
            assert!(matches!(outcome, Err(Error::Unavailable(_))), "{name}");
        }
        assert_eq!(read(&store, "large/3").await.expect("kept"), LARGE);
    }
    // Cut while it is read.
    let options = OpenOptions {
        span: Span::All,
        if_range: None,
        may_read: Guard::Any,
        conditions: Conditions::default(),
    };
    let opened = store.open(&key("large/4"), options).await;
    cut(&blob_of(&dir, &store, "large/4"), 1);
    let body = opened.expect("bytes").body.here();
    let outcome: Result<Vec<Bytes>, _> = body.try_collect().await;
    assert!(outcome.is_err());
    assert_eq!(store.damaged_files(), 4);
    assert!(matches!(
        read(&store, "missing").await,
        Err(Error::NotFound)
    ));
    assert_eq!(store.damaged_files(), 4);
}

/// Damages the index at one place after another: in its header, and in the headers of its
/// pages. A start either refuses, or all files are unchanged.
#[tokio::test]
async fn an_index_that_was_damaged_is_refused_in_one_line_or_served_whole() {
    let dir = stopped().await;
    let path = dir.path().join("index.redb");
    let whole = fs::read(&path).expect("an index");
    let changes = fs::read(dir.path().join("changes")).expect("a file");
    let mut refused = 0;
    let header = (0..320).step_by(20);
    let pages = (4096..whole.len()).step_by(3 * 4096);
    let pages = pages.flat_map(|page| [page, page + 4]);
    for offset in header.chain(pages) {
        fs::write(&path, &whole).expect("written");
        fs::write(dir.path().join("changes"), &changes).expect("written");
        flip(&path, offset);
        let store = match LocalStore::open(dir.path()) {
            Err(error) => {
                assert!(!error.to_string().contains('\n'), "{offset}: {error}");
                refused += 1;
                continue;
            }
            Ok(store) => store,
        };
        for n in (0..50).step_by(7) {
            let small = read(&store, &format!("small/{n}")).await;
            assert_eq!(small.expect("kept"), vec![n; 2_000], "{offset}");
            let large = read(&store, &format!("large/{n}")).await;
            assert_eq!(large.expect("kept"), LARGE, "{offset}");
        }
        store.close().await;
    }
    assert!(refused > 0);
}

/// More data than redb caches, so that it has to read what was damaged after the start.
#[tokio::test]
async fn an_index_that_is_damaged_while_it_serves_ends_the_service_and_no_thread() {
    let dir = TempDir::new().expect("a directory");
    LocalStore::open(dir.path()).expect("a store").close().await;
    let path = dir.path().join("index.redb");
    let index = Index::open(path.clone()).expect("an index");
    let content = Bytes::from_static(&[1; 8_000]);
    let filled = index.update(|draft| {
        for n in 0..6_000 {
            let info = Info {
                key: key(&format!("{n:08}")),
                size: content.len() as u64,
                etag: String::new(),
                modified: SystemTime::now(),
                content_type: "text/plain".into(),
                uploader: None,
                metadata: Metadata::default(),
            };
            draft.insert(id::Id::fresh(), &info, Some(&content))?;
        }
        Ok(Some(()))
    });
    assert!(filled.is_ok());
    index.close();
    let store = LocalStore::open(dir.path()).expect("a store");
    let length = fs::metadata(&path).expect("an index").len();
    let file = fs::OpenOptions::new().write(true).open(&path);
    let damage = vec![0xff; usize::try_from(length).expect("a length") - 4096];
    let written = file.expect("an index").write_all_at(&damage, 4096);
    written.expect("damaged");

    let mut refused = 0;
    for n in 0..6_000 {
        match read(&store, &format!("{n:08}")).await {
            Ok(bytes) => assert!(bytes == content && refused == 0, "{n}"),
            Err(error) => {
                assert!(matches!(error, Error::Unavailable(_)), "{n}: {error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0 && store.index.is_damaged());
    let options = ListOptions {
        prefix: "readiness".into(),
        delimiter: None,
        after: None,
        limit: 1,
    };
    let listed = store.list(options).await;
    assert!(matches!(listed, Err(Error::Unavailable(_))));
    let created = store.create(key("new"), freely()).await.map(|_| ());
    assert!(matches!(created, Err(Error::Unavailable(_))));
    store.close().await;
    let refused = LocalStore::open(dir.path()).map(|_| ());
    assert!(matches!(refused, Err(OpenError::Damaged { .. })));
}

#[tokio::test]
async fn a_check_lists_what_is_damaged_missing_and_orphaned_and_changes_nothing() {
    let dir = stopped().await;
    let found = |dir: &TempDir| {
        let mut lines = Vec::new();
        let checked = check(dir.path(), |line| lines.push(line)).expect("checked");
        (checked, lines)
    };
    let whole = Checked {
        files: 100,
        ..Checked::default()
    };
    assert_eq!(found(&dir), (whole, vec![]));

    let store = LocalStore::open(dir.path()).expect("a store");
    let in_use = check(dir.path(), |_| ());
    assert!(matches!(in_use, Err(OpenError::InUse { .. })), "{in_use:?}");
    let (short, gone) = (
        blob_of(&dir, &store, "large/0"),
        blob_of(&dir, &store, "large/1"),
    );
    store.close().await;
    cut(&short, 9_999);
    fs::remove_file(gone).expect("bytes");
    plant(&dir, ORPHAN);
    fs::remove_file(dir.path().join("clean")).expect("as after a crash");
    let path = dir.path().join("index.redb");
    let before = fs::read(&path).expect("an index");
    let (checked, mut lines) = found(&dir);
    let expected = Checked {
        files: 100,
        damaged: 1,
        missing: 1,
        orphaned: 1,
    };
    assert_eq!(checked, expected, "{lines:?}");
    lines.sort();
    let says = |n: usize, words: &[&str]| words.iter().all(|word| lines[n].contains(word));
    assert!(
        says(
            0,
            &["damaged: \"large/0\"", "expected 10000 bytes, found 9999"]
        ),
        "{lines:?}"
    );
    assert!(says(1, &["missing: \"large/1\""]), "{lines:?}");
    assert!(says(2, &["orphaned: ", ORPHAN]), "{lines:?}");
    assert!(fs::read(&path).expect("an index") == before);
    assert_eq!(blobs(&dir).len(), 50);
    assert!(!dir.path().join("orphaned").exists());

    // The bytes of small files have checksums.
    let needle = [7; 2_000];
    let place = before.windows(2_000).position(|bytes| bytes == needle);
    flip(&path, place.expect("the bytes of small/7") + 1_000);
    let (checked, lines) = found(&dir);
    assert_eq!(checked.damaged, 1, "{lines:?}");
    assert!(lines[0].starts_with("damaged: the index: "), "{lines:?}");
    fs::write(&path, &before).expect("put back");

    fs::write(&path, "").expect("truncated");
    let (checked, lines) = found(&dir);
    assert_eq!(checked.damaged, 1, "{lines:?}");
    assert_eq!(fs::metadata(&path).expect("an index").len(), 0);
}

#[test]
fn a_check_of_what_is_not_a_store_creates_nothing() {
    let dir = TempDir::new().expect("a directory");
    let refused = check(dir.path(), |_| ());
    assert!(matches!(refused, Err(OpenError::NotAStore { .. })));
    let missing = dir.path().join("missing");
    let refused = check(&missing, |_| ());
    assert!(matches!(refused, Err(OpenError::NotAStore { .. })));
    assert!(!missing.exists());
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 0);
}
