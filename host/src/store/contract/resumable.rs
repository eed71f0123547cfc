//! Resumable uploads: what is known of one, and what of it is visible.

use std::future::Future;
use std::time::{Duration, Instant, SystemTime};

use coffer_port::resumable::{BeginOptions, Progress, Terms, TurnOptions, UploadId};

use super::super::Resumable;
use super::*;

/// The engine's resumable uploads.
pub(crate) fn engine(store: &Store) -> &dyn Resumable {
    store.resumable().expect("an engine that has them")
}

/// Options that allow everything, for an hour.
pub(crate) fn beginning() -> BeginOptions {
    BeginOptions {
        target: freely(),
        length: None,
        lifetime: Duration::from_secs(3600),
        owner: "ann".into(),
        most: Some(100),
        note: Vec::new(),
    }
}

/// A turn of any length.
pub(crate) fn any() -> TurnOptions {
    TurnOptions {
        max_size: u64::MAX,
        digest: None,
    }
}

/// Terms that allow everything.
pub(crate) fn anyhow() -> Terms {
    Terms {
        may_create: true,
        may_replace: Guard::Any,
        conditions: Conditions::default(),
    }
}

pub(crate) async fn begin_with(store: &Store, name: &str, options: BeginOptions) -> UploadId {
    let begun = engine(store).begin(key(name), options).await;
    begun.expect("an upload")
}

pub(crate) async fn begin(store: &Store, name: &str) -> UploadId {
    begin_with(store, name, beginning()).await
}

pub(crate) async fn look(store: &Store, id: &UploadId) -> Progress {
    engine(store).look(id).await.expect("an upload")
}

pub(super) async fn resume(
    store: &Store,
    id: &UploadId,
    options: TurnOptions,
) -> Result<Box<dyn Upload>, Error> {
    Ok(engine(store).resume(id, options).await?.0)
}

/// A turn, once the one before it has ended: a dropped one does so in the background.
pub(super) async fn turn_with(
    store: &Store,
    id: &UploadId,
    options: TurnOptions,
) -> Box<dyn Upload> {
    let deadline = deadline();
    loop {
        match resume(store, id, options).await {
            Err(Error::Busy) => pause(deadline).await,
            turn => return turn.expect("a turn"),
        }
    }
}

pub(crate) async fn turn(store: &Store, id: &UploadId) -> Box<dyn Upload> {
    turn_with(store, id, any()).await
}

/// A turn that has received these bytes.
pub(crate) async fn received(store: &Store, id: &UploadId, content: &[u8]) -> Box<dyn Upload> {
    let mut turn = turn(store, id).await;
    let written = turn.write(Bytes::copy_from_slice(content)).await;
    written.expect("written");
    turn
}

/// Appends these bytes in a turn of their own; returns the offset.
pub(crate) async fn append(store: &Store, id: &UploadId, content: &[u8]) -> u64 {
    let turn = received(store, id, content).await;
    engine(store).suspend(turn, None).await.expect("kept")
}

/// Appends these bytes, and makes a file of all.
pub(crate) async fn complete(
    store: &Store,
    id: &UploadId,
    content: &[u8],
    terms: Terms,
) -> Result<Stored, Error> {
    let turn = received(store, id, content).await;
    engine(store).finish(turn, terms).await
}

/// An upload that has become a file with this content.
pub(crate) async fn completed(store: &Store, name: &str, content: &[u8]) -> UploadId {
    let id = begin(store, name).await;
    let stored = complete(store, &id, content, anyhow()).await;
    stored.expect("stored");
    id
}

/// Waits until an upload has gone.
pub(crate) async fn gone(store: &Store, id: &UploadId) {
    let deadline = deadline();
    while engine(store).look(id).await.is_ok() {
        pause(deadline).await;
    }
    assert_eq!(verdicts(store, id).await, NOT_FOUND);
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

async fn pause(deadline: Instant) {
    assert!(Instant::now() < deadline, "it never came");
    tokio::time::sleep(Duration::from_millis(5)).await;
}

/// What the engine says of an upload in every call that names one, apart from its end.
pub(super) async fn verdicts(store: &Store, id: &UploadId) -> [String; 3] {
    [
        verdict(engine(store).look(id).await),
        verdict(resume(store, id, any()).await),
        verdict(engine(store).discard(id).await),
    ]
}

pub(super) const NOT_FOUND: [&str; 3] = ["NotFound"; 3];

pub(crate) async fn what_it_began_with_is_known(store: Store) {
    let everything: Vec<u8> = (0..16 << 10).map(|n: u32| n.to_le_bytes()[0]).collect();
    for (length, lifetime, note) in [
        (None, 60, Vec::new()),
        (Some(0), 3600, vec![0]),
        (Some(12), 86_400, everything),
        (Some(u64::MAX), 1_000_000_000, b"note".to_vec()),
    ] {
        let options = BeginOptions {
            length,
            lifetime: Duration::from_secs(lifetime),
            note: note.clone(),
            ..beginning()
        };
        let (before, lifetime) = (SystemTime::now(), options.lifetime);
        let id = begin_with(&store, "f", options).await;
        let after = SystemTime::now();
        let found = look(&store, &id).await;
        // An engine may keep whole seconds, and never says that it lives longer than it does.
        let second = Duration::from_secs(1);
        let lives = before + lifetime - second..=after + lifetime + second;
        assert!(lives.contains(&found.expires), "{:?}", found.expires);
        let expected = Progress {
            offset: 0,
            length,
            note,
            expires: found.expires,
            finished: false,
        };
        assert_eq!(found, expected);
        let again = engine(&store).resume(&id, any()).await.expect("a turn");
        assert_eq!(again.1, expected, "a turn says the same");
        drop(again);
    }
}

pub(crate) async fn it_is_known_how_far_it_is(store: Store) {
    let id = begin(&store, "f").await;
    let mut offset = 0;
    for length in [0, 10, 0, 9_000, 1, 0] {
        let turn = received(&store, &id, &vec![1; length]).await;
        // What a turn has received so far may still be dropped.
        assert_eq!(look(&store, &id).await.offset, offset);
        offset += length as u64;
        let kept = engine(&store).suspend(turn, None).await;
        assert_eq!(kept.expect("kept"), offset);
        let found = look(&store, &id).await;
        assert_eq!((found.offset, found.length), (offset, None));
    }
}

pub(crate) async fn nothing_is_visible_before_it_is_finished(store: Store) {
    put(&store, "there", b"old").await;
    for name in ["new", "there"] {
        let id = begin(&store, name).await;
        assert_seen(&store, name).await;
        for content in [&b"few"[..], &noise(1, 20_000)] {
            append(&store, &id, content).await;
            assert_seen(&store, name).await;
        }
        let turn = received(&store, &id, b"more").await;
        assert_seen(&store, name).await;
        drop(turn);
        assert_seen(&store, name).await;
    }
}

/// What is stored is the old version, and nothing else.
async fn assert_seen(store: &Store, name: &str) {
    assert_eq!(lists::names(store).await, ["there"], "{name}");
    assert_eq!(read(store, "there").await.as_deref(), Some(&b"old"[..]));
    assert_eq!(read(store, "new").await, None);
}

pub(crate) async fn uploads_of_one_key_do_not_touch_each_other(store: Store) {
    let [one, other, third] = [9_000, 5, 70_000].map(|size| noise(size as u64, size));
    let ids = [
        begin(&store, "f").await,
        begin(&store, "f").await,
        begin(&store, "f").await,
    ];
    for (id, content) in ids.iter().zip([&one, &other, &third]) {
        append(&store, id, &content[..2]).await;
    }
    engine(&store).discard(&ids[2]).await.expect("discarded");
    for (id, content) in ids.iter().zip([&one, &other]) {
        let stored = complete(&store, id, &content[2..], anyhow()).await;
        assert_eq!(stored.expect("stored").replaced, content == &other);
        assert!(read(&store, "f").await.as_ref() == Some(content));
    }
    remove(&store, "f").await.expect("removed");
    assert_eq!(lists::names(&store).await, [""; 0]);
}

pub(crate) async fn an_id_that_nobody_gave_is_not_found(store: Store) {
    let id = begin(&store, "f").await;
    append(&store, &id, b"kept").await;
    let text = id.as_str();
    let other_case = match text.to_ascii_uppercase() {
        upper if upper == text => text.to_ascii_lowercase(),
        upper => upper,
    };
    for unknown in [
        "a",
        ".",
        "..",
        "-",
        "_",
        "f",
        "0",
        "00000000000000000000000000000000",
        "+0000000000000000000000000000000",
        &"x".repeat(128),
        &text[1..],
        &text[..text.len() - 1],
        &format!("{text}."),
        &format!("{text}0"),
        &other_case,
    ] {
        let Some(unknown) = UploadId::new(unknown.to_owned()) else {
            continue;
        };
        if unknown != id {
            assert_eq!(verdicts(&store, &unknown).await, NOT_FOUND, "{unknown}");
        }
    }
    assert_eq!(look(&store, &id).await.offset, 4);
}

/// The outcomes of calls that were made at the same time.
pub(super) async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    calls: impl IntoIterator<Item = F>,
) -> Vec<T> {
    let calls: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    let mut outcomes = Vec::new();
    for call in calls {
        outcomes.push(call.await.expect("an outcome"));
    }
    outcomes
}
