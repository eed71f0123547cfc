//! Removing many files: in one request where that is possible.

use super::requests::seen;
use super::service::{Fault, Many};
use super::*;

async fn files(store: &S3Store, count: usize) -> Vec<Key> {
    let names: Vec<String> = (0..count).map(|n| format!("f/{n:03}")).collect();
    let puts = names.iter().map(|name| put(store, name, b"1"));
    for stored in futures_util::future::join_all(puts).await {
        stored.expect("stored");
    }
    names.iter().map(|name| key(name)).collect()
}

fn without(many: Many) -> S3Service {
    S3Service::that(Knows {
        delete_many: many,
        ..Knows::default()
    })
}

/// An answer in which these objects have these errors.
fn failed(errors: &[(&str, &str)]) -> Fault {
    let errors = errors.iter().map(|(key, code)| {
        format!("<Error><Key>{key}</Key><Code>{code}</Code><Message>a fault</Message></Error>")
    });
    let errors: String = errors.collect();
    Fault::Answer(
        200,
        vec![("content-type", "application/xml".to_owned())],
        format!("<DeleteResult>{errors}</DeleteResult>"),
    )
}

fn verdicts(outcomes: &[Result<(), Error>]) -> Vec<&'static str> {
    let verdict = |outcome: &Result<(), Error>| match outcome {
        Ok(()) => "ok",
        Err(Error::Protected) => "protected",
        Err(Error::Misconfigured(_)) => "misconfigured",
        Err(Error::Unavailable(_)) => "unavailable",
        Err(Error::UnsupportedKey(_)) => "unsupported key",
        Err(_) => "another",
    };
    outcomes.iter().map(verdict).collect()
}

#[tokio::test]
async fn a_thousand_files_are_removed_in_one_request() {
    for knows in [Knows::default(), Knows::ceph()] {
        let service = S3Service::that(knows);
        let store = store_on(&service).await;
        let mut keys = files(&store, 999).await;
        keys.push(key("none"));
        seen(&service);
        let removed = store.remove_many(&keys, &Guard::Any).await;
        assert!(removed.iter().all(Result::is_ok));
        assert_eq!(seen(&service), ["delete many"]);
        assert!(service.objects(BUCKET).is_empty());
        assert!(store.remove_many(&[], &Guard::Any).await.is_empty());
        assert!(seen(&service).is_empty());
    }
}

#[tokio::test]
async fn names_that_xml_cannot_carry_are_removed_by_themselves() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let names = [
        "a\u{ffff}",
        "a<b>&'\"",
        "é\u{fffe}",
        "a b",
        "%41",
        "a+b",
        "\u{fdd0}FFFF",
    ];
    for name in names {
        put(&store, name, b"1").await.expect("stored");
    }
    seen(&service);
    let keys = names.map(key);
    let removed = store.remove_many(&keys, &Guard::Any).await;
    assert_eq!(verdicts(&removed), ["ok"; 7]);
    assert_eq!(seen(&service), ["delete many", "DELETE", "DELETE"]);
    assert!(service.objects(BUCKET).is_empty());
}

#[tokio::test]
async fn each_file_has_its_own_outcome() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let keys = files(&store, 5).await;
    seen(&service);
    let answer = failed(&[
        ("f/001", "AccessDenied"),
        ("f/002", "InternalError"),
        ("f/003", "NoSuchKey"),
        ("f/004", "KeyTooLongError"),
    ]);
    service.fail("POST /files/?delete", 1, answer);
    let removed = store.remove_many(&keys, &Guard::Any).await;
    assert_eq!(
        verdicts(&removed),
        ["ok", "misconfigured", "ok", "ok", "unsupported key"]
    );
    let Err(Error::Misconfigured(cause)) = &removed[1] else {
        panic!("{removed:?}");
    };
    assert_eq!(
        cause.to_string(),
        "S3 denied s3:DeleteObject (AccessDenied); allow it to these credentials"
    );
    // What may pass is tried again, by itself.
    assert_eq!(seen(&service), ["delete many", "DELETE"]);
    // Readiness looks closer now.
    store.ready().await.expect("ready");
    assert!(seen(&service).len() > 1);
}

#[tokio::test]
async fn an_error_that_cannot_be_attributed_is_of_every_file() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let keys = files(&store, 3).await;
    seen(&service);
    service.fail(
        "POST /files/?delete",
        1,
        failed(&[("f/000", "AccessDenied"), ("f%2F001", "InternalError")]),
    );
    let removed = store.remove_many(&keys, &Guard::Any).await;
    assert_eq!(verdicts(&removed), ["ok"; 3]);
    assert_eq!(
        seen(&service),
        ["delete many", "DELETE", "DELETE", "DELETE"]
    );
    assert!(service.objects(BUCKET).is_empty());
}

#[tokio::test]
async fn errors_that_an_answer_breaks_off_before_are_not_successes() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let keys = files(&store, 3).await;
    for body in [
        "",
        "<DeleteResult>",
        "<DeleteResult><Error><Key>f/000</Key>",
    ] {
        let xml = vec![("content-type", "application/xml".to_owned())];
        let answer = Fault::Answer(200, xml, body.to_owned());
        service.fail("POST /files/?delete", 1, answer);
        service.fail(
            "DELETE /files/f/001",
            usize::MAX,
            Fault::Status(403, "AccessDenied"),
        );
        let removed = store.remove_many(&keys, &Guard::Any).await;
        assert_eq!(verdicts(&removed), ["ok", "misconfigured", "ok"], "{body}");
        service.recover();
        assert_eq!(service.objects(BUCKET), ["f/001"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_without_removals_of_many_is_asked_once() {
    for many in [Many::Unknown, Many::Refused] {
        let service = without(many);
        let store = store_on(&service).await;
        let keys = files(&store, 100).await;
        seen(&service);
        service.fail(
            "DELETE /files/",
            100,
            Fault::Late(Duration::from_millis(400)),
        );
        service.most_at_once();
        let removed = store.remove_many(&keys, &Guard::Any).await;
        assert!(removed.iter().all(Result::is_ok));
        assert_eq!(service.most_at_once(), 32);
        let requests = seen(&service);
        assert_eq!((requests[0].as_str(), requests.len()), ("delete many", 101));
        assert!(service.objects(BUCKET).is_empty());
        let again = files(&store, 3).await;
        seen(&service);
        store.remove_many(&again, &Guard::Any).await;
        assert_eq!(seen(&service), ["DELETE"; 3]);
    }
}

#[tokio::test]
async fn a_request_that_fails_as_a_whole_removes_nothing() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let keys = files(&store, 3).await;
    for (fault, expected) in [
        (Fault::Status(403, "AccessDenied"), "misconfigured"),
        (Fault::Status(503, "SlowDown"), "unavailable"),
        (Fault::Closed, "unavailable"),
    ] {
        service.fail("POST /files/?delete", usize::MAX, fault.clone());
        let removed = store.remove_many(&keys, &Guard::Any).await;
        assert_eq!(verdicts(&removed), [expected; 3], "{fault:?}");
        service.recover();
        assert_eq!(service.objects(BUCKET).len(), 3);
    }
    // That was no reason to remove them one by one for ever.
    seen(&service);
    store.remove_many(&keys, &Guard::Any).await;
    assert_eq!(seen(&service), ["delete many"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guarded_files_are_looked_at_each_by_itself() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let ann = || Some("ann".to_owned());
    let mut keys = Vec::new();
    for n in 0..40 {
        let options = CreateOptions {
            uploader: ann().filter(|_| n != 3),
            ..freely()
        };
        let name = format!("f{n}");
        put_with(&store, &name, options, b"1")
            .await
            .expect("stored");
        keys.push(key(&name));
    }
    keys.push(key("none"));
    seen(&service);
    service.fail("", usize::MAX, Fault::Late(Duration::from_millis(400)));
    service.most_at_once();
    let removed = store
        .remove_many(&keys, &Guard::Uploader("ann".into()))
        .await;
    let mut expected = ["ok"; 41];
    expected[3] = "protected";
    assert_eq!(verdicts(&removed), expected);
    assert_eq!(service.most_at_once(), 32);
    assert_eq!(service.objects(BUCKET), ["f3"]);
    let count = |method: &str, requests: &[String]| {
        let of = requests.iter().filter(|&request| request == method);
        of.count()
    };
    let requests = seen(&service);
    let counts = ["HEAD", "DELETE", "GET"].map(|method| count(method, &requests));
    // The GET is for the file that is missing.
    assert_eq!(counts, [41, 39, 1]);
}
