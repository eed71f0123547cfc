//! Failures of the service are reported as what they are, never as success.

use super::service::Fault;
use super::*;
use crate::store::Etags;

/// A file that arrives in many pieces.
async fn large(store: &S3Store) -> Vec<u8> {
    let content: Vec<u8> = (0..1_000_000u32).flat_map(u32::to_le_bytes).collect();
    put(store, "f", &content).await.expect("stored");
    content
}

pub(super) fn verdict<T>(outcome: Result<T, Error>) -> &'static str {
    match outcome {
        Ok(_) => "done",
        Err(Error::Unavailable(_)) => "unavailable",
        Err(Error::Misconfigured(_)) => "misconfigured",
        Err(Error::UnsupportedKey(_)) => "unsupported key",
        Err(Error::TooLarge) => "too large",
        Err(Error::NoSpace) => "no space",
        Err(_) => "something else",
    }
}

#[tokio::test]
async fn an_error_in_the_body_of_a_200_is_an_error() {
    for code in ["AccessDenied", "InternalError"] {
        for fields in [vec![], vec![("ETag", "\"1\"".to_owned())]] {
            let service = S3Service::start();
            let store = store_on(&service).await;
            let body = format!("<Error><Code>{code}</Code></Error>");
            let fault = Fault::Answer(200, fields.clone(), body);
            service.fail("PUT /files/f", usize::MAX, fault);
            let stored = put(&store, "f", b"abc").await;
            assert_eq!(verdict(stored), "unavailable", "{code} {fields:?}");
        }
    }
}

#[tokio::test]
async fn an_interrupted_download_is_resumed() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let content = large(&store).await;
    for (span, from) in [(Span::All, 0), (Span::From(1_000_001), 1_000_001)] {
        service.fail("GET /files/f", 2, Fault::Torn(700_000));
        assert!(read(&store, "f", span).await.expect("whole") == content[from..]);
    }
}

#[tokio::test]
async fn a_stalled_download_is_resumed_on_another_connection() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let content = large(&store).await;
    service.fail("GET /files/f", 1, Fault::Stalled(700_000));
    assert!(read(&store, "f", Span::All).await.expect("whole") == content);
}

#[tokio::test]
async fn an_upload_that_stalls_is_sent_again_long_before_it_would_time_out() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    for (name, size, line) in [
        ("small", 1, "PUT /files/small"),
        ("whole", 4 << 20, "PUT /files/whole"),
        ("large", 9 << 20, "PUT /files/large?"),
    ] {
        service.fail(line, 1, Fault::Mute);
        let content = vec![1; size];
        let storing = put(&store, name, &content);
        let stored = tokio::time::timeout(Duration::from_secs(60), storing).await;
        stored.expect("not stalled").expect("stored");
        let found = read(&store, name, Span::All).await.expect("read");
        assert_eq!(found.len(), size);
    }
}

#[tokio::test]
async fn a_broken_download_never_ends_cleanly() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let content = large(&store).await;
    for fault in [Fault::Torn(0), Fault::Torn(100_000), Fault::Damaged] {
        // The first response is the broken one; every attempt to resume it fails.
        service.fail("GET /files/f", 1, fault.clone());
        service.fail(
            "GET /files/f",
            usize::MAX,
            Fault::Status(500, "InternalError"),
        );
        let opened = store.open(&key("f"), whole()).await.expect("open");
        let (mut came, length) = (0, opened.length);
        let mut body = opened.body.here();
        while let Some(Ok(bytes)) = body.next().await {
            came += bytes.len() as u64;
        }
        // A client that counts the bytes notices, too.
        assert!(came < length, "{fault:?}");
        service.recover();
    }
    // A download is not resumed with another version.
    let opened = store.open(&key("f"), whole()).await.expect("open");
    service.fail("GET /files/f", 1, Fault::Torn(100_000));
    let torn = store.open(&key("f"), whole()).await.expect("open");
    put(&store, "f", b"another").await.expect("stored");
    let chunks: Vec<Bytes> = opened
        .body
        .here()
        .try_collect()
        .await
        .expect("the version opened");
    assert!(chunks.concat() == content);
    let torn: Result<Vec<Bytes>, Error> = torn.body.here().try_collect().await;
    assert!(torn.is_err());
}

fn whole() -> OpenOptions {
    OpenOptions {
        span: Span::All,
        if_range: None,
        may_read: Guard::Any,
        conditions: Conditions::default(),
    }
}

#[tokio::test]
async fn transient_faults_are_retried_and_outages_are_reported() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    put(&store, "f", b"1").await.expect("stored");
    for fault in [
        Fault::Status(500, "InternalError"),
        Fault::Status(503, "SlowDown"),
        Fault::Closed,
    ] {
        service.fail("", 2, fault.clone());
        assert_eq!(verdict(put(&store, "f", b"2").await), "done", "{fault:?}");
        service.fail("", usize::MAX, fault.clone());
        assert_eq!(
            verdict(put(&store, "f", b"3").await),
            "unavailable",
            "{fault:?}"
        );
        assert_eq!(verdict(read(&store, "f", Span::All).await), "unavailable");
        assert_eq!(
            verdict(put(&store, "g", &[0; 9 << 20]).await),
            "unavailable"
        );
        service.recover();
        assert_eq!(read(&store, "f", Span::All).await.expect("read"), b"2");
    }
}

#[tokio::test]
async fn each_error_of_the_service_is_reported_as_what_it_is() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    for (status, code, expected) in [
        (400, "EntityTooLarge", "too large"),
        (403, "QuotaExceeded", "no space"),
        (507, "XMinioStorageFull", "no space"),
        (403, "AccessDenied", "misconfigured"),
        (404, "NoSuchBucket", "misconfigured"),
        (400, "ExpiredToken", "misconfigured"),
        (403, "RequestTimeTooSkewed", "misconfigured"),
        (400, "KMS.DisabledException", "misconfigured"),
        (301, "PermanentRedirect", "misconfigured"),
        (400, "KeyTooLongError", "unsupported key"),
        (409, "ExistingObjectIsFile", "unsupported key"),
        (400, "BadDigest", "unavailable"),
    ] {
        let fault = Fault::Status(status, code);
        service.fail("PUT /files/f?x-id=PutObject", 1, fault.clone());
        assert_eq!(verdict(put(&store, "f", b"1").await), expected, "{code}");
        let large = vec![0; 9 << 20];
        for request in [
            "POST /files/f?uploads",
            "PUT /files/f?x-id=UploadPart",
            "POST /files/f?uploadId",
        ] {
            service.fail(request, 1, fault.clone());
            let outcome = verdict(put(&store, "f", &large).await);
            assert_eq!(outcome, expected, "{request}: {code}");
            service.recover();
        }
    }
}

#[tokio::test]
async fn a_refused_head_is_explained() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    put(&store, "f", b"1").await.expect("stored");
    for request in ["HEAD /files/f", "GET /files/f"] {
        service.fail(request, usize::MAX, Fault::Status(400, "ExpiredToken"));
    }
    let found = store
        .stat(&key("f"), &Guard::Any, &Conditions::default())
        .await;
    let Err(Error::Misconfigured(cause)) = found else {
        panic!("{found:?}");
    };
    assert_eq!(
        cause.to_string(),
        "S3 rejected the credentials (ExpiredToken); renew AWS_SESSION_TOKEN"
    );
}

#[tokio::test]
async fn readiness_finds_out_what_is_refused_and_that_it_no_longer_is() {
    for versions in [false, true] {
        let service = S3Service::that(Knows {
            versions,
            ..Knows::default()
        });
        let store = store_on(&service).await;
        put(&store, "f", b"1").await.expect("stored");
        let stored = service.versions(BUCKET);
        let denied = || Fault::Status(403, "AccessDenied");
        store.ready().await.expect("ready");

        // One object that nobody may read is not about the host.
        service.fail("GET /files/f", 1, Fault::Status(403, "InvalidObjectState"));
        assert_eq!(verdict(read(&store, "f", Span::All).await), "misconfigured");
        store.ready().await.expect("ready");

        for (request, permission) in [
            ("PUT /files/", "s3:PutObject"),
            ("DELETE /files/", "s3:DeleteObject"),
            ("HEAD /files/", "s3:GetObject"),
        ] {
            service.fail(request, usize::MAX, denied());
            let _ = put(&store, "g", b"1").await;
            let _ = store
                .remove(&key("g"), &Guard::Any, &Conditions::default())
                .await;
            let _ = store
                .stat(&key("f"), &Guard::Any, &Conditions::default())
                .await;
            for _ in 0..2 {
                let ready = store.ready().await;
                let Err(Error::Misconfigured(cause)) = ready else {
                    panic!("{request}: {ready:?}");
                };
                let line = cause.to_string();
                assert!(line.contains(permission), "{request}: {line}");
            }
            service.recover();
            store.ready().await.expect("ready again");
            let temporary = |name: &String| name.starts_with(".coffer");
            assert!(!service.objects(BUCKET).iter().any(temporary), "{request}");
            let _ = store
                .remove(&key("g"), &Guard::Any, &Conditions::default())
                .await;
        }
        // "f", and what the test itself stored and removed as "g" twice.
        let left = service.versions(BUCKET);
        assert!(left <= stored + if versions { 6 } else { 0 }, "{left}");

        service.requests();
        store.ready().await.expect("ready");
        assert_eq!(service.requests().len(), 1, "a list is enough");
    }
}

/// A proxy in front of the service, say, while the service restarts.
#[tokio::test]
async fn a_404_that_is_not_the_services_is_no_missing_file() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let info = put(&store, "f", b"1").await.expect("stored").info;
    let id = resumable::begin(&store, "g").await;
    let page = || {
        let plain = vec![("content-type", "text/plain".to_owned())];
        Fault::Answer(404, plain, "404 page not found\n".to_owned())
    };
    for method in ["GET", "PUT", "POST", "DELETE"] {
        service.fail(method, usize::MAX, page());
    }
    let unconditional = Conditions::default();
    // The answer to HEAD has no document that could tell.
    for head in [false, true] {
        if head {
            service.fail("HEAD", usize::MAX, Fault::Status(404, ""));
        }
        assert_eq!(
            verdict(read(&store, "f", Span::All).await),
            "unavailable",
            "GET"
        );
        assert_eq!(verdict(put(&store, "f", b"2").await), "unavailable", "PUT");
        let removed = store.remove(&key("f"), &Guard::Any, &unconditional).await;
        assert_eq!(verdict(removed), "unavailable", "DELETE");
        for guard in [Guard::Any, Guard::Uploader("ann".into())] {
            let keys = [key("f"), key("f2")];
            for removed in store.remove_many(&keys, &guard).await {
                if head || guard == Guard::Any {
                    assert_eq!(verdict(removed), "unavailable", "{guard:?}");
                }
            }
            let alone = store.remove_many(&keys[..1], &Guard::Any).await.remove(0);
            assert_eq!(verdict(alone), "unavailable", "DELETE alone");
        }
        let listed = store.list(ListOptions {
            prefix: String::new(),
            delimiter: None,
            after: None,
            limit: 9,
        });
        assert_eq!(verdict(listed.await), "unavailable", "a list");
        let unread = OpenOptions {
            span: Span::All,
            if_range: None,
            may_read: Guard::Uploader("ann".into()),
            conditions: Conditions {
                if_none_match: Some(Etags::Any),
                ..Conditions::default()
            },
        };
        if head {
            let opened = store.open(&key("f"), unread).await;
            assert_eq!(verdict(opened), "unavailable", "a conditional GET");
        }
        let replacing = Copy {
            options: CreateOptions {
                may_create: false,
                ..freely()
            },
            ..copying("f", &info.etag, "h")
        };
        let moving = Copy {
            may_remove: Some(Guard::Any),
            ..copying("f", &info.etag, "h")
        };
        for given in [moving, replacing] {
            let outcome = copy(&store, given).await;
            assert!(
                matches!(outcome, Err(CopyError::Target(Error::Unavailable(_)))),
                "{outcome:?}"
            );
        }
        let looked = resumable::look(&store, &id).await;
        assert_eq!(verdict(looked), "unavailable", "an upload");
    }
    let found = stat(&store, "f").await;
    assert_eq!(verdict(found), "unavailable", "HEAD");
    service.recover();
    assert_eq!(read(&store, "f", Span::All).await.expect("there"), b"1");
    let progress = resumable::look(&store, &id).await.expect("there");
    assert_eq!(progress.offset, 0);
}

#[tokio::test]
async fn a_readiness_check_that_nobody_waits_for_leaves_nothing() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    service.fail("PUT /files/f", 1, Fault::Status(403, "AccessDenied"));
    assert_eq!(verdict(put(&store, "f", b"1").await), "misconfigured");
    service.requests();
    let late = Fault::Late(Duration::from_millis(100));
    service.fail("PUT /files/.coffer/ready-", 1, late);
    let stored = async {
        let is_put = |line: &String| line.starts_with("PUT /files/.coffer/ready-");
        while !service.requests().iter().any(is_put) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        ready = store.ready() => panic!("{ready:?}"),
        () = stored => {}
    }
    store.close().await;
    assert!(service.objects(BUCKET).is_empty());
}
