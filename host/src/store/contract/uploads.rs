//! Uploads: limits, digests, batches.

use sha2::{Digest, Sha256};

use super::*;

pub(crate) async fn the_largest_size_is_exact(store: Store) {
    // Max size, the lengths of the writes, whether they fit.
    let table: &[(u64, &[usize], bool)] = &[
        (0, &[], true),
        (0, &[0], true),
        (0, &[1], false),
        (10, &[10], true),
        (10, &[4, 6, 0], true),
        (10, &[11], false),
        (10, &[10, 1], false),
        (2 << 20, &[1 << 20, 1 << 20], true),
        (2 << 20, &[1 << 20, 1 << 20, 1], false),
    ];
    for (max_size, writes, fits) in table {
        let options = CreateOptions {
            max_size: *max_size,
            ..freely()
        };
        let mut upload = store.create(key("f"), options).await.expect("an upload");
        let mut outcome = Ok(());
        for length in *writes {
            assert!(outcome.is_ok(), "refused too early");
            outcome = upload.write(vec![7; *length].into()).await;
        }
        match outcome {
            Ok(()) => assert!(fits, "{max_size} {writes:?}"),
            Err(Error::TooLarge) => assert!(!fits, "{max_size} {writes:?}"),
            Err(error) => panic!("{error:?}"),
        }
        if *fits {
            store.finish(vec![upload]).await.expect("stored");
            remove(&store, "f").await.expect("stored");
        } else {
            store
                .finish(vec![upload])
                .await
                .expect_err("it can only be dropped");
            assert_eq!(read(&store, "f").await, None);
        }
    }
}

pub(crate) async fn a_digest_is_verified_before_anything_is_visible(store: Store) {
    for size in [0, 5, 2 << 20] {
        let content = noise(9, size);
        let mut digest: [u8; 32] = Sha256::digest(&content).into();
        let right = CreateOptions {
            sha256: Some(digest),
            ..freely()
        };
        put_with(&store, "f", right, &content)
            .await
            .expect("it matches");
        assert!(read(&store, "f").await == Some(content.clone()));
        digest[31] ^= 1;
        for name in ["f", "g"] {
            let wrong = CreateOptions {
                sha256: Some(digest),
                ..freely()
            };
            let refused = put_with(&store, name, wrong, &content).await;
            assert!(matches!(refused, Err(Error::DigestMismatch)), "{refused:?}");
        }
        assert!(read(&store, "f").await == Some(content));
        assert_eq!(lists::names(&store).await, ["f"]);
    }
}

pub(crate) async fn a_batch_is_published_whole_or_not_at_all(store: Store) {
    put(&store, "b", b"old").await;
    let create_only = CreateOptions {
        may_replace: Guard::None,
        ..freely()
    };
    let wrong_digest = CreateOptions {
        sha256: Some([0; 32]),
        ..freely()
    };
    let unmatched = CreateOptions {
        conditions: Conditions {
            if_match: Some(super::super::Etags::Any),
            ..Conditions::default()
        },
        ..freely()
    };
    for (options, expected) in [
        (create_only, "Protected"),
        (wrong_digest, "DigestMismatch"),
        (unmatched, "PreconditionFailed"),
    ] {
        // `c` is refused only at the end: it changes once all uploads are in progress.
        if expected == "PreconditionFailed" {
            put(&store, "c", b"meanwhile").await;
        }
        let uploads = vec![
            upload(&store, "a", freely(), b"a")
                .await
                .expect("an upload"),
            upload(&store, "b", freely(), b"b")
                .await
                .expect("an upload"),
            upload(&store, "c", options, b"c").await.expect("an upload"),
            upload(&store, "d", freely(), b"d")
                .await
                .expect("an upload"),
        ];
        match expected {
            "Protected" => drop(put(&store, "c", b"meanwhile").await),
            _ => drop(remove(&store, "c").await),
        }
        let there = lists::names(&store).await;
        let refusal = store.finish(uploads).await.expect_err("refused");
        assert_eq!(
            (refusal.index, format!("{:?}", refusal.error).as_str()),
            (2, expected)
        );
        assert_eq!(lists::names(&store).await, there);
        assert_eq!(read(&store, "b").await.as_deref(), Some(&b"old"[..]));
        assert_ne!(read(&store, "c").await.as_deref(), Some(&b"c"[..]));
    }
}

pub(crate) async fn a_batch_of_many_files_is_published(store: Store) {
    let names: Vec<String> = (100..200).map(|n| format!("f{n}")).collect();
    let mut uploads = Vec::new();
    for name in &names {
        let upload = upload(&store, name, freely(), name.as_bytes()).await;
        let mut upload = upload.expect("an upload");
        upload.complete().await.expect("complete");
        uploads.push(upload);
    }
    let stored = store.finish(uploads).await.expect("stored");
    let in_order: Vec<&str> = stored
        .iter()
        .map(|stored| stored.info.key.as_str())
        .collect();
    assert_eq!(in_order, names);
    assert_eq!(lists::names(&store).await, names);
    for name in &names {
        assert_eq!(read(&store, name).await.as_deref(), Some(name.as_bytes()));
    }
}

pub(crate) async fn an_empty_batch_stores_nothing(store: Store) {
    assert_eq!(
        store.finish(Vec::new()).await.expect("nothing to refuse"),
        []
    );
}
