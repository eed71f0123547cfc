//! Space is reclaimed: in the index's file, and on the disk.

use super::index::Compacted;
use super::*;

const SMALL_FILE: [u8; 8_000] = [1; 8_000];

/// An index with this many small files, of which all but every 20th are removed.
pub(super) fn emptied(dir: &TempDir, files: u64) -> Index {
    let index = Index::open(dir.path().join("index.redb")).expect("an index");
    let info = |n: u64| Info {
        key: key(&format!("{n:08}")),
        size: SMALL_FILE.len() as u64,
        etag: String::new(),
        modified: SystemTime::now(),
        content_type: "text/plain".into(),
        uploader: None,
        metadata: Metadata::default(),
    };
    let content = Bytes::from_static(&SMALL_FILE);
    let filled = index.update(|draft| {
        for n in 0..files {
            draft.insert(id::Id::fresh(), &info(n), Some(&content))?;
        }
        Ok(Some(()))
    });
    assert!(filled.is_ok());
    let removed = index.update(|draft| {
        for n in (0..files).filter(|n| n % 20 != 0) {
            draft.remove(&info(n).key)?;
        }
        Ok(Some(()))
    });
    assert!(removed.is_ok());
    index
}

fn is_whole(index: &Index, files: u64) {
    let snapshot = index.snapshot().expect("a snapshot");
    for n in 0..files {
        let version = snapshot.get(&key(&format!("{n:08}"))).expect("an index");
        assert_eq!(version.is_some(), n % 20 == 0, "{n}");
        if let Some(version) = version {
            let content = snapshot.content(&version).expect("an index");
            assert_eq!(content.as_deref(), Some(SMALL_FILE.as_slice()), "{n}");
        }
    }
    assert_eq!(snapshot.contents_count().expect("a number"), files / 20);
}

pub(super) fn shorter(compacted: Result<Compacted, redb::Error>) -> bool {
    matches!(compacted, Ok(Compacted::Done(before, after)) if after < before / 4)
}

#[test]
fn the_space_of_small_files_is_reclaimed_at_the_next_start() {
    let dir = TempDir::new().expect("a directory");
    let index = emptied(&dir, 4_000);
    let free = index.free();
    assert!(free > 16 << 20, "{free}");
    index.close();
    let index = Index::open(dir.path().join("index.redb")).expect("an index");
    // As recorded, not counted again.
    assert!(index.free().abs_diff(free) < 1 << 20);
    assert!(shorter(index.compact_in_place()));
    is_whole(&index, 4_000);
    assert_eq!(index.changes().expect("a number"), 2);
    let again = index.compact_in_place();
    assert!(matches!(again, Ok(Compacted::Unneeded)));
}

#[test]
fn the_space_of_small_files_is_reclaimed_while_others_read() {
    let dir = TempDir::new().expect("a directory");
    let index = emptied(&dir, 4_000);
    let before = index.snapshot().expect("a snapshot");
    let given_up = index.compact_aside(|| false);
    assert!(matches!(given_up, Ok(Compacted::GivenUp)));
    is_whole(&index, 4_000);

    let dir = TempDir::new().expect("a directory");
    let index = emptied(&dir, 4_000);
    let reader = index.snapshot().expect("a snapshot");
    assert!(shorter(index.compact_aside(|| true)));
    assert!(!dir.path().join("index.new").exists());
    // A reader that has started continues with the old file, which is closed afterwards.
    for n in (0..4_000).step_by(20) {
        let version = reader.get(&key(&format!("{n:08}"))).expect("an index");
        let version = version.expect("a version");
        assert!(reader.content(&version).expect("an index").is_some(), "{n}");
    }
    assert!(index.release());
    drop(reader);
    assert!(!index.release());
    is_whole(&index, 4_000);
    let changed = index.update(|draft| draft.remove(&key("00000000")).map(Some));
    assert!(matches!(changed, Ok(Some(3))));
    index.close();
    let index = Index::open(dir.path().join("index.redb")).expect("an index");
    assert_eq!(index.changes().expect("a number"), 3);
    drop(before);
}

#[test]
fn compaction_keeps_metadata_and_what_copies_share() {
    for in_place in [true, false] {
        let dir = TempDir::new().expect("a directory");
        let index = emptied(&dir, 4_000);
        let (source, copy) = (key("00000020"), key("copy"));
        let metadata = Metadata::new(vec![("k".into(), "Zoë".into())]).expect("metadata");
        let copied = index.update(|draft| {
            let version = draft.get(&source)?.expect("a version");
            let info = Info {
                key: copy.clone(),
                metadata: metadata.clone(),
                ..version.info
            };
            draft.copy(version.id, &info).map(Some)
        });
        assert!(copied.is_ok());
        let before = index.free();
        let compacted = match in_place {
            true => index.compact_in_place(),
            false => index.compact_aside(|| true),
        };
        assert!(shorter(compacted) && index.free() < before);
        let snapshot = index.snapshot().expect("a snapshot");
        let version = snapshot.get(&copy).expect("an index").expect("a version");
        assert_eq!(version.info.metadata, metadata);
        let references = snapshot.references().expect("counts");
        assert_eq!(
            references.into_iter().collect::<Vec<_>>(),
            [(version.id, 2)]
        );
        let removed = index.update(|draft| draft.remove(&source).map(Some));
        assert!(removed.is_ok());
        let content = index.snapshot().expect("a snapshot").content(&version);
        assert_eq!(content.expect("an index").as_deref(), Some(&SMALL_FILE[..]));
    }
}

#[test]
fn after_a_change_by_an_older_version_the_bytes_are_counted_again() {
    let dir = TempDir::new().expect("a directory");
    let index = emptied(&dir, 400);
    let free = index.free();
    index.close();
    let path = dir.path().join("index.redb");
    let database = redb::Database::open(&path).expect("an index");
    let transaction = database.begin_write().expect("a transaction");
    {
        let changes = redb::TableDefinition::<(), u64>::new("changes");
        let mut changes = transaction.open_table(changes).expect("a table");
        changes.insert((), 3).expect("a number");
    }
    transaction.commit().expect("committed");
    database.close().expect("closed");
    let index = Index::open(path).expect("an index");
    let now = index.free();
    assert!(now.abs_diff(free) < 1 << 20, "{free} and {now}");
    is_whole(&index, 400);
}

#[tokio::test]
async fn free_pages_of_the_index_count_as_room() {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    let room = || store.layout.room().expect("a disk").expect("blocks");
    store.layout.set_index_free(0);
    let disk = room();
    store.layout.set_index_free(1 << 40);
    assert!(room() >= disk.min(1 << 40));
    assert!(room() >= 1 << 40);
    // Free space is recomputed with each change.
    for n in 0..400 {
        put(&store, &format!("{n}"), &SMALL_FILE).await;
    }
    for n in 0..400 {
        let (who, conditions) = (Guard::Any, Conditions::default());
        let name = key(&format!("{n}"));
        let removed = store.remove(&name, &who, &conditions).await;
        removed.expect("removed");
    }
    let free = store.index.free();
    assert!(free > 1 << 20, "{free}");
    assert!(room() < 1 << 40);
}
