//! Opening a file for clients that are redirected to the service.

use super::*;
use crate::store::body::ServedAs;
use crate::store::{Body, Etags, Validator};

async fn redirecting(service: &S3Service) -> S3Store {
    let config = Config {
        redirect: true,
        ..config(service.url())
    };
    open_as(config, SECRET_KEY).await.expect("a store")
}

fn with(span: Span, conditions: Conditions) -> OpenOptions {
    OpenOptions {
        span,
        if_range: None,
        may_read: Guard::Any,
        conditions,
    }
}

fn methods(service: &S3Service) -> Vec<String> {
    let requests = service.requests();
    let requests = requests.iter().filter(|line| !line.contains("?uploads&"));
    let method = |line: &String| line.split(' ').next().unwrap_or_default().to_owned();
    requests.map(method).collect()
}

async fn url(opened: Opened) -> String {
    let Body::Elsewhere(place) = opened.body else {
        panic!("the bytes are here");
    };
    place.url(ServedAs::default()).await.expect("a URL")
}

#[tokio::test]
async fn opening_costs_one_head_and_a_url_nothing() {
    let service = S3Service::start();
    let store = redirecting(&service).await;
    let info = put(&store, "f", &[1; 10]).await.expect("stored").info;
    let tag = Some(Etags::List(vec![info.etag.clone()]));
    let other = Some(Etags::List(vec!["\"x\"".into()]));
    service.requests();
    let none_match = |etags: &Option<Etags>| Conditions {
        if_none_match: etags.clone(),
        ..Conditions::default()
    };
    let only = |etags: &Option<Etags>| Conditions {
        if_match: etags.clone(),
        ..Conditions::default()
    };
    let table = [
        ("f", Span::All, Conditions::default(), "0+10"),
        ("f", Span::From(4), only(&tag), "4+6"),
        ("f", Span::Last(3), none_match(&other), "7+3"),
        ("f", Span::All, only(&other), "PreconditionFailed"),
        ("f", Span::From(10), only(&other), "PreconditionFailed"),
        (
            "f",
            Span::From(10),
            Conditions::default(),
            "SpanOutside(10)",
        ),
        ("none", Span::All, Conditions::default(), "NotFound"),
    ];
    for (name, span, conditions, expected) in table {
        let outcome = store.open(&key(name), with(span, conditions)).await;
        let told = match outcome {
            Err(error) => format!("{error:?}"),
            Ok(opened) => {
                let told = format!("{}+{}", opened.offset, opened.length);
                assert!(url(opened).await.starts_with(&service.url()));
                told
            }
        };
        assert_eq!(told, expected, "{name} {span:?}");
        // Of a missing file the GET finds out whether its bucket is there.
        let requests = match name {
            "none" => &["HEAD", "GET"][..],
            _ => &["HEAD"],
        };
        assert_eq!(methods(&service), requests, "{name} {span:?}");
    }
    let still_good = store
        .open(&key("f"), with(Span::All, none_match(&tag)))
        .await;
    assert!(matches!(still_good, Err(Error::NotModified(found)) if found.size == 10));
    assert_eq!(methods(&service), ["HEAD"]);
}

#[tokio::test]
async fn what_a_client_could_not_request_from_the_service_is_not_redirected() {
    let service = S3Service::start();
    let store = redirecting(&service).await;
    put(&store, "empty", b"").await.expect("stored");
    let info = put(&store, "f", b"0123").await.expect("stored").info;
    // Services need not support If-Range, and respond 416 to every range of an empty object.
    for (name, validator, length) in [
        ("f", Some(info.etag.as_str()), 1),
        ("f", Some("\"x\""), 4),
        ("empty", None, 0),
    ] {
        let options = OpenOptions {
            if_range: validator.map(|tag| Validator::Etag(tag.to_owned())),
            may_read: Guard::Any,
            ..with(Span::Last(1), Conditions::default())
        };
        let opened = store.open(&key(name), options).await.expect("open");
        let chunks: Vec<Bytes> = opened.body.here().try_collect().await.expect("bytes");
        assert_eq!(chunks.concat().len(), length, "{name} {validator:?}");
    }
}

#[tokio::test]
async fn in_a_bucket_with_versioning_a_url_opens_the_version_that_was_opened() {
    for (versions, expected) in [(true, "old"), (false, "replaced")] {
        let service = S3Service::that(Knows {
            versions,
            ..Knows::default()
        });
        let store = redirecting(&service).await;
        put(&store, "f", b"old").await.expect("stored");
        let options = with(Span::All, Conditions::default());
        let url = url(store.open(&key("f"), options).await.expect("open")).await;
        put(&store, "f", b"replaced").await.expect("stored");
        let answer = reqwest::get(&url).await.expect("an answer");
        assert_eq!(answer.text().await.expect("text"), expected);
    }
}
