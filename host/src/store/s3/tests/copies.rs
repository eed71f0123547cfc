//! What copies, moves and amendments cost, keep and survive.

use super::requests::seen;
use super::service::Fault;
use super::service::conditions::{Condition, Conditions as Evaluates};
use super::*;
use crate::store::Etags;

/// Names with characters that URLs, header fields or XML write in another way.
const NAMES: [&str; 14] = [
    "a b",
    "a+b",
    "%41",
    "a%2Fb",
    "a?b=c",
    "?versionId=1",
    "a#b",
    "a&b;c",
    "~a",
    "'\"<>",
    "é",
    "日本語/語",
    "\u{ffff}",
    "a\\b",
];

/// Creates only.
fn new() -> CreateOptions {
    CreateOptions {
        may_replace: Guard::None,
        ..freely()
    }
}

fn moving(from: &str, etag: &str, to: &str) -> Copy {
    Copy {
        may_remove: Some(Guard::Any),
        ..copying(from, etag, to)
    }
}

fn typed(content_type: &str) -> Amendment {
    Amendment {
        content_type: Some(content_type.to_owned()),
        metadata: None,
    }
}

async fn amend(store: &S3Store, name: &str, content_type: &str) -> Result<Info, Error> {
    let unconditional = Conditions::default();
    let amendment = typed(content_type);
    store
        .amend(&key(name), &Guard::Any, &unconditional, amendment)
        .await
}

/// What a service may do that does not support everything.
fn kinds() -> [Knows; 5] {
    [
        Knows::default(),
        Knows::ceph(),
        Knows::swift(),
        Knows::no_conditions(),
        Knows {
            copy: Evaluates {
                absent: Condition::Ignored,
                version: Condition::Evaluated,
            },
            ..Knows::default()
        },
    ]
}

#[tokio::test]
async fn a_copy_costs_a_look_at_its_source_and_one_request() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let etag = put(&store, "f", b"1").await.expect("stored").info.etag;
    seen(&service);
    let to = |options| Copy {
        options,
        ..copying("f", &etag, "g")
    };
    let same = |options| Copy {
        or_same: true,
        ..to(options)
    };
    let replacing = CreateOptions {
        may_create: false,
        ..freely()
    };
    for (given, expected, requests) in [
        (to(new()), "new", &["HEAD", "copy"][..]),
        (to(freely()), "replaced", &["HEAD", "copy", "copy"]),
        (to(replacing), "replaced", &["HEAD", "HEAD", "copy"]),
        (to(new()), "refused", &["HEAD", "copy", "HEAD"]),
        (same(new()), "replaced", &["HEAD", "copy", "HEAD"]),
        (same(freely()), "replaced", &["HEAD", "copy", "HEAD"]),
        (copying("f", &etag, "h"), "new", &["HEAD", "copy"]),
        (moving("h", &etag, "i"), "new", &["HEAD", "copy", "DELETE"]),
    ] {
        let what = format!("{given:?}");
        let outcome = match copy(&store, given).await {
            Ok(stored) if stored.replaced => "replaced",
            Ok(_) => "new",
            Err(CopyError::Target(Error::Protected)) => "refused",
            Err(error) => panic!("{what}: {error:?}"),
        };
        assert_eq!(outcome, expected, "{what}");
        assert_eq!(seen(&service), requests, "{what}");
    }
    amend(&store, "f", "a/b").await.expect("amended");
    assert_eq!(seen(&service), ["HEAD", "copy"]);
}

#[tokio::test]
async fn every_name_is_copied_and_amended() {
    let service = S3Service::start();
    let config = Config {
        prefix: Prefix::new("p+ %").expect("a prefix"),
        ..config(service.url())
    };
    let store = open_as(config, SECRET_KEY).await.expect("a store");
    for (place, name) in NAMES.into_iter().enumerate() {
        let content = place.to_string();
        let stored = put(&store, name, content.as_bytes()).await.expect("stored");
        let to = format!("copy/{name}");
        let copied = copy(&store, copying(name, &stored.info.etag, &to)).await;
        let copied = copied.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(copied.info.key.as_str(), to);
        let amended = amend(&store, &to, "a/b").await;
        amended.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let found = read(&store, &to, Span::All).await.expect("read");
        assert_eq!(found, content.as_bytes(), "{name}");
        assert_eq!(stat(&store, &to).await.expect("there").content_type, "a/b");
    }
}

#[tokio::test]
async fn checksums_and_the_metadata_of_others_come_along() {
    for checksums in [true, false] {
        let service = S3Service::that(Knows {
            checksums,
            ..Knows::default()
        });
        let store = store_on(&service).await;
        let etag = put(&store, "f", b"0123").await.expect("stored").info.etag;
        copy(&store, copying("f", &etag, "g"))
            .await
            .expect("copied");
        amend(&store, "f", "a/b").await.expect("amended");
        for name in ["f", "g"] {
            let kept = service.kept(BUCKET, name);
            let crc32 = kept.metadata.get("coffer-crc32").map(String::as_str);
            assert_eq!(crc32, Some("pmadfQ=="), "{name}");
            assert_eq!(kept.checksum.is_some(), checksums, "{name}");
            let line = format!("GET /files/{name}");
            service.fail(&line, 1, Fault::Flipped(2));
            let damaged = read(&store, name, Span::All).await;
            assert!(damaged.is_err(), "{name}");
        }
    }
    let service = S3Service::start();
    let store = store_on(&service).await;
    let others = store.shared.bucket.client.put_object();
    let others = others.bucket(BUCKET).key("f").metadata("mine", "1");
    others.send().await.expect("stored");
    let etag = stat(&store, "f").await.expect("there").etag;
    copy(&store, copying("f", &etag, "g"))
        .await
        .expect("copied");
    amend(&store, "g", "a/b").await.expect("amended");
    let kept = service.kept(BUCKET, "g").metadata;
    assert_eq!(kept["mine"], "1");
    assert_eq!(kept["coffer-origin"], etag.trim_matches('"'));
}

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
        // Amended, it has the same bytes; replaced, it has others.
        amend(&store, "g", "a/b").await.expect("amended");
        copy(&store, again()).await.expect("the same");
        put(&store, "g", &[2; 9 << 20]).await.expect("stored");
        let refused = copy(&store, again()).await;
        assert!(
            matches!(refused, Err(CopyError::Target(Error::Protected))),
            "{refused:?}"
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
        service.fail("HEAD /files/f", 1, Fault::Status(404, "NoSuchKey"));
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

#[tokio::test]
async fn copies_have_the_fields_of_uploads() {
    let service = S3Service::start();
    let config = Config {
        fields: Fields {
            storage_class: Some("STANDARD_IA".parse().expect("a class")),
            tags: vec!["team=web".parse().expect("a tag")],
            ..Fields::default()
        },
        ..config(service.url())
    };
    let store = open_as(config, SECRET_KEY).await.expect("a store");
    let etag = put(&store, "f", b"1").await.expect("stored").info.etag;
    service.fields();
    copy(&store, copying("f", &etag, "g"))
        .await
        .expect("copied");
    let requests = service.fields();
    let copied = requests.iter().find(|(line, _)| line.starts_with("PUT"));
    let (_, fields) = copied.expect("a copy");
    for (name, value) in [
        ("x-amz-copy-source", "files/f"),
        ("x-amz-copy-source-if-match", etag.as_str()),
        ("if-none-match", "*"),
        ("x-amz-metadata-directive", "REPLACE"),
        ("x-amz-tagging", "team=web"),
        ("x-amz-tagging-directive", "REPLACE"),
        ("x-amz-storage-class", "STANDARD_IA"),
    ] {
        let found = fields.get(name).and_then(|value| value.to_str().ok());
        assert_eq!(found, Some(value), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_files_are_described_and_copied_at_the_same_time_and_not_too_many() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let etag = put(&store, "f", b"1").await.expect("stored").info.etag;
    let late = || Fault::Late(Duration::from_millis(20));
    service.fail("", usize::MAX, late());
    service.most_at_once();
    let copies = (0..100).map(|n| copying("f", &etag, &format!("g/{n}")));
    let copied = store.copy(copies.collect()).await;
    assert!(copied.iter().all(Result::is_ok));
    assert_eq!(service.most_at_once(), 32);
    let keys: Vec<Key> = (0..100).map(|n| key(&format!("g/{n}"))).collect();
    let found = store.stat_many(&keys, &Guard::Any).await;
    assert!(found.iter().all(Result::is_ok));
    assert_eq!(service.most_at_once(), 32);
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
