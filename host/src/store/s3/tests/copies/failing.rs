//! Copies, moves and amendments of which an answer is lost or a step fails, or that others
//! write across.

use super::*;

#[tokio::test]
async fn a_copy_with_a_tag_of_its_own_still_counts_as_the_copy() {
    for knows in kinds() {
        let service = S3Service::that(knows);
        let store = store_on(&service).await;
        let content = vec![1; 9 << 20];
        let source = put(&store, "f", &content).await.expect("stored").info;
        let again = || Copy {
            options: new(),
            or_same: true,
            ..copying("f", &source.etag, "g")
        };
        let first = copy(&store, again()).await.expect("copied");
        assert!(!first.replaced);
        assert_ne!(first.info.etag, source.etag);
        let second = copy(&store, again()).await.expect("the same");
        assert!(second.replaced);
        assert_eq!(second.info.etag, first.info.etag);
        let assert_refused = |refused: Result<Stored, CopyError>| {
            assert!(
                matches!(refused, Err(CopyError::Target(Error::Protected))),
                "{refused:?}"
            );
        };
        // Amended, it is described otherwise; replaced, it has other bytes.
        amend(&store, "g", "a/b").await.expect("amended");
        assert_refused(copy(&store, again()).await);
        amend(&store, "g", "application/octet-stream")
            .await
            .expect("amended");
        copy(&store, again()).await.expect("the same");
        put(&store, "g", &[2; 9 << 20]).await.expect("stored");
        assert_refused(copy(&store, again()).await);
    }
}

/// Swift answers `NoSuchBucket` to both.
#[tokio::test]
async fn a_source_that_has_just_gone_is_not_a_missing_bucket() {
    for knows in kinds() {
        let service = S3Service::that(knows);
        let store = store_on(&service).await;
        let etag = put(&store, "f", b"1").await.expect("stored").info.etag;
        service.fail(
            "PUT /files/g",
            usize::MAX,
            Fault::Status(404, "NoSuchBucket"),
        );
        let outcome = copy(&store, copying("f", &etag, "g")).await;
        assert!(
            matches!(outcome, Err(CopyError::Target(Error::Misconfigured(_)))),
            "{outcome:?}"
        );
        // There at the first look, and then no more.
        service.fail("HEAD /files/f", 1, Fault::Fine);
        service.fail("HEAD /files/f", usize::MAX, Fault::Status(404, ""));
        service.fail("GET /files/f", usize::MAX, Fault::Status(404, "NoSuchKey"));
        let outcome = copy(&store, copying("f", &etag, "g")).await;
        assert!(
            matches!(outcome, Err(CopyError::Source(Error::NotFound))),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_copy_is_made_once_although_the_answer_was_lost() {
    for knows in kinds() {
        let service = S3Service::that(knows);
        let store = store_on(&service).await;
        let etag = put(&store, "f", b"1").await.expect("stored").info.etag;
        for (n, options) in [freely(), new()].into_iter().enumerate() {
            let to = format!("g{n}");
            service.fail(&format!("PUT /files/{to}?"), 1, Fault::Lost);
            let given = Copy {
                options,
                ..copying("f", &etag, &to)
            };
            let stored = copy(&store, given).await;
            let stored = stored.unwrap_or_else(|error| panic!("{knows:?} {to}: {error:?}"));
            assert!(!stored.replaced, "{knows:?} {to}");
            let found = stat(&store, &to).await.expect("there");
            assert_eq!(found.etag, stored.info.etag);
        }
        for line in ["PUT /files/moved?", "DELETE /files/g0?"] {
            service.fail(line, 1, Fault::Lost);
        }
        let moved = copy(&store, moving("g0", &etag, "moved")).await;
        assert!(!moved.expect("moved").replaced);
        assert_eq!(service.objects(BUCKET), ["f", "g1", "moved"]);
        service.fail("PUT /files/f?", 1, Fault::Lost);
        let amended = amend(&store, "f", "a/b").await.expect("amended");
        assert_eq!(stat(&store, "f").await.expect("there"), amended);
    }
}

#[tokio::test]
async fn an_error_in_a_successful_answer_is_an_error() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let etag = put(&store, "f", b"1").await.expect("stored").info.etag;
    for code in ["InternalError", "AccessDenied"] {
        service.fail("PUT /files/", usize::MAX, Fault::Status(200, code));
        let copied = copy(&store, moving("f", &etag, "g")).await;
        assert!(matches!(copied, Err(CopyError::Target(_))), "{copied:?}");
        let amended = amend(&store, "f", "a/b").await;
        assert!(amended.is_err(), "{amended:?}");
        service.recover();
        assert_eq!(service.objects(BUCKET), ["f"]);
    }
}

#[tokio::test]
async fn a_refusal_is_put_down_to_the_side_that_caused_it() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let etag = put(&store, "f", b"1").await.expect("stored").info.etag;
    let refused = || Fault::Status(412, "PreconditionFailed");
    for options in [freely(), new()] {
        let given = || Copy {
            options: options.clone(),
            ..copying("f", &etag, "g")
        };
        // Nothing explains it, so it is tried again.
        service.fail("PUT /files/g?", 2, refused());
        assert!(!copy(&store, given()).await.expect("copied").replaced);
        service.recover();
        let unconditional = Conditions::default();
        let removed = store.remove(&key("g"), &Guard::Any, &unconditional).await;
        removed.expect("removed");
        // The source is gone meanwhile.
        service.fail("PUT /files/g?", 2, refused());
        service.fail("HEAD /files/f", 1, Fault::Fine);
        service.fail("HEAD /files/f", 1, Fault::Status(404, ""));
        service.fail("GET /files/f", 1, Fault::Status(404, "NoSuchKey"));
        let copied = copy(&store, given()).await;
        assert!(
            matches!(copied, Err(CopyError::Source(Error::NotFound))),
            "{copied:?}"
        );
        service.recover();
        assert_eq!(service.objects(BUCKET), ["f"]);
    }
}

#[tokio::test]
async fn a_source_that_was_replaced_is_not_copied() {
    for knows in [Knows::default(), Knows::ceph()] {
        let service = S3Service::that(knows);
        let store = store_on(&service).await;
        let bucket = &store.shared.bucket;
        put(&store, "f", b"1").await.expect("stored");
        let described = bucket.describe(&key("f")).await.expect("there");
        put(&store, "f", b"2").await.expect("stored");
        let metadata = coffer_port::object::ObjectMetadata {
            content_type: "a/b".into(),
            uploader: None,
            version: None,
            metadata: Metadata::default(),
        };
        let to = key("g");
        let begun = copy::Transfer::begin(&store.shared, &described, &to, metadata, None).await;
        let transfer = begun.expect("begun");
        let sent = transfer.send(coffer_port::object::Pin::None).await;
        assert!(
            matches!(sent, Err(failure::S3Failure::Precondition)),
            "{sent:?}"
        );
    }
}

#[tokio::test]
async fn a_move_whose_second_half_fails_leaves_both_and_can_be_repeated() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let etag = put(&store, "f", b"1").await.expect("stored").info.etag;
    let denied = Fault::Status(403, "AccessDenied");
    service.fail("DELETE /files/f?", 1, denied);
    let moved = copy(&store, moving("f", &etag, "g")).await;
    assert!(
        matches!(moved, Err(CopyError::Target(Error::Misconfigured(_)))),
        "{moved:?}"
    );
    assert_eq!(service.objects(BUCKET), ["f", "g"]);
    let again = Copy {
        options: new(),
        or_same: true,
        ..moving("f", &etag, "g")
    };
    assert!(copy(&store, again).await.expect("moved").replaced);
    assert_eq!(service.objects(BUCKET), ["g"]);
}

#[tokio::test]
async fn a_move_goes_on_although_nobody_waits_for_it() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let etag = put(&store, "f", b"1").await.expect("stored").info.etag;
    service.fail("PUT /files/g?", 1, Fault::Late(Duration::from_millis(200)));
    let moving = store.copy(vec![moving("f", &etag, "g")]);
    let left = tokio::time::timeout(Duration::from_millis(50), moving).await;
    assert!(left.is_err());
    store.close().await;
    assert_eq!(service.objects(BUCKET), ["g"]);
}

#[tokio::test]
async fn a_service_that_cannot_copy_says_so() {
    let service = S3Service::that(Knows {
        copies: false,
        ..Knows::default()
    });
    let store = store_on(&service).await;
    let etag = put(&store, "f", b"1").await.expect("stored").info.etag;
    let copied = copy(&store, copying("f", &etag, "g")).await;
    assert!(
        matches!(copied, Err(CopyError::Target(Error::Unsupported))),
        "{copied:?}"
    );
    let amended = amend(&store, "f", "a/b").await;
    assert!(matches!(amended, Err(Error::Unsupported)), "{amended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_amendments_and_replacements_at_once_no_bytes_are_lost() {
    for knows in [Knows::default(), Knows::seaweedfs()] {
        let service = S3Service::that(knows);
        let store = Arc::new(store_on(&service).await);
        for round in 0..10u8 {
            put(&store, "f", &[round]).await.expect("stored");
            let amending = {
                let store = store.clone();
                tokio::spawn(async move { amend(&store, "f", "a/b").await })
            };
            let replaced = put(&store, "f", &[round, round]).await;
            assert!(replaced.expect("stored").replaced);
            amending.await.expect("a task").expect("amended");
            let found = read(&store, "f", Span::All).await.expect("read");
            assert_eq!(found, [round, round], "an amendment undid a replacement");
        }
    }
}

#[tokio::test]
async fn a_condition_of_an_amendment_is_about_the_version_that_is_there() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let etag = put(&store, "f", b"1").await.expect("stored").info.etag;
    put(&store, "f", b"2").await.expect("stored");
    let old = Conditions {
        if_match: Some(Etags::List(vec![etag])),
        ..Conditions::default()
    };
    let amended = store
        .amend(&key("f"), &Guard::Any, &old, typed("a/b"))
        .await;
    assert!(
        matches!(amended, Err(Error::PreconditionFailed)),
        "{amended:?}"
    );
}
