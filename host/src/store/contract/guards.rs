//! Guards: whose file may be read, replaced and removed, decided for exactly the version concerned.

use super::super::Etags;
use super::*;

pub(crate) async fn guards_say_who_may_store_and_remove(store: Store) {
    let alices = || Guard::Uploader("alice".into());
    // Who stored the existing file, if any; whether a new one may be created; whose may be
    // replaced or removed; the outcome of storing; the outcome of removing.
    let some = |name: &str| Some(Some(name.to_owned()));
    let table = [
        (None, true, Guard::None, "done", "NotFound"),
        (None, false, Guard::Any, "NotFound", "NotFound"),
        (None, false, Guard::None, "NotFound", "NotFound"),
        (some("alice"), true, Guard::None, "Protected", "Protected"),
        (some("alice"), false, alices(), "done", "done"),
        (some("alice"), true, alices(), "done", "done"),
        (some("Alice"), true, alices(), "Protected", "Protected"),
        (some("bob"), true, alices(), "Protected", "Protected"),
        (some("bob"), false, Guard::Any, "done", "done"),
        (Some(None), true, alices(), "Protected", "Protected"),
        (Some(None), true, Guard::None, "Protected", "Protected"),
        (Some(None), false, Guard::Any, "done", "done"),
    ];
    for (there, may_create, whose, storing, removing) in table {
        let case = format!("{there:?} {may_create} {whose:?}");
        let before = prepare(&store, there.clone()).await;
        let options = CreateOptions {
            may_create,
            may_replace: whose.clone(),
            ..freely()
        };
        assert_eq!(
            verdict(put_with(&store, "f", options, b"new").await),
            storing,
            "{case}"
        );
        let after = read(&store, "f").await;
        match storing {
            "done" => assert_eq!(after.as_deref(), Some(&b"new"[..]), "{case}"),
            _ => assert_eq!(after, before, "{case}"),
        }
        let before = prepare(&store, there).await;
        let removed = store
            .remove(&key("f"), &whose, &Conditions::default())
            .await;
        assert_eq!(verdict(removed), removing, "{case}");
        let left = before.filter(|_| removing != "done");
        assert_eq!(read(&store, "f").await, left, "{case}");
    }
}

/// Makes `f` a file of this uploader, or removes it; returns its content.
async fn prepare(store: &Store, there: Option<Option<String>>) -> Option<Vec<u8>> {
    let _ = remove(store, "f").await;
    let uploader = there?;
    let options = CreateOptions {
        uploader,
        ..freely()
    };
    put_with(store, "f", options, b"old").await.expect("stored");
    Some(b"old".to_vec())
}

pub(crate) async fn a_read_guard_hides_everything_but_that_a_file_exists(store: Store) {
    let by_ann = CreateOptions {
        uploader: Some("ann".into()),
        ..freely()
    };
    let stored = put_with(&store, "ann's", by_ann, b"0123456789").await;
    let etag = stored.expect("stored").info.etag;
    put(&store, "no one's", b"0123456789").await;
    let unmodified = Conditions {
        if_none_match: Some(Etags::Any),
        ..Conditions::default()
    };
    let unmatched = Conditions {
        if_match: Some(Etags::List(vec![])),
        ..Conditions::default()
    };
    let [ann, bob] = ["ann", "bob"].map(|name| Guard::Uploader(name.into()));
    let cases = [
        (Span::All, Conditions::default(), "done"),
        (Span::Last(1), Conditions::only(&etag), "done"),
        (Span::All, unmodified, "NotModified"),
        (Span::All, unmatched, FAILED),
        (Span::From(10), Conditions::default(), "SpanOutside(10)"),
    ];
    for (span, conditions, admitted) in cases {
        for (name, may_read, admits) in [
            ("ann's", &Guard::Any, true),
            ("ann's", &ann, true),
            ("ann's", &bob, false),
            ("ann's", &Guard::None, false),
            ("no one's", &ann, false),
        ] {
            let what = format!("{name} {may_read:?} {span:?} {conditions:?}");
            let options = OpenOptions {
                span,
                if_range: None,
                may_read: may_read.clone(),
                conditions: conditions.clone(),
            };
            let opened = store.open(&key(name), options).await;
            let expected = if admits { admitted } else { "Protected" };
            assert_eq!(verdict(opened), expected, "open {what}");
            let described = store.stat(&key(name), may_read, &conditions).await;
            let expected = match expected {
                "SpanOutside(10)" => "done",
                other => other,
            };
            assert_eq!(verdict(described), expected, "stat {what}");
        }
    }
    let absent = store
        .stat(&key("none"), &Guard::None, &Conditions::default())
        .await;
    assert_eq!(verdict(absent), "NotFound");
}
