//! Copies and moves beside other changes of their source: nothing is lost, and nothing is mixed.

use futures_util::future::join_all;

use super::*;

pub(crate) async fn copies_of_a_file_that_others_remove_are_whole_or_refused(store: Store) {
    for round in 0..12 {
        let size = [500, 20_000][round % 2];
        let file = noise(round as u64, size);
        put(&store, "f", &file).await;
        let etag = describe(&store, "f").await.etag;
        let copiers = (0..6).map(|n| {
            let (store, etag) = (store.clone(), etag.clone());
            tokio::spawn(async move {
                let to = format!("copy/{n}");
                let outcome = copied(copy(&store, copying("f", &etag, &to)).await);
                let found = read(&store, &to).await;
                if n % 2 == 1 && outcome == "done" {
                    remove(&store, &to).await.expect("removed");
                }
                (to, outcome, found)
            })
        });
        let changer = {
            let store = store.clone();
            tokio::spawn(async move {
                if round % 3 == 0 {
                    put(&store, "f", b"another version").await;
                }
                remove(&store, "f").await.expect("removed");
            })
        };
        let copiers = join_all(copiers).await;
        changer.await.expect("a writer");
        for copier in copiers {
            let (to, outcome, found) = copier.expect("a writer");
            match outcome.as_str() {
                "done" => assert!(found.expect("a file") == file, "{to}"),
                "source NotFound" | "source PreconditionFailed" => assert_eq!(found, None),
                _ => panic!("{to}: {outcome}"),
            }
        }
        for name in lists::names(&store).await {
            assert!(read(&store, &name).await.expect("a file") == file, "{name}");
            remove(&store, &name).await.expect("removed");
        }
    }
}

pub(crate) async fn of_two_moves_of_one_file_one_wins_and_no_bytes_are_lost(store: Store) {
    for round in 0..12 {
        let file = noise(round, 15_000);
        put(&store, "f", &file).await;
        let etag = describe(&store, "f").await.etag;
        let movers = ["a", "b", "c"].map(|to| {
            let (store, given) = (store.clone(), moving("f", &etag, to));
            tokio::spawn(async move { (to, copied(copy(&store, given).await)) })
        });
        let mut winners = 0;
        for mover in join_all(movers).await {
            let (to, outcome) = mover.expect("a writer");
            match outcome.as_str() {
                "done" => {
                    winners += 1;
                    assert!(read(&store, to).await.expect("a file") == file, "{to}");
                }
                "source NotFound" | "source PreconditionFailed" => {}
                _ => panic!("{to}: {outcome}"),
            }
        }
        // A store without transactions may let more than one win.
        assert!(winners >= 1);
        assert_eq!(read(&store, "f").await, None);
        for to in ["a", "b", "c"] {
            let _ = remove(&store, to).await;
        }
    }
}
