//! Resumable uploads of several hosts on one bucket, and what they leave there.

mod ended; // discarded, expired, swept
mod finished; // lost answers at the end
mod leases; // turns that others take over
mod tails; // bytes around the size of a part

use std::time::SystemTime;

use coffer_port::resumable::{BeginOptions, Progress, Terms, TurnDigest, TurnOptions, UploadId};

use super::service::Fault;
use super::*;
use crate::store::contract::noise;
use crate::store::contract::resumable::{self as contract, anyhow};

const PART: usize = 8 << 20;

fn beginning() -> BeginOptions {
    BeginOptions {
        note: b"note".to_vec(),
        ..contract::beginning()
    }
}

pub(super) async fn begin(store: &S3Store, name: &str) -> UploadId {
    let begun = store.resumable().expect("supported");
    begun.begin(key(name), beginning()).await.expect("begun")
}

pub(super) async fn look(store: &S3Store, id: &UploadId) -> Result<Progress, Error> {
    store.resumable().expect("supported").look(id).await
}

async fn resume(
    store: &S3Store,
    id: &UploadId,
    digest: Option<TurnDigest>,
) -> Result<Box<dyn Upload>, Error> {
    let options = TurnOptions {
        max_size: u64::MAX,
        digest,
    };
    let resumed = store.resumable().expect("supported").resume(id, options);
    Ok(resumed.await?.0)
}

/// A turn that has received these bytes.
async fn received(
    store: &S3Store,
    id: &UploadId,
    content: &[u8],
) -> Result<Box<dyn Upload>, Error> {
    let mut turn = resume(store, id, None).await?;
    for piece in content.chunks(300_000) {
        turn.write(Bytes::copy_from_slice(piece)).await?;
    }
    Ok(turn)
}

async fn suspend(store: &S3Store, turn: Box<dyn Upload>) -> Result<u64, Error> {
    let suspended = store.resumable().expect("supported");
    suspended.suspend(turn, None).await
}

async fn append(store: &S3Store, id: &UploadId, content: &[u8]) -> Result<u64, Error> {
    let turn = received(store, id, content).await?;
    suspend(store, turn).await
}

async fn end(store: &S3Store, turn: Box<dyn Upload>) -> Result<Stored, Error> {
    let finished = store.resumable().expect("supported");
    finished.finish(turn, anyhow()).await
}

async fn finish(store: &S3Store, id: &UploadId, content: &[u8]) -> Result<Stored, Error> {
    let turn = received(store, id, content).await?;
    end(store, turn).await
}

async fn discard(store: &S3Store, id: &UploadId) -> Result<(), Error> {
    store.resumable().expect("supported").discard(id).await
}

/// One whose turns end at once for other hosts.
async fn fleeting(service: &S3Service) -> S3Store {
    let tuning = Tuning {
        lease: Duration::ZERO,
        ..Tuning::default()
    };
    tuned(service, tuning).await
}

async fn is_file(store: &S3Store, name: &str, content: &[u8]) -> bool {
    read(store, name, Span::All).await.expect("a file") == content
}

/// The objects of the engine's own, by what comes before an upload's id, and the multipart uploads.
fn left(service: &S3Service) -> (Vec<String>, usize) {
    let own = service.objects(BUCKET).into_iter();
    let own = own.filter_map(|name| {
        let rest = name.strip_prefix(".coffer/")?;
        Some(rest.split('/').next().unwrap_or(rest).to_owned())
    });
    (own.collect(), service.unfinished())
}

const NOTHING: (Vec<String>, usize) = (Vec::new(), 0);

/// The ID of the only multipart upload.
async fn multipart(store: &S3Store) -> String {
    let page = store.shared.bucket.uploads_page("f", Default::default());
    let mut uploads = page.await.expect("a list").uploads;
    assert_eq!(uploads.len(), 1);
    uploads.remove(0).id
}

/// What a finished upload leaves.
fn memory() -> (Vec<String>, usize) {
    (vec!["uploads".to_owned()], 0)
}

#[tokio::test]
async fn two_hosts_append_in_turn() {
    for knows in [
        Knows::default(),
        Knows::ceph(),
        Knows::swift(),
        Knows::no_conditions(),
        Knows {
            gaps: false,
            ..Knows::default()
        },
    ] {
        let service = S3Service::that(knows);
        let hosts = [store_on(&service).await, store_on(&service).await];
        let id = begin(&hosts[0], "f").await;
        let mut content = Vec::new();
        for (n, size) in [1, 70_000, 5 << 20, 0, PART, 4 << 20, 20 << 20]
            .into_iter()
            .enumerate()
        {
            let piece = noise(n as u64, size);
            content.extend_from_slice(&piece);
            let offset = append(&hosts[n % 2], &id, &piece).await.expect("kept");
            assert_eq!(offset, content.len() as u64);
            for host in &hosts {
                let progress = look(host, &id).await.expect("known");
                assert_eq!((progress.offset, progress.finished), (offset, false));
                assert_eq!(progress.note, b"note");
            }
        }
        let stored = finish(&hosts[1], &id, b"end").await.expect("stored");
        content.extend_from_slice(b"end");
        assert_eq!(stored.info.size, content.len() as u64);
        assert!(is_file(&hosts[0], "f", &content).await, "{knows:?}");
        for host in &hosts {
            let progress = look(host, &id).await.expect("known");
            assert!(progress.finished && progress.offset == content.len() as u64);
            let again = received(host, &id, b"").await.map(drop);
            assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
        }
        assert_eq!(left(&service), memory(), "{knows:?}");
        let of_f = |line: &String| line.starts_with("PUT /files/f?");
        let parts = service.requests().into_iter().filter(of_f).count();
        // All of one size, but for the last.
        assert_eq!(parts, content.len().div_ceil(PART));
    }
}

#[tokio::test]
async fn the_checksum_is_one_of_all_bytes() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let id = begin(&store, "f").await;
    append(&store, &id, &noise(1, 9 << 20)).await.expect("kept");
    finish(&store, &id, &noise(2, 9 << 20))
        .await
        .expect("stored");
    let (_, of) = service.kept(BUCKET, "f").checksum.expect("a checksum");
    assert_eq!(of, "FULL_OBJECT");
}

#[tokio::test]
async fn no_list_of_files_shows_an_upload() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let id = begin(&store, "f").await;
    append(&store, &id, &noise(1, 1 << 20)).await.expect("kept");
    for delimiter in [None, Some("/".to_owned())] {
        let options = ListOptions {
            prefix: String::new(),
            delimiter,
            after: None,
            limit: 10,
        };
        let listing = store.list(options).await.expect("a list");
        assert!(listing.entries.is_empty() && !listing.more);
    }
    let names = service.objects(BUCKET).concat();
    assert!(!names.contains("ann"), "{names}");
}

#[tokio::test]
async fn unfinished_uploads_of_an_owner_are_counted() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let limited = |owner: &str, lifetime| BeginOptions {
        owner: owner.into(),
        most: Some(2),
        lifetime: Duration::from_secs(lifetime),
        ..beginning()
    };
    let begin = async |options| {
        let begun = store.resumable().expect("supported");
        begun.begin(key("f"), options).await
    };
    begin(limited("ann", 0)).await.expect("expired at once");
    let first = begin(limited("ann", 60)).await.expect("the first");
    begin(limited("bob", 60)).await.expect("another's");
    let second = begin(limited("ann", 60)).await.expect("the second");
    let third = begin(limited("ann", 60)).await;
    assert!(matches!(third, Err(Error::TooMany)), "{third:?}");
    finish(&store, &first, b"1").await.expect("stored");
    begin(limited("ann", 60)).await.expect("room again");
    discard(&store, &second).await.expect("discarded");
    begin(limited("ann", 60)).await.expect("room again");
}

#[tokio::test]
async fn a_state_that_cannot_be_read_takes_no_effect() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let id = begin(&store, "f").await;
    append(&store, &id, &noise(1, 9 << 20)).await.expect("kept");
    let name = format!(".coffer/uploads/{id}");
    let state = read(&store, &name, Span::All).await.expect("a state");
    let text = String::from_utf8(state.clone()).expect("text");
    let newer = text.replace("\"format\":1", "\"format\":2").into_bytes();
    for damaged in [&state[..state.len() / 2], &[], &newer] {
        put(&store, &name, damaged).await.expect("stored");
        let before = service.objects(BUCKET);
        let outcomes = [
            look(&store, &id).await.map(drop),
            received(&store, &id, b"1").await.map(drop),
            discard(&store, &id).await,
        ];
        for outcome in outcomes {
            assert!(
                matches!(outcome, Err(Error::Misconfigured(_))),
                "{outcome:?}"
            );
        }
        let later = SystemTime::now() + Duration::from_secs(7200);
        let week = Duration::from_secs(7 * 24 * 3600);
        let removed = crate::store::s3::resumable::sweep(&store.shared, week, later).await;
        assert_eq!(removed.expect("swept"), 0);
        assert_eq!(service.unfinished(), 1);
        assert_eq!(service.objects(BUCKET), before);
    }
    put(&store, &name, &state).await.expect("stored");
    finish(&store, &id, b"1").await.expect("stored");
}

#[tokio::test]
async fn a_turn_that_fails_or_is_dropped_leaves_nothing_behind() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let id = begin(&store, "f").await;
    drop(
        received(&store, &id, &noise(1, 20 << 20))
            .await
            .expect("received"),
    );
    // The next one waits for its end.
    let turn = received(&store, &id, b"").await.expect("a turn");
    assert_eq!(suspend(&store, turn).await.expect("kept"), 0);
    assert_eq!(service.unfinished(), 0);
    let digest = Some(TurnDigest::Sha1([0; 20]));
    let mut turn = resume(&store, &id, digest).await.expect("a turn");
    turn.write(noise(1, 20 << 20).into())
        .await
        .expect("written");
    let wrong = suspend(&store, turn).await;
    assert!(matches!(wrong, Err(Error::DigestMismatch)), "{wrong:?}");
    assert_eq!(service.unfinished(), 0);
    assert_eq!(look(&store, &id).await.expect("known").offset, 0);
    let (own, _) = left(&service);
    assert_eq!(own, ["unfinished", "uploads"]);
}

#[tokio::test]
async fn parts_before_one_that_fails_are_kept() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let content = noise(3, 40 << 20);
    for (failing, kept) in [(1, 0), (2, PART), (3, 2 * PART)] {
        let id = begin(&store, "f").await;
        let line = format!("PUT /files/f?x-id=UploadPart&partNumber={failing}&");
        service.fail(&line, usize::MAX, Fault::Status(403, "AccessDenied"));
        let mut turn = resume(&store, &id, None).await.expect("a turn");
        let mut told = false;
        for piece in content.chunks(1 << 20) {
            if turn.write(Bytes::copy_from_slice(piece)).await.is_err() {
                told = true;
                break;
            }
        }
        match suspend(&store, turn).await {
            Ok(offset) => assert!(offset == kept as u64 && (told || kept > 0), "{failing}"),
            Err(error) => assert!(!told && kept == 0, "{failing}: {error:?}"),
        }
        service.recover();
        finish(&store, &id, &content[kept..]).await.expect("stored");
        assert!(is_file(&store, "f", &content).await, "{failing}");
        assert_eq!(service.unfinished(), 0);
    }
}

/// All of a turn's parts may be in flight when its bytes end.
#[tokio::test]
async fn why_no_part_arrived_is_told_at_the_end_of_a_turn() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let content = noise(3, 12 << 20);
    for (request, fault, expected) in [
        (
            "POST /files/f?uploads",
            Fault::Status(403, "AccessDenied"),
            "misconfigured",
        ),
        (
            "PUT /files/f?x-id=UploadPart",
            Fault::Status(507, "InsufficientStorage"),
            "no space",
        ),
        (
            "PUT /files/f?x-id=UploadPart",
            Fault::Status(503, "SlowDown"),
            "unavailable",
        ),
    ] {
        let id = begin(&store, "f").await;
        service.fail(request, usize::MAX, fault.clone());
        // It sends one part, whose failure no further one meets.
        let turn = received(&store, &id, &content).await.expect("received");
        let kept = suspend(&store, turn).await;
        assert_eq!(super::faults::verdict(kept), expected, "{fault:?}");
        assert_eq!(look(&store, &id).await.expect("known").offset, 0);
        let turn = received(&store, &id, &content).await.expect("received");
        let ended = end(&store, turn).await.map(drop);
        let Err(Error::Unavailable(cause)) = ended else {
            panic!("{fault:?}: {ended:?}");
        };
        let said = cause.to_string();
        assert!(!said.contains("already failed"), "{fault:?}: {said}");
        service.recover();
        finish(&store, &id, &content).await.expect("stored");
        assert!(is_file(&store, "f", &content).await, "{fault:?}");
        assert_eq!(service.unfinished(), 0, "{fault:?}");
    }
}
