//! From one start to the next: who may use a directory, and what a crash leaves behind.

use super::*;

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
    fs::write(dir.path().join("format"), "4\n").expect("a newer format");
    let refused = LocalStore::open(dir.path()).map(|_| ());
    assert!(
        matches!(refused, Err(OpenError::Newer { found: 4, .. })),
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
async fn a_directory_of_the_format_without_small_files_in_the_index_is_upgraded() {
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
        metadata: Metadata::default(),
    };
    let index = Index::open(dir.path().join("index.redb")).expect("an index");
    let inserted = index.update(|draft| draft.insert(id, &info, None).map(Some));
    assert!(inserted.is_ok());
    index.close();
    // Older versions did not record it.
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
    assert_eq!(format.expect("a format"), "3\n");
}

/// A directory of format 2 with a small and a large file, written without this program's tables.
fn of_format_2() -> (TempDir, id::Id) {
    let dir = TempDir::new().expect("a directory");
    let (small, large) = (id::Id::fresh(), id::Id::fresh());
    let blobs = dir.path().join("blobs");
    for folder in 0..=u8::MAX {
        fs::create_dir_all(blobs.join(format!("{folder:02x}"))).expect("a folder");
    }
    fs::write(blobs.join(layout::blob_name(large)), LARGE).expect("written");
    let database = redb::Database::create(dir.path().join("index.redb")).expect("an index");
    let transaction = database.begin_write().expect("a transaction");
    {
        type Row = (u128, u64, u64, &'static str, Option<&'static str>);
        let files = redb::TableDefinition::<&[u8], Row>::new("files");
        let mut files = transaction.open_table(files).expect("a table");
        let row = (small.as_u128(), 3, 1_000_000_000, "text/plain", Some("ann"));
        files.insert(&b"small"[..], row).expect("a row");
        let row = (large.as_u128(), LARGE.len() as u64, 0, "a/b", None);
        files.insert(&b"large"[..], row).expect("a row");
        let contents = redb::TableDefinition::<u128, &[u8]>::new("contents");
        let mut contents = transaction.open_table(contents).expect("a table");
        contents
            .insert(small.as_u128(), &b"old"[..])
            .expect("bytes");
        let changes = redb::TableDefinition::<(), u64>::new("changes");
        let mut changes = transaction.open_table(changes).expect("a table");
        changes.insert((), 2).expect("a number");
        let sizes = redb::TableDefinition::<(), (u64, u64)>::new("sizes");
        let mut sizes = transaction.open_table(sizes).expect("a table");
        sizes.insert((), (2, 157)).expect("a number");
    }
    transaction.commit().expect("committed");
    database.close().expect("closed");
    fs::write(dir.path().join("changes"), format!("{:020} {:020}\n", 2, 0)).expect("written");
    fs::write(dir.path().join("format"), "2\n").expect("written");
    (dir, large)
}

#[tokio::test]
async fn a_directory_of_the_format_without_shared_bytes_is_upgraded() {
    let (dir, id) = of_format_2();
    // A check changes nothing.
    let before = fs::read(dir.path().join("index.redb")).expect("an index");
    fs::write(dir.path().join("lock"), "").expect("a lock");
    let checked = check(dir.path(), |line| panic!("{line}")).expect("checked");
    assert_eq!(checked.files, 2);
    assert!(fs::read(dir.path().join("index.redb")).expect("an index") == before);

    let store = LocalStore::open(dir.path()).expect("a store");
    let format = fs::read_to_string(dir.path().join("format"));
    assert_eq!(format.expect("a format"), "3\n");
    assert_eq!(read(&store, "small").await.expect("kept"), b"old");
    assert_eq!(read(&store, "large").await.expect("kept"), LARGE);
    let info = describe(&store, "small").await;
    assert_eq!(info.uploader.as_deref(), Some("ann"));
    assert!(info.metadata.is_empty());
    for name in ["small", "large"] {
        let etag = etag(&store, name).await;
        let made = copy(&store, copying(name, &etag, "copy")).await;
        assert!(made.is_ok());
        store.remove_many(&[key(name)], &Guard::Any).await;
    }
    assert_eq!(read(&store, "copy").await.expect("a copy"), LARGE);
    store.close().await;
    let names: Vec<_> = blobs(&dir)
        .iter()
        .map(|path| path.file_name().map(Into::into))
        .collect();
    assert_eq!(names, [Some(std::ffi::OsString::from(id.to_string()))]);
}

#[tokio::test]
async fn what_a_crash_left_is_moved_aside_by_the_next_start() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    put(&store, "f", b"1").await;
    put(&store, "g", &LARGE).await;
    store.close().await;
    // Not a clean shutdown: the mark is missing.
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
async fn after_a_clean_shutdown_no_file_is_scanned() {
    let dir = TempDir::new().expect("a directory");
    LocalStore::open(dir.path()).expect("a store").close().await;
    let orphan = plant(&dir, ORPHAN);
    let store = LocalStore::open(dir.path()).expect("a store");
    assert!(orphan.exists());
    // The mark counts once: while the store is open, every end but a clean shutdown is a
    // crash.
    assert!(!dir.path().join("clean").exists());
    store.close().await;
    assert!(dir.path().join("clean").exists());
}

#[tokio::test]
async fn a_shutdown_waits_for_uploads_in_progress() {
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
