//! Lists and multipart uploads on services that differ, each as a real one does.

use std::time::SystemTime;

use super::service::{Fault, Lists, Sorting};
use super::*;
use crate::store::Entry;
use crate::store::s3::list::{Lists as Found, Order};
use crate::store::s3::sweep::{Sweep, Uploads};

/// Every kind, with its name.
const KINDS: [(&str, Lists); 5] = [
    ("seaweedfs", Lists::SEAWEEDFS),
    ("ceph", Lists::CEPH),
    ("swift", Lists::SWIFT),
    ("moto", Lists::MOTO),
    ("localstack", Lists::LOCALSTACK),
];

/// Names that lie around the slash, that lists encode, and that XML cannot carry.
const NAMES: [&str; 22] = [
    " lead",
    "%41",
    "a+b",
    "a b",
    "x",
    "x!/a",
    "x-",
    "x-/q",
    "x-z",
    "x.z",
    "x/a/b",
    "x/a/c",
    "x/y",
    "x0",
    "y/z",
    "é",
    "日本/語",
    "日本語",
    "\u{e000}",
    "\u{fdd0}FFFF",
    "\u{ffff}",
    "\u{ffff}/\u{fffe}",
];

fn like(lists: Lists) -> S3Service {
    S3Service::that(Knows {
        lists,
        ..Knows::default()
    })
}

mod like_seaweedfs {
    use super::*;

    async fn make() -> (Arc<dyn BlobStore>, S3Service) {
        let service = like(Lists::SEAWEEDFS);
        (Arc::new(store_on(&service).await), service)
    }

    contract! { crate::store::s3::tests::lists::like_seaweedfs::make =>
        lists:
            a_page_is_what_a_linear_scan_finds,
            pages_of_many_keys_join_without_gap_or_repetition,
            a_walk_reports_every_lasting_key_once_while_others_come_and_go;
    }
}

mod like_localstack {
    use super::*;

    async fn make() -> (Arc<dyn BlobStore>, S3Service) {
        let service = like(Lists::LOCALSTACK);
        (Arc::new(store_on(&service).await), service)
    }

    contract! { crate::store::s3::tests::lists::like_localstack::make =>
        lists:
            a_page_is_what_a_linear_scan_finds,
            pages_of_many_keys_join_without_gap_or_repetition,
            a_walk_reports_every_lasting_key_once_while_others_come_and_go;
    }
}

mod like_swift {
    use super::*;

    async fn make() -> (Arc<dyn BlobStore>, S3Service) {
        let service = like(Lists::SWIFT);
        (Arc::new(store_on(&service).await), service)
    }

    contract! { crate::store::s3::tests::lists::like_swift::make =>
        lists:
            a_page_is_what_a_linear_scan_finds;
    }
}

#[tokio::test]
async fn how_a_service_lists_is_found_out_and_nothing_is_left() {
    let found = |order, encoded| Found { order, encoded };
    let uploads = |any_name, dated| Uploads { any_name, dated };
    let backwards = Lists {
        order: Sorting::Backwards,
        ..Lists::default()
    };
    for (lists, expected, of_uploads) in [
        (
            Lists::SEAWEEDFS,
            found(Order::Folders, true),
            uploads(true, true),
        ),
        (Lists::CEPH, found(Order::Bytes, true), uploads(true, true)),
        (
            Lists::SWIFT,
            found(Order::Bytes, true),
            uploads(false, true),
        ),
        (Lists::MOTO, found(Order::Bytes, true), uploads(true, false)),
        (
            Lists::LOCALSTACK,
            found(Order::Bytes, false),
            uploads(true, true),
        ),
        (backwards, found(Order::Unknown, true), uploads(true, true)),
    ] {
        let service = like(lists);
        let store = store_on(&service).await;
        let bucket = &store.shared.bucket;
        assert_eq!(bucket.lists, expected, "{lists:?}");
        assert_eq!(bucket.uploads, of_uploads, "{lists:?}");
        assert!(service.objects(BUCKET).is_empty(), "{lists:?}");
        assert_eq!(service.unfinished(), 0, "{lists:?}");
    }
}

/// All pages of one list, joined.
async fn walk(store: &S3Store, delimiter: Option<&str>, limit: usize) -> Vec<String> {
    let mut walked: Vec<String> = Vec::new();
    loop {
        let page = store
            .list(ListOptions {
                prefix: String::new(),
                delimiter: delimiter.map(str::to_owned),
                after: walked.last().cloned(),
                limit,
            })
            .await
            .expect("a page");
        let names = page.entries.iter().map(|entry| entry.name().to_owned());
        walked.extend(names);
        if !page.more {
            return walked;
        }
        assert!(walked.len() < 100, "it does not end: {walked:?}");
    }
}

#[tokio::test]
async fn names_come_back_in_order_whatever_they_hold() {
    let mut sorted: Vec<&str> = NAMES.to_vec();
    sorted.sort_unstable();
    let mut folded: Vec<String> = sorted
        .iter()
        .map(|name| match name.split_once('/') {
            Some((folder, _)) => format!("{folder}/"),
            None => (*name).to_owned(),
        })
        .collect();
    folded.sort_unstable();
    folded.dedup();
    for (kind, lists) in KINDS {
        let service = like(lists);
        let store = store_on(&service).await;
        for name in NAMES {
            put(&store, name, b"1").await.expect("stored");
        }
        service.requests();
        for limit in [1, 2, 3, 7, 1000] {
            assert_eq!(walk(&store, None, limit).await, sorted, "{kind} {limit}");
            assert_eq!(
                walk(&store, Some("/"), limit).await,
                folded,
                "{kind} {limit}"
            );
        }
        let requests = service.requests().len();
        // 22 + 11 + 8 + 4 + 1 pages, and fewer of folders.
        assert!(requests < 400, "{kind}: {requests}");
    }
}

#[tokio::test]
async fn a_prefix_shows_only_what_begins_with_it() {
    for (kind, lists) in KINDS {
        let service = like(lists);
        let store = store_on(&service).await;
        for name in ["a", "p/a", "p/b/c", "p\u{10ffff}/d", "p\u{10ffff}"] {
            put(&store, name, b"1").await.expect("stored");
        }
        for (prefix, expected) in [
            ("p/", &["p/a", "p/b/c"][..]),
            ("p//", &[]),
            ("/", &[]),
            ("p/b", &["p/b/c"]),
            ("p\u{10ffff}", &["p\u{10ffff}", "p\u{10ffff}/d"]),
        ] {
            let options = ListOptions {
                prefix: prefix.to_owned(),
                delimiter: None,
                after: None,
                limit: 9,
            };
            let listing = store.list(options).await.expect("a list");
            let names: Vec<&str> = listing.entries.iter().map(Entry::name).collect();
            assert_eq!(names, expected, "{kind} {prefix:?}");
        }
    }
}

#[tokio::test]
async fn a_list_out_of_order_is_an_error_that_an_operator_has_to_see() {
    let service = like(Lists {
        order: Sorting::Backwards,
        ..Lists::default()
    });
    let store = store_on(&service).await;
    for name in ["a", "b"] {
        put(&store, name, b"1").await.expect("stored");
    }
    let options = ListOptions {
        prefix: String::new(),
        delimiter: None,
        after: None,
        limit: 9,
    };
    let listed = store.list(options).await;
    assert!(matches!(listed, Err(Error::Misconfigured(_))), "{listed:?}");
}

#[tokio::test]
async fn a_list_that_is_denied_in_the_middle_of_the_start_ends_it() {
    let lists = |service: &S3Service| {
        let requests = service.requests().into_iter();
        requests.filter(|line| line.contains("list-type")).count()
    };
    let service = S3Service::start();
    drop(store_on(&service).await);
    let requests = lists(&service);
    assert!(requests > 10, "{requests}");
    for allowed in 0..requests {
        let service = S3Service::start();
        service.make_bucket(BUCKET);
        service.fail("GET /files/?list-type", allowed, Fault::Fine);
        let denied = Fault::Status(403, "AccessDenied");
        // Once is enough: it must not be taken for what the service cannot do.
        service.fail("GET /files/?list-type", 1, denied);
        let refused = open_as(config(service.url()), SECRET_KEY).await.map(|_| ());
        let line = refused.expect_err("refused").to_string();
        assert!(line.contains("denied s3:ListBucket"), "{allowed}: {line}");
        assert!(service.objects(BUCKET).is_empty(), "{allowed}");
    }
}

#[tokio::test]
async fn a_large_file_of_any_name_is_stored_or_refused_for_good() {
    for (kind, lists) in KINDS {
        let service = like(lists);
        let store = store_on(&service).await;
        for name in ["\u{ffff}", "a\u{fffe}b"] {
            let stored = put(&store, name, &vec![1; 9 << 20]).await;
            match lists.carries_all {
                true => {
                    stored.expect("stored");
                    let read = read(&store, name, Span::From(9 << 20)).await;
                    assert!(matches!(read, Err(Error::SpanOutside(size)) if size == 9 << 20));
                }
                false => {
                    let stored = stored.map(|_| ());
                    assert!(
                        matches!(stored, Err(Error::UnsupportedKey(_))),
                        "{stored:?}"
                    );
                    put(&store, name, b"small").await.expect("stored");
                }
            }
        }
        assert_eq!(service.unfinished(), 0, "{kind}");
    }
}

/// Starts an upload past the store.
async fn begin(store: &S3Store, name: &str) {
    let starting = store.shared.bucket.client.create_multipart_upload();
    let starting = starting.bucket(BUCKET).key(name);
    // The answer may be one that cannot be read.
    let _ = starting.send().await;
}

#[tokio::test]
async fn uploads_of_every_name_are_swept_once_they_are_old() {
    let old = Duration::from_secs(7 * 24 * 3600);
    for (kind, lists) in KINDS {
        let service = like(lists);
        let store = store_on(&service).await;
        for name in ["a", "a b", "\u{ffff}", "é", "x\u{fffe}", "z"] {
            begin(&store, name).await;
        }
        let mut sweep = Sweep::new(store.shared.clone(), old);
        let begun = service.unfinished();
        assert!(begun >= 6, "{kind}");
        let at = |days: u64| SystemTime::now() + Duration::from_secs(days * 24 * 3600);
        // Whatever the service says, none is older than this test.
        for days in [0, 1, 6] {
            assert_eq!(sweep.run(at(days)).await.expect("swept"), 0, "{kind}");
        }
        let mut aborted = 0;
        // Those of a name that the service cannot repeat go one by one.
        for _ in 0..5 {
            aborted += sweep.run(at(8)).await.expect("swept");
        }
        assert_eq!(aborted, begun, "{kind}");
        assert_eq!(service.unfinished(), 0, "{kind}");
    }
}

#[tokio::test]
async fn an_upload_that_cannot_be_aborted_does_not_keep_the_others() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    for name in ["a", "b", "c"] {
        begin(&store, name).await;
    }
    service.fail(
        "DELETE /files/a?",
        usize::MAX,
        service::Fault::Status(403, "AccessDenied"),
    );
    let mut sweep = Sweep::new(store.shared.clone(), Duration::ZERO);
    let later = SystemTime::now() + Duration::from_secs(60);
    assert_eq!(sweep.run(later).await.expect("swept"), 2);
    assert_eq!(service.unfinished(), 1);
}
