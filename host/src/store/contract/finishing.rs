//! The end of a resumable upload: it becomes a file as after an upload in one go, or is refused.

use coffer_port::resumable::{BeginOptions, Terms};

use super::super::Etags;
use super::resumable::*;
use super::*;

/// Conditions that only a new file meets.
fn if_new() -> Conditions {
    Conditions {
        if_none_match: Some(Etags::Any),
        ..Conditions::default()
    }
}

/// Conditions that only this version meets.
fn if_match(etag: &str) -> Conditions {
    Conditions {
        if_match: Some(Etags::List(vec![etag.into()])),
        ..Conditions::default()
    }
}

fn under(conditions: Conditions) -> Terms {
    Terms {
        conditions,
        ..anyhow()
    }
}

pub(crate) async fn a_finished_upload_is_a_file_as_after_a_put(store: Store) {
    for size in [0, 3, 20_000, 6 << 20] {
        let options = CreateOptions {
            content_type: "text/plain; charset=utf-8".into(),
            uploader: Some("ann".into()),
            metadata: pairs(&[("a", "1"), ("title", "Zoë")]),
            ..freely()
        };
        let content = noise(8, size);
        let put = put_with(&store, "put", options.clone(), &content).await;
        let put = put.expect("stored");
        for replaced in [put.replaced, true] {
            let options = BeginOptions {
                target: options.clone(),
                ..beginning()
            };
            let id = begin_with(&store, "f", options).await;
            append(&store, &id, &content[..size / 3]).await;
            let stored = complete(&store, &id, &content[size / 3..], anyhow()).await;
            let stored = stored.expect("stored");
            assert_eq!(stored.replaced, replaced);
            let found = describe(&store, "f").await;
            assert!(found.etag.starts_with('"') && found.etag.ends_with('"'));
            assert_eq!(found.etag, stored.info.etag);
            assert!(found.modified >= put.info.modified);
            let expected = Info {
                key: key("f"),
                etag: found.etag.clone(),
                modified: found.modified,
                ..describe(&store, "put").await
            };
            assert_eq!(found, expected);
            assert!(read(&store, "f").await.as_ref() == Some(&content));
            let part = open(&store, "f", Span::Last(2)).await;
            if size > 0 {
                assert!(content_of(part).await == content[size - 2..]);
            }
        }
        assert_eq!(lists::names(&store).await, ["f", "put"]);
    }
}

async fn content_of(opened: Result<Opened, Error>) -> Vec<u8> {
    content(opened.expect("a file")).await
}

pub(crate) async fn a_finished_upload_is_remembered_and_takes_no_more_turns(store: Store) {
    for size in [0, 5, 20_000] {
        let options = BeginOptions {
            note: b"note".to_vec(),
            ..beginning()
        };
        let id = begin_with(&store, "f", options).await;
        let expires = look(&store, &id).await.expires;
        let stored = complete(&store, &id, &noise(9, size), anyhow()).await;
        stored.expect("stored");
        for is_there in [true, false] {
            let found = look(&store, &id).await;
            assert!(found.finished);
            assert_eq!((found.offset, found.expires), (size as u64, expires));
            assert_eq!(found.length.unwrap_or(size as u64), size as u64);
            assert_eq!(found.note, b"note");
            let refused = resume(&store, &id, any()).await;
            assert_eq!(verdict(refused), "NotFound");
            // Whatever happens to the file.
            if is_there {
                remove(&store, "f").await.expect("removed");
            }
        }
        assert_eq!(read(&store, "f").await, None);
    }
}

pub(crate) async fn what_is_refused_already_is_refused_at_the_beginning(store: Store) {
    let bob = CreateOptions {
        uploader: Some("bob".into()),
        ..freely()
    };
    let stored = put_with(&store, "bob's", bob, b"1").await.expect("stored");
    let target = |may_create, may_replace, conditions| CreateOptions {
        may_create,
        may_replace,
        conditions,
        ..freely()
    };
    let none = Conditions::default;
    for (name, target, expected) in [
        ("new", target(false, Guard::Any, none()), "NotFound"),
        ("new", target(true, Guard::None, none()), "done"),
        ("new", target(true, Guard::Any, if_match("\"x\"")), FAILED),
        ("new", target(true, Guard::Any, if_new()), "done"),
        ("bob's", target(true, Guard::None, none()), "Protected"),
        ("bob's", target(true, of("ann"), none()), "Protected"),
        ("bob's", target(false, of("bob"), none()), "done"),
        ("bob's", target(true, Guard::Any, if_new()), FAILED),
        ("bob's", target(true, Guard::Any, if_match("\"x\"")), FAILED),
        (
            "bob's",
            target(true, Guard::Any, if_match(&stored.info.etag)),
            "done",
        ),
    ] {
        let case = format!("{name} {target:?}");
        // Those that are refused do not count, and those that are not are discarded.
        let options = BeginOptions {
            target,
            most: Some(1),
            ..beginning()
        };
        let begun = engine(&store).begin(key(name), options).await;
        if let Ok(id) = &begun {
            engine(&store).discard(id).await.expect("discarded");
        }
        assert_eq!(verdict(begun), expected, "{case}");
    }
    assert_eq!(lists::names(&store).await, ["bob's"]);
}

pub(crate) async fn guards_and_conditions_are_weighed_anew_at_the_end(store: Store) {
    let free = |may_create, may_replace| Terms {
        may_create,
        may_replace,
        ..anyhow()
    };
    // What is there meanwhile, and whose; the terms; the outcome.
    let table = [
        (None, free(false, Guard::Any), "NotFound"),
        (None, free(true, Guard::None), "done"),
        (None, under(if_new()), "done"),
        (None, under(if_match("\"x\"")), FAILED),
        (Some("bob"), free(true, Guard::None), "Protected"),
        (Some("bob"), free(true, of("ann")), "Protected"),
        (Some("bob"), free(false, of("bob")), "done"),
        (Some("bob"), under(if_new()), FAILED),
        (Some("bob"), under(if_match("\"x\"")), FAILED),
    ];
    for size in [4, 20_000] {
        for (meanwhile, terms, expected) in table.clone() {
            let case = format!("{meanwhile:?} {terms:?}");
            let _ = remove(&store, "f").await;
            // What it began with does not matter.
            let options = BeginOptions {
                target: CreateOptions {
                    may_replace: Guard::None,
                    conditions: if_new(),
                    ..freely()
                },
                ..beginning()
            };
            let id = begin_with(&store, "f", options).await;
            let content = noise(10, size);
            append(&store, &id, &content[..2]).await;
            if let Some(uploader) = meanwhile {
                let stored = put_with(&store, "f", by(uploader), b"meanwhile").await;
                stored.expect("stored");
            }
            let outcome = complete(&store, &id, &content[2..], terms).await;
            assert_eq!(verdict(outcome), expected, "{case}");
            let found = read(&store, "f").await;
            if expected == "done" {
                assert!(found == Some(content), "{case}");
                assert!(look(&store, &id).await.finished, "{case}");
            } else {
                let meanwhile = meanwhile.map(|_| b"meanwhile".to_vec());
                assert_eq!(found, meanwhile, "{case}");
                assert_eq!(verdicts(&store, &id).await, NOT_FOUND, "{case}");
            }
        }
    }
}

pub(crate) async fn a_version_is_replaced_only_while_it_is_there(store: Store) {
    let etag = put(&store, "f", b"first").await.info.etag;
    let (one, other) = (begin(&store, "f").await, begin(&store, "f").await);
    let replaced = complete(&store, &one, b"second", under(if_match(&etag))).await;
    assert!(replaced.expect("stored").replaced);
    let outcome = complete(&store, &other, b"third", under(if_match(&etag))).await;
    assert_eq!(verdict(outcome), FAILED);
    assert_eq!(read(&store, "f").await.as_deref(), Some(&b"second"[..]));
}

pub(crate) async fn of_many_uploads_of_a_new_file_exactly_one_wins(store: Store) {
    for round in 0..5 {
        let name = format!("f{round}");
        let mut ids = Vec::new();
        for _ in 0..8 {
            ids.push(begin(&store, &name).await);
        }
        let writers = ids.into_iter().zip(0_u8..).map(|(id, n)| {
            let store = store.clone();
            async move { verdict(complete(&store, &id, &[n; 9_000], under(if_new())).await) }
        });
        let verdicts = at_once(writers).await;
        let winners: Vec<u8> = (0_u8..)
            .zip(&verdicts)
            .filter(|(_, verdict)| *verdict == "done")
            .map(|(n, _)| n)
            .collect();
        assert_eq!(winners.len(), 1, "{verdicts:?}");
        let lost = verdicts.iter().filter(|verdict| *verdict == FAILED);
        assert_eq!(lost.count(), 7, "{verdicts:?}");
        assert!(read(&store, &name).await == Some(vec![winners[0]; 9_000]));
    }
}
