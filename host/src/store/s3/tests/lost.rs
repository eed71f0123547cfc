//! Answers that are lost, late, unreadable or say too little: the client is told what has
//! happened.

use super::service::Fault;
use super::*;
use crate::store::Etags;

/// More than a part.
const LARGE: usize = 9 << 20;

fn create_only() -> CreateOptions {
    CreateOptions {
        may_replace: Guard::None,
        ..freely()
    }
}

fn only_new() -> CreateOptions {
    let mut options = freely();
    options.conditions.if_none_match = Some(Etags::Any);
    options
}

#[tokio::test]
async fn a_new_file_is_new_although_the_answer_was_lost() {
    for knows in [
        Knows::default(),
        Knows::ceph(),
        Knows::swift(),
        Knows::seaweedfs(),
    ] {
        let service = S3Service::that(knows);
        let store = store_on(&service).await;
        for (n, options) in [freely(), create_only(), only_new()]
            .into_iter()
            .enumerate()
        {
            for (size, request) in [(1, "PUT"), (LARGE, "POST")] {
                let name = format!("f{n}-{size}");
                let line = match size {
                    1 => format!("{request} /files/{name}"),
                    _ => format!("{request} /files/{name}?uploadId"),
                };
                service.fail(&line, 1, Fault::Lost);
                let stored = put_with(&store, &name, options.clone(), &vec![1; size]).await;
                let stored = stored.unwrap_or_else(|error| panic!("{name}: {error:?}"));
                assert!(!stored.replaced, "{knows:?} {name}");
                let found = store
                    .stat(&key(&name), &Guard::Any, &Conditions::default())
                    .await;
                assert_eq!(found.expect("there").etag, stored.info.etag);
                assert_eq!(service.unfinished(), 0);
            }
        }
    }
}

#[tokio::test]
async fn a_replaced_file_is_replaced_although_the_answer_was_lost() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let mut etag = put(&store, "f", b"0").await.expect("stored").info.etag;
    for content in [b"1", b"2"] {
        let mut options = freely();
        options.conditions.if_match = Some(Etags::List(vec![etag]));
        service.fail("PUT /files/f", 1, Fault::Lost);
        let stored = put_with(&store, "f", options, content).await;
        let stored = stored.expect("stored");
        assert!(stored.replaced);
        etag = stored.info.etag;
    }
}

#[tokio::test]
async fn a_file_is_removed_although_the_answer_was_lost() {
    for knows in [Knows::default(), Knows::ceph(), Knows::localstack()] {
        let service = S3Service::that(knows);
        let store = store_on(&service).await;
        for conditional in [false, true] {
            let etag = put(&store, "f", b"1").await.expect("stored").info.etag;
            let mut conditions = Conditions::default();
            if conditional {
                conditions.if_match = Some(Etags::List(vec![etag]));
            }
            service.fail("DELETE /files/f", 1, Fault::Lost);
            let removed = store.remove(&key("f"), &Guard::Any, &conditions).await;
            removed.unwrap_or_else(|error| panic!("{knows:?}: {error:?}"));
            let again = store.remove(&key("f"), &Guard::Any, &conditions).await;
            assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
        }
    }
}

#[tokio::test]
async fn a_throttled_request_is_not_taken_for_one_that_was_carried_out() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    put(&store, "f", b"1").await.expect("stored");
    service.fail("PUT /files/f", 1, Fault::Status(503, "SlowDown"));
    service.requests();
    let refused = put_with(&store, "f", only_new(), b"2").await;
    assert!(
        matches!(refused, Err(Error::PreconditionFailed)),
        "{refused:?}"
    );
    assert_eq!(read(&store, "f", Span::All).await.expect("read"), b"1");
}

#[tokio::test]
async fn a_large_file_that_is_there_is_stored_although_the_answer_cannot_be_read() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let faults = [
        Fault::Flipped(50),
        Fault::Truncated(100),
        Fault::Truncated(0),
        Fault::EmptyTag,
        Fault::Stalled(100),
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        let name = format!("f{n}");
        service.fail(&format!("POST /files/{name}?uploadId"), 1, fault.clone());
        let stored = put_with(&store, &name, only_new(), &vec![1; LARGE]).await;
        let stored = stored.unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
        assert!(!stored.replaced, "{fault:?}");
        let found = store
            .stat(&key(&name), &Guard::Any, &Conditions::default())
            .await;
        assert_eq!(found.expect("there").etag, stored.info.etag, "{fault:?}");
    }
    store.close().await;
    assert_eq!(service.unfinished(), 0);
}

#[tokio::test]
async fn a_success_without_an_entity_tag_is_another_writers() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    for (options, replaced) in [(freely(), false), (freely(), true)] {
        service.fail("PUT /files/f", 1, Fault::Untagged);
        let stored = put_with(&store, "f", options, b"1").await.expect("stored");
        assert_eq!(stored.replaced, replaced);
    }
    service.fail("PUT /files/f", 1, Fault::Untagged);
    let refused = put_with(&store, "f", only_new(), b"2").await;
    assert!(
        matches!(refused, Err(Error::PreconditionFailed)),
        "{refused:?}"
    );
    assert_eq!(read(&store, "f", Span::All).await.expect("read"), b"1");
}

#[tokio::test]
async fn a_copy_whose_answer_breaks_off_has_the_recorded_time() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    put(&store, "f", b"1").await.expect("stored");
    let amendment = Amendment {
        content_type: Some("a/b".into()),
        metadata: None,
    };
    let cut = [60, 100, 115, 130].map(Fault::Truncated);
    for fault in cut.into_iter().chain([Fault::Fine]) {
        let whole = fault == Fault::Fine;
        service.fail("PUT /files/f", 1, fault.clone());
        service.requests();
        let (key, unconditional) = (key("f"), Conditions::default());
        let amended = store.amend(&key, &Guard::Any, &unconditional, amendment.clone());
        let amended = amended.await.expect("amended");
        let requests = service.requests();
        let copied = requests
            .iter()
            .position(|line| line.contains("=CopyObject"));
        let looked = requests[copied.expect("copied") + 1..].iter();
        assert_eq!(looked.count(), usize::from(!whole), "{fault:?}");
        assert_eq!(amended, stat(&store, "f").await.expect("there"));
    }
}
