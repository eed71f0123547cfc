//! Unfinished uploads: their bytes on disk, in the index and after crashes.

use std::fs::OpenOptions;
use std::time::{Duration, Instant};

use coffer_port::resumable::{BeginOptions, UploadId};

use super::id::Id;
use super::index::Compacted;
use super::room::{emptied, shorter};
use super::*;
use crate::store::contract::resumable::{
    any, anyhow, append, begin, begin_with, beginning, complete, completed, engine, gone, look,
    received, turn,
};

/// A store as its own type, and as any engine.
type Both = (Arc<LocalStore>, Arc<dyn BlobStore>);

fn open(dir: &TempDir) -> Both {
    let store = Arc::new(LocalStore::open(dir.path()).expect("a store"));
    (store.clone(), store)
}

async fn closed((local, store): Both) {
    drop(store);
    local.close().await;
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn checked(dir: &TempDir) -> Checked {
    check(dir.path(), |line| println!("{line}")).expect("checked")
}

/// The only blob there is.
fn blob(dir: &TempDir) -> PathBuf {
    let blobs = blobs(dir);
    assert_eq!(blobs.len(), 1, "{blobs:?}");
    blobs[0].clone()
}

#[tokio::test]
async fn uploads_outlive_a_crash_and_what_came_after_the_last_turn_is_cut_off() {
    let dir = TempDir::new().expect("a directory");
    let both = open(&dir);
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(begin(&both.1, &format!("{n}")).await);
    }
    append(&both.1, &ids[1], b"few").await;
    append(&both.1, &ids[2], &LARGE).await;
    append(&both.1, &ids[3], &LARGE).await;
    append(&both.1, &ids[3], b"few").await;
    closed(both).await;
    assert_eq!(checked(&dir), Checked::default());
    // As if a crash had ended more turns.
    fs::remove_file(dir.path().join("clean")).expect("a file");
    for blob in blobs(&dir) {
        let mut file = OpenOptions::new().append(true).open(blob).expect("a file");
        file.write_all(b"more").expect("written");
    }
    assert_eq!(checked(&dir), Checked::default());

    let both = open(&dir);
    let expected: [&[u8]; 4] = [b"", b"few", &LARGE, &[&LARGE[..], b"few"].concat()];
    for (n, (id, content)) in ids.iter().zip(expected).enumerate() {
        assert_eq!(look(&both.1, id).await.offset, content.len() as u64);
        let stored = complete(&both.1, id, b"!", anyhow()).await;
        stored.expect("stored");
        let found = read(&both.0, &format!("{n}")).await.expect("a file");
        assert_eq!(found, [content, b"!"].concat());
    }
    closed(both).await;
    let files = Checked {
        files: 4,
        ..Checked::default()
    };
    assert_eq!(checked(&dir), files);
}

#[tokio::test]
async fn a_file_that_a_crash_left_of_an_upload_without_any_goes_with_it() {
    let dir = TempDir::new().expect("a directory");
    let both = open(&dir);
    let ids = [
        begin(&both.1, "finished").await,
        begin(&both.1, "discarded").await,
    ];
    for id in &ids {
        append(&both.1, id, b"few").await;
        let number = Id::parse(id.as_str()).expect("an id");
        let snapshot = both.0.index.snapshot().expect("a snapshot");
        let found = snapshot.upload(number, SystemTime::now());
        let blob = found.expect("an index").expect("an upload").reached.blob;
        fs::write(both.0.layout.blob(blob), LARGE).expect("as a crash left it");
    }
    complete(&both.1, &ids[0], b"!", anyhow())
        .await
        .expect("stored");
    engine(&both.1).discard(&ids[1]).await.expect("discarded");
    eventually("no blob is left", || blobs(&dir).is_empty());
    assert_eq!(read(&both.0, "finished").await.expect("a file"), b"few!");
}

#[tokio::test]
async fn nothing_is_left_of_what_is_discarded_or_expires() {
    let dir = TempDir::new().expect("a directory");
    let both = open(&dir);
    let discarded = begin(&both.1, "f").await;
    append(&both.1, &discarded, &LARGE).await;
    let turn = received(&both.1, &discarded, &[1; 600_000]).await;
    engine(&both.1)
        .discard(&discarded)
        .await
        .expect("discarded");
    drop(turn);
    eventually("no blob is left", || blobs(&dir).is_empty());
    let options = BeginOptions {
        lifetime: Duration::from_secs(1),
        ..beginning()
    };
    let expiring = begin_with(&both.1, "f", options).await;
    if let Ok((mut turn, _)) = engine(&both.1).resume(&expiring, any()).await {
        let _ = turn.write(Bytes::from_static(&LARGE)).await;
        let _ = engine(&both.1).suspend(turn, None).await;
    }
    gone(&both.1, &expiring).await;
    closed(both).await;
    // A start removes those that have expired.
    let both = open(&dir);
    eventually("nothing is left", || {
        let counted = both.0.index.count_bytes();
        blobs(&dir).is_empty() && matches!(counted, Ok((0, 0)))
    });
    closed(both).await;
    assert_eq!(checked(&dir), Checked::default());
}

/// How the file of an upload may be damaged from outside.
const DAMAGES: [fn(&Path); 3] = [
    |file| fs::write(file, b"").expect("emptied"),
    |file| {
        let file = OpenOptions::new().write(true).open(file);
        file.expect("a file").set_len(9_999).expect("cut");
    },
    |file| fs::remove_file(file).expect("removed"),
];

async fn assert_damaged(both: &Both, id: &UploadId) {
    for _ in 0..2 {
        for content in [&b""[..], b"few", &[1; 600_000]] {
            let mut turn = turn(&both.1, id).await;
            let _ = turn.write(Bytes::copy_from_slice(content)).await;
            let refused = engine(&both.1).finish(turn, anyhow()).await;
            assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
        }
        drop(received(&both.1, id, &LARGE).await);
    }
    assert!(matches!(read(&both.0, "f").await, Err(Error::NotFound)));
    assert_eq!(look(&both.1, id).await.offset, 10_000);
}

#[tokio::test]
async fn an_upload_whose_file_was_damaged_never_becomes_a_file() {
    for damage in DAMAGES {
        let dir = TempDir::new().expect("a directory");
        let both = open(&dir);
        let id = begin(&both.1, "f").await;
        append(&both.1, &id, &LARGE).await;
        damage(&blob(&dir));
        assert_damaged(&both, &id).await;
        closed(both).await;
        let found = checked(&dir);
        assert_eq!(found.damaged + found.missing, 1, "{found:?}");
        let both = open(&dir);
        assert_damaged(&both, &id).await;
        engine(&both.1).discard(&id).await.expect("discarded");
        closed(both).await;
        assert_eq!(checked(&dir), Checked::default());
    }
}

#[tokio::test]
async fn an_upload_whose_file_is_damaged_during_a_turn_never_becomes_a_file() {
    for damage in DAMAGES {
        let dir = TempDir::new().expect("a directory");
        let both = open(&dir);
        for (is_dropped, goes_on) in [(true, false), (true, true), (false, false), (false, true)] {
            let id = begin(&both.1, "f").await;
            append(&both.1, &id, &LARGE).await;
            let file = blob(&dir);
            let mut turn = received(&both.1, &id, &[1; 600_000]).await;
            eventually("a write", || {
                fs::metadata(&file).is_ok_and(|about| about.len() > 10_000)
            });
            damage(&file);
            if goes_on {
                let _ = turn.write(Bytes::from_static(&[2; 600_000])).await;
            }
            if is_dropped {
                drop(turn);
            } else {
                let refused = engine(&both.1).finish(turn, anyhow()).await;
                assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
            }
            assert_damaged(&both, &id).await;
            engine(&both.1).discard(&id).await.expect("discarded");
            eventually("no blob is left", || blobs(&dir).is_empty());
        }
    }
}

/// The bytes of the index, which are recorded as they are.
fn counted(store: &LocalStore) -> u64 {
    let (recorded, counted) = store.index.count_bytes().expect("counted");
    assert_eq!(recorded, counted);
    counted
}

#[tokio::test]
async fn the_index_counts_the_bytes_of_uploads() {
    let dir = TempDir::new().expect("a directory");
    let both = open(&dir);
    let (local, store) = &both;
    let id = begin(store, "f").await;
    let begun = counted(local);
    assert!(begun > 0);
    append(store, &id, b"few").await;
    assert_eq!(counted(local), begun + 3);
    append(store, &id, b"more").await;
    assert_eq!(counted(local), begun + 7);
    append(store, &id, &LARGE).await;
    assert_eq!(counted(local), begun);
    append(store, &id, b"few").await;
    let other = completed(store, "other", b"small").await;
    counted(local);
    complete(store, &id, b"!", anyhow()).await.expect("stored");
    counted(local);
    for id in [&id, &other] {
        engine(store).discard(id).await.expect("forgotten");
        counted(local);
    }
    put(local, "other", &LARGE).await;
    let keys = [key("f"), key("other")];
    local.remove_many(&keys, &Guard::Any).await;
    assert_eq!(counted(local), 0);
}

#[tokio::test]
async fn compaction_keeps_uploads() {
    for in_place in [true, false] {
        let dir = TempDir::new().expect("a directory");
        let both = open(&dir);
        let options = BeginOptions {
            note: b"note".to_vec(),
            length: Some(7),
            ..beginning()
        };
        let id = begin_with(&both.1, "f", options).await;
        append(&both.1, &id, b"few").await;
        let before = look(&both.1, &id).await;
        closed(both).await;
        // Written by this store without the files, whose rows are of no interest here.
        let index = emptied(&dir, 4_000);
        let compacted = match in_place {
            true => index.compact_in_place(),
            false => index.compact_aside(|| true),
        };
        assert!(shorter(compacted));
        assert!(matches!(
            index.compact_aside(|| true),
            Ok(Compacted::Unneeded)
        ));
        index.close();
        let both = open(&dir);
        counted(&both.0);
        assert_eq!(look(&both.1, &id).await, before);
        let options = BeginOptions {
            most: Some(1),
            ..beginning()
        };
        let refused = engine(&both.1).begin(key("g"), options).await;
        assert!(matches!(refused, Err(Error::TooMany)), "{refused:?}");
        complete(&both.1, &id, b"!!!!", anyhow())
            .await
            .expect("stored");
        assert_eq!(read(&both.0, "f").await.expect("a file"), b"few!!!!");
    }
}
