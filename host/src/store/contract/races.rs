//! Concurrent changes are noticed, and of simultaneous writers exactly one wins.

use futures_util::future::join_all;

use super::super::Etags;
use super::*;

pub(crate) async fn changes_since_create_count(store: Store) {
    let create_only = CreateOptions {
        may_replace: Guard::None,
        ..freely()
    };
    let late = upload(&store, "new", create_only, b"late")
        .await
        .expect("an upload");
    put(&store, "new", b"first").await;
    let refusal = store.finish(vec![late]).await.expect_err("no longer new");
    assert!(matches!(refusal.error, Error::Protected), "{refusal:?}");
    assert_eq!(read(&store, "new").await.as_deref(), Some(&b"first"[..]));

    let replace_only = CreateOptions {
        may_create: false,
        ..freely()
    };
    let late = upload(&store, "new", replace_only, b"late")
        .await
        .expect("an upload");
    remove(&store, "new").await.expect("removed");
    let refusal = store.finish(vec![late]).await.expect_err("no longer there");
    assert!(matches!(refusal.error, Error::NotFound), "{refusal:?}");
    assert_eq!(read(&store, "new").await, None);
}

pub(crate) async fn of_many_creators_exactly_one_wins(store: Store) {
    for round in 0..20 {
        let name = format!("f{round}");
        let creators = (0..8u8).map(|creator| {
            let (store, name) = (store.clone(), name.clone());
            tokio::spawn(async move {
                let options = CreateOptions {
                    conditions: Conditions {
                        if_none_match: Some(Etags::Any),
                        ..Conditions::default()
                    },
                    ..freely()
                };
                let content = [creator; 10];
                verdict(put_with(&store, &name, options, &content).await)
            })
        });
        assert_one_winner(&store, &name, join_all(creators).await).await;
    }
}

pub(crate) async fn of_many_replacers_of_one_version_exactly_one_wins(store: Store) {
    for round in 0..20 {
        let name = format!("f{round}");
        let etag = put(&store, &name, b"first").await.info.etag;
        let replacers = (0..8u8).map(|replacer| {
            let (store, name, etag) = (store.clone(), name.clone(), etag.clone());
            tokio::spawn(async move {
                let options = CreateOptions {
                    conditions: Conditions {
                        if_match: Some(Etags::List(vec![etag])),
                        ..Conditions::default()
                    },
                    ..freely()
                };
                verdict(put_with(&store, &name, options, &[replacer; 10]).await)
            })
        });
        assert_one_winner(&store, &name, join_all(replacers).await).await;
    }
}

async fn assert_one_winner(
    store: &Store,
    name: &str,
    verdicts: Vec<Result<String, tokio::task::JoinError>>,
) {
    let verdicts: Vec<String> = verdicts.into_iter().map(|v| v.expect("a writer")).collect();
    let winners: Vec<usize> = (0..verdicts.len())
        .filter(|i| verdicts[*i] == "done")
        .collect();
    assert_eq!(winners.len(), 1, "{verdicts:?}");
    assert!(
        verdicts.iter().all(|v| v == "done" || v == FAILED),
        "{verdicts:?}"
    );
    let winner = u8::try_from(winners[0]).expect("few");
    assert_eq!(read(store, name).await, Some(vec![winner; 10]));
}
