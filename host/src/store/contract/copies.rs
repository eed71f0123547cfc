//! Copies: the bytes of one version under another key, with a description of their own.

use super::super::Etags;
use super::*;

pub(crate) async fn a_copy_has_the_bytes_of_its_source_and_a_description_of_its_own(store: Store) {
    for size in [0, 1, 8_192, 8_193, (6 << 20) + 1] {
        let file = noise(size as u64, size);
        let source = CreateOptions {
            content_type: "text/plain".into(),
            metadata: pairs(&[("of", "the source")]),
            ..by("ann")
        };
        put_with(&store, "f", source, &file).await.expect("stored");
        let source = describe(&store, "f").await;
        let options = || CreateOptions {
            content_type: "image/png".into(),
            metadata: pairs(&[("a", "Zoë"), ("of", "the copy")]),
            max_size: size as u64,
            ..by("bob 🦊")
        };
        for replaced in [false, true] {
            let made = copy(
                &store,
                Copy {
                    options: options(),
                    ..copying("f", &source.etag, "folder/g")
                },
            );
            let made = made.await.expect("copied");
            assert_eq!(made.replaced, replaced, "{size}");
            let expected = Info {
                key: key("folder/g"),
                size: size as u64,
                etag: made.info.etag.clone(),
                modified: made.info.modified,
                content_type: "image/png".into(),
                uploader: Some("bob 🦊".into()),
                metadata: options().metadata,
            };
            assert_eq!(made.info, expected);
            assert!(made.info.modified >= source.modified, "{made:?}");
            let described = describe(&store, "folder/g").await;
            assert!(described.modified <= made.info.modified, "{described:?}");
            let modified = described.modified;
            assert_eq!(
                described,
                Info {
                    modified,
                    ..expected
                }
            );
            assert!(
                read(&store, "folder/g").await.expect("a file") == file,
                "{size}"
            );
        }
        assert_eq!(describe(&store, "f").await, source);
        assert!(read(&store, "f").await.expect("a file") == file, "{size}");
        assert_eq!(lists::names(&store).await, ["f", "folder/g"]);
        // Other bytes than the copy's have another tag.
        let other = put(&store, "folder/g", &noise(7, size + 1)).await;
        assert_ne!(other.info.etag, source.etag);
        remove(&store, "folder/g").await.expect("removed");
    }
}

pub(crate) async fn a_target_with_the_same_bytes_counts_as_the_copy_if_that_is_wanted(
    store: Store,
) {
    for size in [10, 300_000] {
        let file = noise(1, size);
        put(&store, "f", &file).await;
        let etag = describe(&store, "f").await.etag;
        let guarded = |or_same| Copy {
            options: CreateOptions {
                may_replace: Guard::None,
                conditions: Conditions {
                    if_none_match: Some(Etags::Any),
                    ..Conditions::default()
                },
                ..by("ann")
            },
            or_same,
            ..copying("f", &etag, "g")
        };
        let first = copy(&store, guarded(true)).await.expect("copied");
        assert!(!first.replaced);
        let before = describe(&store, "g").await;
        let again = copy(&store, guarded(true)).await.expect("the same");
        assert!(again.replaced);
        assert_eq!(again.info.key, key("g"));
        assert_eq!(again.info.uploader.as_deref(), Some("ann"));
        assert_eq!(describe(&store, "g").await.etag, before.etag);
        // Another caller does not learn which bytes it has.
        let another = Copy {
            options: CreateOptions {
                uploader: Some("bob".into()),
                ..guarded(true).options
            },
            ..guarded(true)
        };
        assert_eq!(copied(copy(&store, another).await), "target Protected");
        assert_eq!(
            copied(copy(&store, guarded(false)).await),
            "target Protected"
        );
        let unread = Copy {
            may_read: of("ann"),
            ..guarded(true)
        };
        assert_eq!(copied(copy(&store, unread).await), "source Protected");

        // The same length is not enough.
        put(&store, "g", &noise(2, size)).await;
        assert_eq!(
            copied(copy(&store, guarded(true)).await),
            "target Protected"
        );
        assert!(read(&store, "g").await.expect("a file") == noise(2, size));
        let free = Copy {
            or_same: true,
            ..copying("f", &etag, "g")
        };
        assert!(copy(&store, free).await.expect("copied").replaced);
        assert!(read(&store, "g").await.expect("a file") == file);
        remove(&store, "g").await.expect("removed");
    }
}

pub(crate) async fn a_source_and_its_copies_outlive_each_other(store: Store) {
    for size in [100, 2 << 20] {
        let file = noise(size as u64, size);
        put(&store, "f", &file).await;
        let etag = describe(&store, "f").await.etag;
        for to in ["g", "h"] {
            copy(&store, copying("f", &etag, to)).await.expect("copied");
        }
        let of_source = open(&store, "f", Span::All).await.expect("a file");
        put(&store, "f", &noise(9, size)).await;
        let of_copy = open(&store, "g", Span::All).await.expect("a file");
        put(&store, "g", b"other").await;
        assert!(content(of_source).await == file, "{size}");
        assert!(content(of_copy).await == file, "{size}");
        remove(&store, "f").await.expect("removed");
        remove(&store, "g").await.expect("removed");
        assert!(read(&store, "h").await.expect("a file") == file, "{size}");

        // A copy of the copy, once the source is gone.
        let etag = describe(&store, "h").await.etag;
        copy(&store, copying("h", &etag, "f"))
            .await
            .expect("copied");
        let last = open(&store, "h", Span::All).await.expect("a file");
        remove(&store, "h").await.expect("removed");
        assert!(content(last).await == file, "{size}");
        assert!(read(&store, "f").await.expect("a file") == file, "{size}");
        let last = open(&store, "f", Span::All).await.expect("a file");
        remove(&store, "f").await.expect("removed");
        assert!(content(last).await == file, "{size}");
        assert!(lists::names(&store).await.is_empty());
    }
}
