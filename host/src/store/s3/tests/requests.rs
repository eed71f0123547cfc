//! What an operation costs: the requests that the service sees.

use super::service::Fault;
use super::*;
use crate::store::{Etags, ListOptions, Validator};

/// The methods of the requests since the last call, without those of the sweep; parts, copies,
/// lists and removals of many are labelled as such.
pub(super) fn seen(service: &S3Service) -> Vec<String> {
    let requests = service.requests();
    let requests = requests.iter().filter(|line| !line.contains("?uploads&"));
    requests.map(|line| short(line)).collect()
}

fn short(line: &str) -> String {
    let method = line.split(' ').next().unwrap_or_default();
    let of = |what: &str| line.contains(what);
    match method {
        "POST" if of("?uploads") => "start".into(),
        "POST" if of("?delete") => "delete many".into(),
        "PUT" if of("=CopyObject") => "copy".into(),
        "PUT" if of("=UploadPartCopy") => "copy part".into(),
        "PUT" if of("partNumber") => "part".into(),
        "POST" if of("uploadId") => "complete".into(),
        "DELETE" if of("uploadId") => "abort".into(),
        "GET" if of("list-type=2") => "list".into(),
        _ => method.to_owned(),
    }
}

fn only_if(if_match: Option<Etags>, if_none_match: Option<Etags>) -> Conditions {
    Conditions {
        if_match,
        if_none_match,
        ..Conditions::default()
    }
}

#[tokio::test]
async fn a_small_file_costs_one_request_to_store_and_one_to_read() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    service.requests();

    for (name, size) in [("a", 0), ("b", 10), ("c", 8 << 20)] {
        let stored = put(&store, name, &vec![1; size]).await.expect("stored");
        assert!(!stored.replaced);
        assert_eq!(seen(&service), ["PUT"], "{size}");
        assert_eq!(
            read(&store, name, Span::All).await.expect("read").len(),
            size
        );
        assert_eq!(seen(&service), ["GET"], "{size}");
    }
    // A HEAD first, so that a refusal does not wait for the bytes.
    for (replaced, name) in [(false, "alice"), (true, "alice")] {
        let guarded = CreateOptions {
            may_replace: Guard::Uploader(name.to_owned()),
            uploader: Some(name.to_owned()),
            ..freely()
        };
        let stored = put_with(&store, "d", guarded, b"1").await.expect("stored");
        assert_eq!(stored.replaced, replaced);
        assert_eq!(seen(&service), ["HEAD", "PUT"]);
    }
    // Few bytes are sent at once, on the condition that no object exists.
    for (announced, replaced, requests) in [
        (1, false, &["PUT"][..]),
        (1, true, &["PUT", "HEAD", "PUT"]),
        (64 << 10, true, &["PUT", "HEAD", "PUT"]),
        ((64 << 10) + 1, true, &["HEAD", "PUT"]),
    ] {
        let guarded = CreateOptions {
            may_replace: Guard::Uploader("alice".to_owned()),
            uploader: Some("alice".to_owned()),
            announced: Some(announced),
            ..freely()
        };
        let stored = put_with(&store, "e", guarded, b"1").await.expect("stored");
        assert_eq!(
            (stored.replaced, seen(&service)),
            (replaced, requests.iter().map(|&of| of.to_owned()).collect()),
            "{announced}"
        );
    }
    // The service has to report that a file exists.
    assert!(put(&store, "d", b"4").await.expect("stored").replaced);
    assert_eq!(seen(&service), ["PUT", "PUT"]);
}

#[tokio::test]
async fn every_request_names_this_program_and_reads_of_whole_files_ask_for_a_checksum() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    put(&store, "f", b"0123").await.expect("stored");
    let field = |name: &str| -> Vec<Option<String>> {
        let requests = service.fields().into_iter();
        let value = |fields: http::HeaderMap| Some(fields.get(name)?.to_str().ok()?.to_owned());
        requests.map(|(_, fields)| value(fields)).collect()
    };
    let agents = field("user-agent");
    let agent = format!("coffer/{} aws-sdk-s3/", env!("CARGO_PKG_VERSION"));
    let named = |value: &Option<String>| value.as_ref().is_some_and(|it| it.starts_with(&agent));
    assert!(!agents.is_empty() && agents.iter().all(named), "{agents:?}");

    for (span, asked) in [(Span::All, Some("ENABLED")), (Span::From(1), None)] {
        read(&store, "f", span).await.expect("read");
        // The sweep at the start may list uploads at the same time.
        let reads = service.fields().into_iter();
        let reads = reads.filter(|(line, _)| line.starts_with("GET /files/f"));
        let modes = reads.map(|(_, fields)| fields.get("x-amz-checksum-mode").cloned());
        let modes: Vec<_> = modes.collect();
        assert_eq!(modes, [asked.map(http::HeaderValue::from_static)]);
    }
}

fn tags(tags: &[&str]) -> Option<Etags> {
    let tags = tags.iter().map(|&tag| tag.to_owned());
    Some(Etags::List(tags.collect()))
}

#[tokio::test]
async fn a_range_and_conditions_are_passed_on_in_one_request() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let info = put(&store, "f", b"0123456789").await.expect("stored").info;
    service.requests();
    let table = [
        (only_if(tags(&[&info.etag]), None), None, 1, &["GET"][..]),
        (
            only_if(tags(&[&info.etag, "\"x\""]), None),
            None,
            1,
            &["GET"],
        ),
        (only_if(None, tags(&["\"x\""])), None, 1, &["GET"]),
        (
            Conditions::default(),
            Some(Validator::Etag(info.etag.clone())),
            1,
            &["GET"],
        ),
        (
            Conditions::default(),
            Some(Validator::Etag("\"x\"".into())),
            10,
            &["GET", "HEAD", "GET"],
        ),
    ];
    for (conditions, if_range, length, requests) in table {
        let options = OpenOptions {
            span: Span::Last(1),
            if_range,
            may_read: Guard::Any,
            conditions,
        };
        let opened = store.open(&key("f"), options.clone()).await.expect("open");
        assert_eq!(opened.length, length, "{options:?}");
        assert_eq!(seen(&service), requests, "{options:?}");
    }
    let still_good = OpenOptions {
        span: Span::All,
        if_range: None,
        may_read: Guard::Any,
        conditions: only_if(None, tags(&[&info.etag])),
    };
    let answer = store.open(&key("f"), still_good).await.map(|_| ());
    assert!(matches!(answer, Err(Error::NotModified(found)) if found.size == 10));
    assert_eq!(seen(&service), ["GET", "HEAD"]);
}

#[tokio::test]
async fn a_guarded_file_costs_one_request_to_open() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    put(&store, "f", b"0123456789").await.expect("stored");
    service.requests();
    let ann = Guard::Uploader("ann".into());
    for (may_read, conditions, requests) in [
        (ann.clone(), Conditions::default(), &["GET"][..]),
        // The service's evaluation of the condition would reveal the file.
        (ann, only_if(None, tags(&["\"x\""])), &["HEAD"]),
        (Guard::None, Conditions::default(), &["HEAD"]),
    ] {
        let options = OpenOptions {
            span: Span::All,
            if_range: None,
            may_read,
            conditions,
        };
        let answer = store.open(&key("f"), options.clone()).await.map(|_| ());
        assert!(matches!(answer, Err(Error::Protected)), "{options:?}");
        assert_eq!(seen(&service), requests, "{options:?}");
    }
}

#[tokio::test]
async fn a_large_file_is_sent_in_parts() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    service.requests();
    put(&store, "f", &vec![1; (16 << 20) + 1])
        .await
        .expect("stored");
    let mut requests = seen(&service);
    requests.sort_unstable();
    // The HEADs: whether it replaces something, and the time that it got.
    let expected = ["HEAD", "HEAD", "complete", "part", "part", "part", "start"];
    assert_eq!(requests, expected);
    // Otherwise one GET is fast enough.
    service.fail("GET /files/f", 1, Fault::Slow(Duration::from_millis(2)));
    assert_eq!(
        read(&store, "f", Span::All).await.expect("read").len(),
        (16 << 20) + 1
    );
    // The first is for all of it, and left where the others begin.
    assert_eq!(seen(&service), ["GET"; 3]);
    put(&store, "f", &vec![1; 16 << 20]).await.expect("stored");
    seen(&service);
    service.fail("GET /files/f", 1, Fault::Slow(Duration::from_millis(2)));
    read(&store, "f", Span::All).await.expect("read");
    assert_eq!(seen(&service), ["GET"]);
}

#[tokio::test]
async fn a_page_costs_one_request() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    for name in ["a", "b/c", "b/d", "e"] {
        put(&store, name, b"").await.expect("stored");
    }
    service.requests();
    for (after, limit) in [(None, 2), (Some("a"), 1), (Some("b/"), 1000)] {
        let options = ListOptions {
            prefix: String::new(),
            delimiter: Some("/".into()),
            after: after.map(Into::into),
            limit,
        };
        store.list(options).await.expect("a page");
        assert_eq!(seen(&service), ["list"], "{after:?}");
    }
}
