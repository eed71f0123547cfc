//! The other ends of a resumable upload: it is discarded, or expires. And how many there may be.

use std::time::Duration;

use coffer_port::resumable::BeginOptions;

use super::resumable::*;
use super::*;

pub(crate) async fn a_discarded_upload_is_gone(store: Store) {
    for size in [0, 5, 20_000, 6 << 20] {
        let id = begin(&store, "f").await;
        append(&store, &id, &noise(1, size)).await;
        engine(&store).discard(&id).await.expect("discarded");
        assert_eq!(verdicts(&store, &id).await, NOT_FOUND, "{size}");
    }
    assert_eq!(lists::names(&store).await, [""; 0]);
}

pub(crate) async fn a_turn_of_a_discarded_upload_fails(store: Store) {
    for kept in [0, 20_000] {
        for is_last in [false, true] {
            let id = begin(&store, "f").await;
            append(&store, &id, &noise(1, kept)).await;
            let mut turn = received(&store, &id, &noise(2, 20_000)).await;
            engine(&store).discard(&id).await.expect("discarded");
            assert_eq!(verdicts(&store, &id).await, NOT_FOUND);
            // Whether it is noticed here already depends on the engine.
            if let Err(error) = turn.write(Bytes::from_static(b"more")).await {
                assert!(matches!(error, Error::NotFound), "{error:?}");
            }
            let outcome = match is_last {
                true => verdict(engine(&store).finish(turn, anyhow()).await),
                false => verdict(engine(&store).suspend(turn, None).await),
            };
            assert_eq!(outcome, "NotFound", "{kept} {is_last}");
            assert_eq!(verdicts(&store, &id).await, NOT_FOUND);
            assert_eq!(lists::names(&store).await, [""; 0]);
        }
    }
}

pub(crate) async fn discarding_a_finished_upload_leaves_its_file(store: Store) {
    for size in [0, 5, 20_000, 6 << 20] {
        let content = noise(3, size);
        let id = completed(&store, "f", &content).await;
        engine(&store).discard(&id).await.expect("forgotten");
        assert_eq!(verdicts(&store, &id).await, NOT_FOUND, "{size}");
        assert!(read(&store, "f").await == Some(content), "{size}");
    }
}

pub(crate) async fn an_upload_that_is_discarded_while_it_ends_is_a_whole_file_or_none(
    store: Store,
) {
    for round in 0..20 {
        let (name, content) = (format!("f{round}"), noise(round, 20_000));
        let id = begin(&store, &name).await;
        let turn = received(&store, &id, &content).await;
        let finisher = {
            let store = store.clone();
            tokio::spawn(async move { engine(&store).finish(turn, anyhow()).await })
        };
        let discarded = engine(&store).discard(&id).await;
        discarded.expect("it is there, finished or not");
        let finished = verdict(finisher.await.expect("an outcome"));
        let found = read(&store, &name).await;
        match finished.as_str() {
            "done" => assert!(found == Some(content), "{name}"),
            "NotFound" => assert_eq!(found, None),
            _ => panic!("{finished}"),
        }
        assert_eq!(verdicts(&store, &id).await, NOT_FOUND);
    }
}

pub(crate) async fn an_owner_has_only_so_many_unfinished_uploads(store: Store) {
    let begin = async |owner: &str| {
        let options = BeginOptions {
            owner: owner.into(),
            most: Some(3),
            ..beginning()
        };
        engine(&store).begin(key("f"), options).await
    };
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(begin("ann").await.expect("an upload"));
    }
    assert_eq!(verdict(begin("ann").await), "TooMany");
    let longest = "x".repeat(1024);
    for other in [
        "an",
        "anna",
        "ann/",
        "Ann",
        "ann\u{0}",
        "a\u{301}nn",
        &longest,
    ] {
        for _ in 0..3 {
            begin(other).await.expect("an upload");
        }
        assert_eq!(verdict(begin(other).await), "TooMany", "{other:?}");
    }
    // One that is finished does not count, nor does one that is discarded.
    let stored = complete(&store, &ids[0], b"content", anyhow()).await;
    stored.expect("stored");
    begin("ann").await.expect("an upload");
    assert_eq!(verdict(begin("ann").await), "TooMany");
    engine(&store).discard(&ids[1]).await.expect("discarded");
    begin("ann").await.expect("an upload");
    assert_eq!(verdict(begin("ann").await), "TooMany");
    // Forgetting a finished one makes no room for another.
    engine(&store).discard(&ids[0]).await.expect("forgotten");
    assert_eq!(verdict(begin("ann").await), "TooMany");
}

fn living(lifetime: Duration) -> BeginOptions {
    BeginOptions {
        lifetime,
        most: Some(1),
        ..beginning()
    }
}

pub(crate) async fn an_expired_upload_is_gone_and_does_not_count(store: Store) {
    for _ in 0..3 {
        let id = begin_with(&store, "f", living(Duration::ZERO)).await;
        assert_eq!(verdicts(&store, &id).await, NOT_FOUND);
    }
}

pub(crate) async fn a_turn_that_outlives_its_upload_keeps_nothing(store: Store) {
    for is_last in [false, true] {
        let mut lifetime = Duration::from_secs(1);
        // An upload may expire before its turn begins.
        let (id, mut turn) = loop {
            let id = begin_with(&store, "f", living(lifetime)).await;
            match resume(&store, &id, any()).await {
                Ok(turn) => break (id, turn),
                Err(error) => assert!(matches!(error, Error::NotFound), "{error:?}"),
            }
            lifetime *= 2;
        };
        let written = turn.write(noise(5, 20_000).into()).await;
        if let Err(error) = written {
            assert!(matches!(error, Error::NotFound), "{error:?}");
        }
        gone(&store, &id).await;
        let outcome = match is_last {
            true => verdict(engine(&store).finish(turn, anyhow()).await),
            false => verdict(engine(&store).suspend(turn, None).await),
        };
        assert_eq!(outcome, "NotFound");
        assert_eq!(verdicts(&store, &id).await, NOT_FOUND);
        assert_eq!(lists::names(&store).await, [""; 0]);
    }
}

pub(crate) async fn a_finished_upload_expires_and_its_file_stays(store: Store) {
    let mut lifetime = Duration::from_secs(1);
    let id = loop {
        let id = begin_with(&store, "f", living(lifetime)).await;
        if let Ok(mut turn) = resume(&store, &id, any()).await
            && turn.write(Bytes::from_static(b"content")).await.is_ok()
            && engine(&store).finish(turn, anyhow()).await.is_ok()
        {
            break id;
        }
        lifetime *= 2;
    };
    gone(&store, &id).await;
    assert_eq!(read(&store, "f").await.as_deref(), Some(&b"content"[..]));
}
