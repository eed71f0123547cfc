//! Objects that are too large to be copied in one request are copied in parts.

use sha2::Digest;

use super::requests::seen;
use super::service::Fault;
use super::service::conditions::Condition;
use super::*;

/// Four parts, the last of 2 MiB.
const SIZE: usize = 17 << 20;

fn content() -> Vec<u8> {
    (0..SIZE as u32 / 4).flat_map(u32::to_le_bytes).collect()
}

/// The store, and a file of which the client knew the digest.
async fn large(service: &S3Service) -> (S3Store, Info) {
    let store = store_of_parts(service).await;
    let content = content();
    let options = CreateOptions {
        sha256: Some(sha2::Sha256::digest(&content).into()),
        ..freely()
    };
    let stored = put_with(&store, "f", options, &content).await;
    let info = stored.expect("stored").info;
    seen(service);
    (store, info)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_is_copied_and_amended_in_parts() {
    for checksums in [true, false] {
        let service = S3Service::that(Knows {
            checksums,
            ..Knows::default()
        });
        let (store, source) = large(&service).await;
        let copied = copy(&store, copying("f", &source.etag, "g")).await;
        let copied = copied.expect("copied");
        assert!(!copied.replaced);
        assert_eq!(copied.info.size, SIZE as u64);
        let mut requests = seen(&service);
        requests.sort_unstable();
        // The HEADs: the source and the target, both before and after the parts, and the recorded
        // time. The GETs confirm that the target does not exist.
        let [parts, looks] = [["copy part"; 4].as_slice(), &["HEAD"; 5]];
        let expected = ["GET", "GET"].iter().chain(looks).chain(&["complete"]);
        let expected = expected.chain(parts).chain(&["start"]);
        assert_eq!(requests, expected.copied().collect::<Vec<_>>());

        let amended = store
            .amend(
                &key("f"),
                &Guard::Any,
                &Conditions::only(&source.etag),
                Amendment {
                    content_type: Some("a/b".into()),
                    metadata: None,
                },
            )
            .await;
        assert_eq!(amended.expect("amended").content_type, "a/b");
        for name in ["f", "g"] {
            let kept = service.kept(BUCKET, name);
            assert!(kept.metadata.contains_key("coffer-sha256"), "{name}");
            let of = kept.checksum.map(|(_, of)| of);
            assert_eq!(of, checksums.then_some("FULL_OBJECT"), "{name}");
            assert!(read(&store, name, Span::All).await.expect("read") == content());
        }
        let again = Copy {
            options: CreateOptions {
                may_replace: Guard::None,
                ..freely()
            },
            or_same: true,
            ..copying("f", &stat(&store, "f").await.expect("there").etag, "g")
        };
        let refused = copy(&store, again).await;
        // Its origin has another tag by now, and the bytes are not compared.
        let known = matches!(&refused, Ok(stored) if stored.replaced);
        assert!(
            known || matches!(refused, Err(CopyError::Target(Error::Protected))),
            "{refused:?}"
        );
        assert_eq!(service.unfinished(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_parts_of_a_file_are_copied_at_the_same_time() {
    let service = S3Service::start();
    let (store, source) = large(&service).await;
    let late = Fault::Late(Duration::from_millis(50));
    service.fail("PUT /files/", usize::MAX, late);
    service.most_at_once();
    copy(&store, copying("f", &source.etag, "g"))
        .await
        .expect("copied");
    assert_eq!(service.most_at_once(), 3);
}

#[tokio::test]
async fn a_copy_in_parts_that_fails_leaves_nothing() {
    let service = S3Service::start();
    let (store, source) = large(&service).await;
    let line = "PUT /files/g?x-id=UploadPartCopy";
    for (status, code, expected) in [
        (403, "AccessDenied", "target"),
        (412, "PreconditionFailed", "source"),
        (404, "NoSuchKey", "source"),
    ] {
        // Of the later parts.
        service.fail(line, 2, Fault::Fine);
        service.fail(line, usize::MAX, Fault::Status(status, code));
        let copied = copy(&store, copying("f", &source.etag, "g")).await;
        let side = match copied {
            Ok(_) => "none",
            Err(CopyError::Source(_)) => "source",
            Err(CopyError::Target(_)) => "target",
        };
        assert_eq!(side, expected, "{code}");
        service.recover();
    }
    let unfinished = store.shared.clone();
    store.close().await;
    drop(unfinished);
    assert_eq!(service.unfinished(), 0);
    assert_eq!(service.objects(BUCKET), ["f"]);
}

#[tokio::test]
async fn parts_of_two_versions_are_never_one_file() {
    // Where it is ignored, another host can replace the source between two parts.
    for copy_source in [Condition::Evaluated, Condition::Ignored] {
        let service = S3Service::that(Knows {
            copy_source,
            ..Knows::default()
        });
        let (store, source) = large(&service).await;
        let other = || {
            let size = SIZE.to_string();
            let fields = vec![("etag", "\"1-4\"".to_owned()), ("content-length", size)];
            Fault::Answer(200, fields, String::new())
        };
        // There at the first look, and another version after the parts.
        service.fail("HEAD /files/f", 1, Fault::Fine);
        service.fail("HEAD /files/f", 1, other());
        let copied = copy(&store, copying("f", &source.etag, "g")).await;
        assert!(
            matches!(copied, Err(CopyError::Source(Error::PreconditionFailed))),
            "{copied:?}"
        );
        store.close().await;
        assert_eq!(service.unfinished(), 0);
        assert_eq!(service.objects(BUCKET), ["f"]);
    }
}

/// Swift answers `NoSuchBucket`.
#[tokio::test]
async fn a_source_that_goes_amid_its_parts_is_not_a_missing_bucket() {
    let service = S3Service::start();
    let (store, source) = large(&service).await;
    let line = "PUT /files/g?x-id=UploadPartCopy";
    service.fail(line, 2, Fault::Fine);
    service.fail(line, usize::MAX, Fault::Status(404, "NoSuchBucket"));
    // There at the first look, and then no more.
    service.fail("HEAD /files/f", 1, Fault::Fine);
    service.fail("HEAD /files/f", usize::MAX, Fault::Status(404, ""));
    service.fail("GET /files/f", usize::MAX, Fault::Status(404, "NoSuchKey"));
    let copied = copy(&store, copying("f", &source.etag, "g")).await;
    assert!(
        matches!(copied, Err(CopyError::Source(Error::NotFound))),
        "{copied:?}"
    );
}

#[tokio::test]
async fn what_will_be_refused_is_refused_before_a_part_is_copied() {
    let service = S3Service::start();
    let (store, source) = large(&service).await;
    put(&store, "g", b"there").await.expect("stored");
    seen(&service);
    let to = |options| Copy {
        options,
        ..copying("f", &source.etag, "g")
    };
    let new = CreateOptions {
        may_replace: Guard::None,
        ..freely()
    };
    let small = CreateOptions {
        max_size: SIZE as u64 - 1,
        ..freely()
    };
    for (given, requests) in [(to(new), &["HEAD", "HEAD"][..]), (to(small), &["HEAD"])] {
        let copied = copy(&store, given).await;
        assert!(matches!(copied, Err(CopyError::Target(_))), "{copied:?}");
        assert_eq!(seen(&service), requests);
    }
    assert_eq!(service.unfinished(), 0);
}
