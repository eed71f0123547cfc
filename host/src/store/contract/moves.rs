//! Moves: copies whose source is removed.

use super::*;

pub(crate) async fn a_move_leaves_the_file_under_its_new_name_alone(store: Store) {
    for size in [0, 10, 300_000] {
        let file = noise(size as u64, size);
        put_with(&store, "f", by("ann"), &file)
            .await
            .expect("stored");
        let etag = describe(&store, "f").await.etag;
        let first = Copy {
            may_read: of("ann"),
            may_remove: Some(of("ann")),
            options: CreateOptions {
                content_type: "a/b".into(),
                metadata: pairs(&[("k", "v")]),
                ..by("ann")
            },
            ..copying("f", &etag, "dir/g")
        };
        let moved = copy(&store, first).await.expect("moved");
        assert!(!moved.replaced);
        assert_eq!(lists::names(&store).await, ["dir/g"]);
        let described = describe(&store, "dir/g").await;
        assert_eq!(
            (described.size, described.content_type.as_str()),
            (size as u64, "a/b")
        );
        assert_eq!(described.metadata, pairs(&[("k", "v")]));
        assert!(
            read(&store, "dir/g").await.expect("a file") == file,
            "{size}"
        );

        // In place of another file, and back to the name that became free.
        put(&store, "f", b"other").await;
        let back = moving("dir/g", &described.etag, "f");
        assert!(copy(&store, back).await.expect("moved").replaced);
        assert_eq!(lists::names(&store).await, ["f"]);
        let described = describe(&store, "f").await;
        assert!(described.metadata.is_empty(), "{described:?}");
        assert!(read(&store, "f").await.expect("a file") == file, "{size}");
        remove(&store, "f").await.expect("removed");
        assert!(lists::names(&store).await.is_empty());
    }
}

pub(crate) async fn a_move_that_is_refused_changes_nothing(store: Store) {
    put_with(&store, "f", by("ann"), b"source")
        .await
        .expect("stored");
    put_with(&store, "g", by("bob"), b"target")
        .await
        .expect("stored");
    let before = [describe(&store, "f").await, describe(&store, "g").await];
    let etag = before[0].etag.as_str();
    let removed_by = |guard| Copy {
        may_remove: Some(guard),
        ..copying("f", etag, "g")
    };
    let replacing = |may_replace| Copy {
        options: CreateOptions {
            may_replace,
            ..freely()
        },
        ..moving("f", etag, "g")
    };
    for (given, expected) in [
        (removed_by(Guard::None), "source Protected"),
        (removed_by(of("bob")), "source Protected"),
        (moving("f", "\"x\"", "g"), "source PreconditionFailed"),
        (moving("none", etag, "g"), "source NotFound"),
        (replacing(Guard::None), "target Protected"),
        (replacing(of("ann")), "target Protected"),
    ] {
        let what = format!("{given:?}");
        assert_eq!(copied(copy(&store, given).await), expected, "{what}");
        let after = [describe(&store, "f").await, describe(&store, "g").await];
        assert_eq!(after, before, "{what}");
    }
    assert_eq!(read(&store, "f").await.as_deref(), Some(&b"source"[..]));
    assert_eq!(read(&store, "g").await.as_deref(), Some(&b"target"[..]));
}

pub(crate) async fn a_move_is_completed_where_the_target_is_already_the_same(store: Store) {
    for size in [10, 300_000] {
        let file = noise(1, size);
        put(&store, "f", &file).await;
        let etag = describe(&store, "f").await.etag;
        // As far as a move comes that is interrupted where there are no transactions.
        copy(&store, copying("f", &etag, "g"))
            .await
            .expect("copied");
        let again = Copy {
            options: CreateOptions {
                may_replace: Guard::None,
                ..freely()
            },
            or_same: true,
            ..moving("f", &etag, "g")
        };
        assert!(copy(&store, again).await.expect("moved").replaced);
        assert_eq!(lists::names(&store).await, ["g"]);
        assert!(read(&store, "g").await.expect("a file") == file, "{size}");
        remove(&store, "g").await.expect("removed");
    }
}
