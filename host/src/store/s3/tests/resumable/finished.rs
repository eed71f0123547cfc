use super::*;

/// The request that makes a file of this size.
fn publishing(size: usize) -> &'static str {
    match size <= PART {
        true => "PUT /files/f?x-id=PutObject",
        false => "POST /files/f?uploadId",
    }
}

#[tokio::test]
async fn a_file_is_stored_although_the_answer_was_lost() {
    for knows in [Knows::default(), Knows::ceph(), Knows::no_conditions()] {
        for size in [1, 9 << 20] {
            let service = S3Service::that(knows);
            let store = store_on(&service).await;
            let id = begin(&store, "f").await;
            let content = noise(1, size);
            service.fail(publishing(size), 1, Fault::Lost);
            let stored = finish(&store, &id, &content).await.expect("stored");
            assert!(!stored.replaced);
            assert!(is_file(&store, "f", &content).await);
            assert!(look(&store, &id).await.expect("known").finished);
            assert_eq!(left(&service), memory());
        }
    }
}

/// An upload whose file is published by a host that does not learn of it.
async fn published_unknown(service: &S3Service, store: &S3Store, content: &[u8]) -> UploadId {
    let id = begin(store, "f").await;
    append(store, &id, &content[..content.len() / 2])
        .await
        .expect("kept");
    let turn = received(store, &id, &content[content.len() / 2..]).await;
    let turn = turn.expect("a turn");
    service.fail(publishing(content.len()), usize::MAX, Fault::Lost);
    if content.len() > PART {
        // The look before the request.
        service.fail("HEAD /files/f", 1, Fault::Fine);
    }
    service.fail("HEAD /files/f", usize::MAX, Fault::Status(503, "SlowDown"));
    let outcome = end(store, turn).await.map(drop);
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    service.recover();
    id
}

#[tokio::test]
async fn a_file_that_was_stored_unknown_is_found_by_a_look() {
    for size in [10, 20 << 20] {
        let service = S3Service::start();
        let (one, other) = (store_on(&service).await, store_on(&service).await);
        let content = noise(1, size);
        let id = published_unknown(&service, &one, &content).await;
        let progress = look(&other, &id).await.expect("known");
        assert!(progress.finished, "{size}");
        assert_eq!(progress.offset, size as u64);
        assert!(is_file(&other, "f", &content).await);
        assert_eq!(left(&service), memory());
    }
}

#[tokio::test]
async fn a_file_that_was_stored_unknown_is_found_by_the_next_turn() {
    for size in [10, 20 << 20] {
        let service = S3Service::start();
        let (one, other) = (store_on(&service).await, store_on(&service).await);
        let content = noise(1, size);
        let id = published_unknown(&service, &one, &content).await;
        service.requests();
        let stored = finish(&other, &id, b"").await.expect("stored");
        let requests = service.requests();
        let again = |request: &&String| request.starts_with(publishing(size));
        assert_eq!(requests.iter().find(again), None, "{size}");
        assert_eq!(stored.info.size, size as u64);
        assert!(is_file(&other, "f", &content).await);
        assert!(look(&one, &id).await.expect("known").finished);
        assert_eq!(left(&service), memory());
    }
}

#[tokio::test]
async fn what_passes_leaves_the_upload_to_be_finished_by_another_turn() {
    for size in [10, 100_000, 20 << 20] {
        for fault in [
            Fault::Status(503, "SlowDown"),
            Fault::Status(507, "InsufficientStorage"),
            Fault::Status(403, "AccessDenied"),
        ] {
            let service = S3Service::start();
            let (one, other) = (store_on(&service).await, store_on(&service).await);
            let content = noise(1, size);
            let id = begin(&one, "f").await;
            let turn = received(&one, &id, &content).await.expect("a turn");
            service.fail(publishing(size), usize::MAX, fault.clone());
            let outcome = end(&one, turn).await.map(drop);
            assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
            service.recover();
            let progress = look(&other, &id).await.expect("known");
            assert_eq!((progress.offset, progress.finished), (size as u64, false));
            finish(&other, &id, b"more").await.expect("stored");
            assert!(is_file(&one, "f", &[&content[..], b"more"].concat()).await);
            assert_eq!(left(&service), memory(), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn what_is_refused_leaves_nothing() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    put(&store, "f", b"there").await.expect("stored");
    for size in [10, 100_000, 20 << 20] {
        let id = begin(&store, "f").await;
        append(&store, &id, &noise(1, size)).await.expect("kept");
        let turn = received(&store, &id, &noise(2, size))
            .await
            .expect("a turn");
        let new_only = Terms {
            may_replace: Guard::None,
            ..anyhow()
        };
        let ended = store
            .resumable()
            .expect("supported")
            .finish(turn, new_only)
            .await;
        assert!(matches!(ended, Err(Error::Protected)), "{ended:?}");
        assert_eq!(left(&service), NOTHING);
        assert!(is_file(&store, "f", b"there").await);
    }
}

/// A proxy in front of the service answers while that restarts.
#[tokio::test]
async fn a_404_that_is_not_the_services_refuses_no_upload() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    for size in [10, 20 << 20] {
        put(&store, "f", b"there").await.expect("stored");
        let content = noise(1, size);
        let id = begin(&store, "f").await;
        append(&store, &id, &content).await.expect("kept");
        let replacing = Terms {
            may_create: false,
            ..anyhow()
        };
        let turn = received(&store, &id, b"1").await.expect("a turn");
        service.fail("HEAD /files/f", usize::MAX, Fault::Status(404, ""));
        let plain = vec![("content-type", "text/plain".to_owned())];
        let page = Fault::Answer(404, plain, "404 page not found".to_owned());
        service.fail("GET /files/f", usize::MAX, page);
        let finishing = store.resumable().expect("supported");
        let ended = finishing.finish(turn, replacing.clone()).await.map(drop);
        assert!(matches!(ended, Err(Error::Unavailable(_))), "{ended:?}");
        service.recover();
        let progress = look(&store, &id).await.expect("known");
        assert_eq!(progress.offset, size as u64 + 1);
        let turn = received(&store, &id, b"").await.expect("a turn");
        let stored = finishing.finish(turn, replacing).await;
        assert!(stored.expect("stored").replaced);
        assert!(is_file(&store, "f", &[&content[..], b"1"].concat()).await);
    }
}
