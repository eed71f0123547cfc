use super::*;
use crate::store::s3::resumable::sweep;
use crate::store::s3::sweep::Sweep;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

fn later(seconds: u64) -> SystemTime {
    SystemTime::now() + Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_discarded_upload_leaves_nothing() {
    let service = S3Service::start();
    let (one, other) = (store_on(&service).await, store_on(&service).await);
    for size in [0, 10, 100_000, 20 << 20] {
        let id = begin(&one, "f").await;
        append(&one, &id, &noise(1, size)).await.expect("kept");
        discard(&other, &id).await.expect("discarded");
        assert_eq!(left(&service), NOTHING, "{size}");
        let gone = look(&one, &id).await.map(drop);
        assert!(matches!(gone, Err(Error::NotFound)), "{gone:?}");
    }
    assert!(service.objects(BUCKET).is_empty());
}

#[tokio::test]
async fn expired_uploads_are_swept_and_others_stay() {
    let service = S3Service::start();
    let (one, other) = (store_on(&service).await, store_on(&service).await);
    for size in [0, 10, 100_000, 20 << 20] {
        let id = begin(&one, "f").await;
        append(&one, &id, &noise(1, size)).await.expect("kept");
    }
    let id = begin(&one, "g").await;
    finish(&one, &id, b"1").await.expect("stored");
    let before = left(&service);
    assert_eq!(before.1, 1);
    assert_eq!(
        sweep(&other.shared, WEEK, later(3000))
            .await
            .expect("swept"),
        0
    );
    assert_eq!(left(&service), before);
    // A tail whose state is gone.
    let tail = format!(".coffer/tails/{id}/left");
    put(&one, &tail, b"1").await.expect("stored");
    assert_eq!(
        sweep(&other.shared, WEEK, later(4000))
            .await
            .expect("swept"),
        4
    );
    assert_eq!(left(&service), NOTHING);
    assert_eq!(service.objects(BUCKET), ["g"]);
}

#[tokio::test]
async fn the_sweep_of_abandoned_multipart_uploads_spares_those_of_live_uploads() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let id = begin(&store, "f").await;
    append(&store, &id, &noise(1, 9 << 20)).await.expect("kept");
    let starting = store.shared.bucket.client.create_multipart_upload();
    let started = starting.bucket(BUCKET).key("left").send().await;
    started.expect("started");
    let mut abandoned = Sweep::new(store.shared.clone(), Duration::from_secs(1000));
    assert_eq!(abandoned.run(later(1100)).await.expect("swept"), 1);
    assert_eq!(service.unfinished(), 1);
    // Nobody knows whose they are.
    let name = format!(".coffer/uploads/{id}");
    let state = read(&store, &name, Span::All).await.expect("a state");
    put(&store, &name, b"{").await.expect("stored");
    assert_eq!(abandoned.run(later(1100)).await.expect("swept"), 0);
    put(&store, &name, &state).await.expect("stored");
    assert_eq!(abandoned.run(later(1100)).await.expect("swept"), 0);
    // The upload's state is gone, as after a crash in the middle of a discard.
    let unconditional = Conditions::default();
    let removed = store.remove(&key(&name), &Guard::Any, &unconditional).await;
    removed.expect("removed");
    assert_eq!(abandoned.run(later(1100)).await.expect("swept"), 1);
    assert_eq!(service.unfinished(), 0);
}

#[tokio::test]
async fn an_upload_that_the_service_has_forgotten_ends() {
    // The last has no more bytes to send.
    for (kept, size) in [(9 << 20, 0), (9 << 20, 1), (9 << 20, 20 << 20), (PART, 0)] {
        for ends in [true, false] {
            let service = S3Service::start();
            let store = store_on(&service).await;
            let id = begin(&store, "f").await;
            append(&store, &id, &noise(1, kept)).await.expect("kept");
            let upload = multipart(&store).await;
            let bucket = &store.shared.bucket;
            bucket.abort_parts("f", &upload).await.expect("aborted");
            let turn = match received(&store, &id, &noise(2, size)).await {
                Ok(turn) => turn,
                Err(error) => panic!("{size}: {error:?}"),
            };
            let outcome = match ends {
                true => end(&store, turn).await.map(drop),
                // Without a part, it is not noticed yet.
                false if size < PART => continue,
                false => suspend(&store, turn).await.map(drop),
            };
            assert!(
                matches!(outcome, Err(Error::NotFound)),
                "{size}: {outcome:?}"
            );
            let known = look(&store, &id).await.map(drop);
            assert!(matches!(known, Err(Error::NotFound)), "{size}: {known:?}");
            assert_eq!(left(&service), NOTHING, "{size}");
        }
    }
}

#[tokio::test]
async fn a_turn_lost_without_notice_keeps_the_record_of_the_one_that_finished() {
    for ends in [true, false] {
        let service = S3Service::start();
        let (dead, other) = (fleeting(&service).await, store_on(&service).await);
        let id = begin(&other, "f").await;
        append(&other, &id, &noise(1, PART)).await.expect("kept");
        let mut turn = received(&dead, &id, b"").await.expect("a turn");
        finish(&other, &id, b"1").await.expect("stored");
        // Its parts belong to a multipart upload that no longer exists.
        for piece in noise(2, 20 << 20).chunks(1 << 20) {
            if turn.write(Bytes::copy_from_slice(piece)).await.is_err() {
                break;
            }
        }
        let outcome = match ends {
            true => end(&dead, turn).await.map(drop),
            false => suspend(&dead, turn).await.map(drop),
        };
        assert!(outcome.is_err(), "{ends}");
        let progress = look(&other, &id).await.expect("known");
        assert!(progress.finished, "{ends}");
        assert_eq!(left(&service), memory(), "{ends}");
    }
}
