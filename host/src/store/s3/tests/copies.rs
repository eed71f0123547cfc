//! What copies, moves and amendments cost and keep, and in [`failing`] what they survive.

mod failing;

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
    let late = || Fault::Late(Duration::from_millis(400));
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
