//! What clients keep beside a file's bytes.

use super::*;

pub(crate) async fn metadata_is_kept_as_given(store: Store) {
    let (longest_name, most_ascii) = ("n".repeat(64), "v".repeat(1_472));
    let most_text = "🦊".repeat(383);
    let many: Vec<_> = (0..32).map(|n| format!("name-{n}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "value")).collect();
    let table: [&[(&str, &str)]; 8] = [
        &[],
        &[("empty", "")],
        &[("b", "2"), ("a", "1"), ("0", "zero"), ("x-y", "-")],
        &[("name", "Zoë"), ("emoji", "📄 🦊"), ("script", "日本語")],
        &[
            ("odd", "  a, b; c=\"d\"  "),
            ("coded", "%20 =?utf-8?q?x?= \\"),
        ],
        &[(&longest_name, &most_ascii)],
        &[("k", &most_text)],
        &many,
    ];
    for given in table {
        for size in [3, 10_000] {
            let metadata = pairs(given);
            let options = CreateOptions {
                metadata: metadata.clone(),
                uploader: Some("Zoë 🦊".into()),
                ..freely()
            };
            let stored = put_with(&store, "f", options, &noise(1, size)).await;
            assert_eq!(stored.expect("stored").info.metadata, metadata);
            assert_eq!(describe(&store, "f").await.metadata, metadata);
            let opened = open(&store, "f", Span::From(1)).await.expect("a file");
            assert_eq!(opened.info.metadata, metadata);
            assert_eq!(opened.info.uploader.as_deref(), Some("Zoë 🦊"));
            assert_eq!(content(opened).await.len(), size - 1);
        }
    }
}

pub(crate) async fn a_new_version_has_only_its_own_metadata(store: Store) {
    let with = |metadata: &[(&str, &str)]| CreateOptions {
        metadata: pairs(metadata),
        ..freely()
    };
    for (options, expected) in [
        (
            with(&[("a", "1"), ("b", "2")]),
            pairs(&[("a", "1"), ("b", "2")]),
        ),
        (with(&[("b", "3")]), pairs(&[("b", "3")])),
        (freely(), Metadata::default()),
        (with(&[("c", "4")]), pairs(&[("c", "4")])),
    ] {
        put_with(&store, "f", options, b"1").await.expect("stored");
        assert_eq!(describe(&store, "f").await.metadata, expected);
    }
    remove(&store, "f").await.expect("removed");
    put(&store, "f", b"2").await;
    assert!(describe(&store, "f").await.metadata.is_empty());
    // Another file's is its own.
    put_with(&store, "f/g", with(&[("d", "5")]), b"3")
        .await
        .expect("stored");
    assert!(describe(&store, "f").await.metadata.is_empty());
}
