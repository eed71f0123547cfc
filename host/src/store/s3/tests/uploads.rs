//! What uploads leave behind, hold and wait for.

use super::service::Fault;
use super::*;
use crate::store::Etags;

#[tokio::test]
async fn an_upload_that_ends_early_leaves_no_parts() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let content = vec![1; 20 << 20];
    drop(
        receive(&store, "dropped", freely(), &content)
            .await
            .expect("received"),
    );
    let digest = CreateOptions {
        sha256: Some([0; 32]),
        ..freely()
    };
    assert!(put_with(&store, "wrong", digest, &content).await.is_err());
    let small = CreateOptions {
        max_size: 19 << 20,
        ..freely()
    };
    assert!(
        put_with(&store, "too-large", small, &content)
            .await
            .is_err()
    );
    service.fail(
        "PUT /files/refused?",
        usize::MAX,
        Fault::Status(403, "AccessDenied"),
    );
    assert!(put(&store, "refused", &content).await.is_err());
    store.close().await;
    assert_eq!(service.unfinished(), 0);
    assert!(service.objects(BUCKET).is_empty());
}

#[tokio::test]
async fn a_batch_of_files_of_all_sizes_is_published_and_read_back() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    put(&store, "f2", b"old").await.expect("stored");
    let sizes = [
        0,
        10,
        256 << 10,
        (256 << 10) + 1,
        3 << 20,
        (8 << 20) + 1,
        17 << 20,
    ];
    let mut uploads = Vec::new();
    for (place, size) in sizes.into_iter().enumerate() {
        let content = vec![u8::try_from(place).expect("few"); size];
        let upload = receive(&store, &format!("f{place}"), freely(), &content).await;
        let mut upload = upload.expect("received");
        upload.complete().await.expect("complete");
        uploads.push(upload);
    }
    assert_eq!(service.objects(BUCKET), ["f2"]);
    let stored = store.finish(uploads).await.expect("stored");
    let replaced: Vec<usize> = (0..7).filter(|place| stored[*place].replaced).collect();
    assert_eq!(replaced, [2]);
    for (place, size) in sizes.into_iter().enumerate() {
        let content = read(&store, &format!("f{place}"), Span::All).await;
        assert!(content.expect("read") == vec![u8::try_from(place).expect("few"); size]);
    }
    assert_eq!(service.unfinished(), 0);
}

#[tokio::test]
async fn a_batch_that_fails_in_the_middle_is_rolled_back() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    put(&store, "b", b"old").await.expect("stored");
    let mut uploads = Vec::new();
    for name in ["a", "b", "c", "d"] {
        uploads.push(
            receive(&store, name, freely(), b"new")
                .await
                .expect("received"),
        );
    }
    service.fail(
        "PUT /files/c",
        usize::MAX,
        Fault::Status(403, "AccessDenied"),
    );
    let refusal = store.finish(uploads).await.expect_err("refused");
    assert_eq!(refusal.index, 2);
    assert_eq!(service.objects(BUCKET), ["b"]);
    assert_eq!(read(&store, "b", Span::All).await.expect("read"), b"old");
}

#[tokio::test]
async fn a_file_of_which_no_answer_says_that_it_is_stored_is_rolled_back_too() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let mut uploads = Vec::new();
    for name in ["a", "b"] {
        let upload = receive(&store, name, freely(), b"new").await;
        uploads.push(upload.expect("received"));
    }
    service.fail("PUT /files/a", usize::MAX, Fault::Lost);
    let refusal = store.finish(uploads).await.expect_err("refused");
    assert!(
        matches!(refusal.error, Error::Unavailable(_)),
        "{refusal:?}"
    );
    let left = service.objects(BUCKET);
    assert!(left.is_empty(), "{left:?} {:?}", service.requests());
}

#[tokio::test]
async fn many_uploads_share_a_small_memory_without_waiting_for_each_other() {
    let service = S3Service::start();
    let store = Arc::new(store_on(&service).await);
    let uploads = (0..24u8).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let content = vec![number; 9 << 20];
            put(&store, &format!("f{number}"), &content).await
        })
    });
    for upload in futures_util::future::join_all(uploads).await {
        upload.expect("an upload").expect("stored");
    }
    assert_eq!(service.objects(BUCKET).len(), 24);
}

#[tokio::test]
async fn what_will_be_refused_is_refused_before_a_byte_is_received() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    put(&store, "f", b"there").await.expect("stored");
    let create_only = CreateOptions {
        may_replace: Guard::None,
        ..freely()
    };
    let refused = store.create(key("f"), create_only).await.map(|_| ());
    assert!(matches!(refused, Err(Error::Protected)), "{refused:?}");
    let replace_only = CreateOptions {
        may_create: false,
        ..freely()
    };
    let few = CreateOptions {
        announced: Some(1),
        ..replace_only.clone()
    };
    for options in [replace_only, few] {
        let refused = store.create(key("g"), options).await.map(|_| ());
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
}

#[tokio::test]
async fn few_bytes_are_refused_once_received_and_nothing_is_replaced() {
    for knows in [Knows::default(), Knows::ceph(), Knows::no_conditions()] {
        let service = S3Service::that(knows);
        let store = store_on(&service).await;
        let before = put(&store, "f", b"there").await.expect("stored").info;
        let create_only = CreateOptions {
            may_replace: Guard::None,
            announced: Some(1),
            ..freely()
        };
        let refused = put_with(&store, "f", create_only, b"1").await;
        assert!(matches!(refused, Err(Error::Protected)), "{refused:?}");
        let unmatched = CreateOptions {
            conditions: Conditions {
                if_none_match: Some(Etags::List(vec![before.etag.clone()])),
                ..Conditions::default()
            },
            announced: Some(1),
            ..freely()
        };
        let refused = put_with(&store, "f", unmatched, b"1").await;
        assert!(
            matches!(refused, Err(Error::PreconditionFailed)),
            "{refused:?}"
        );
        let found = store
            .stat(&key("f"), &Guard::Any, &Conditions::default())
            .await;
        assert_eq!(found.expect("there").etag, before.etag);
        assert_eq!(
            read(&store, "f", Span::All).await.expect("read"),
            b"there"[..]
        );
    }
}

#[tokio::test]
async fn abandoned_uploads_are_aborted_at_a_start_and_recent_ones_stay() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    for prefix in ["", "other/"] {
        let object = format!("{prefix}left");
        let starting = store.shared.bucket.client.create_multipart_upload();
        let started = starting.bucket(BUCKET).key(object).send().await;
        started.expect("started");
    }
    assert_eq!(service.unfinished(), 2);
    let other = Config {
        prefix: Prefix::new("other").expect("a prefix"),
        // The service counts whole seconds, so this one has to lie in the future.
        abandoned_after: Duration::ZERO,
        ..config(service.url())
    };
    let swept = open_as(other, SECRET_KEY).await.expect("a store");
    while service.unfinished() == 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(service.unfinished(), 1);
    drop(swept);
}
