//! Versions: complete, isolated from each other, and described as they were stored.

use futures_util::future::join_all;

use super::super::Info;
use super::*;

pub(crate) async fn a_file_of_any_size_is_read_back_byte_for_byte(store: Store) {
    let sizes = [
        0,
        1,
        4096,
        (256 << 10) - 1,
        256 << 10,
        (512 << 10) + 1,
        20_000_003,
    ];
    for size in sizes {
        let expected = noise(size as u64, size);
        let mut upload = store.create(key("f"), freely()).await.expect("an upload");
        // Pieces of every length from zero to longer than a chunk.
        let mut rest = expected.as_slice();
        for length in [0, 1, 16_383, 70_000, 300_000, 1_100_000].iter().cycle() {
            let (piece, behind) = rest.split_at(rest.len().min(*length));
            upload
                .write(Bytes::copy_from_slice(piece))
                .await
                .expect("written");
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        let stored = store.finish(vec![upload]).await.expect("stored");
        assert_eq!(stored[0].info.size, size as u64);
        assert!(
            read(&store, "f").await.expect("a file") == expected,
            "{size}"
        );
    }
}

pub(crate) async fn nothing_is_visible_before_finish(store: Store) {
    let new = upload(&store, "a/new", freely(), b"1")
        .await
        .expect("an upload");
    put(&store, "a/old", b"old").await;
    let over = upload(&store, "a/old", freely(), b"2")
        .await
        .expect("an upload");
    assert_eq!(read(&store, "a/new").await, None);
    assert_eq!(read(&store, "a/old").await.as_deref(), Some(&b"old"[..]));
    assert_eq!(lists::names(&store).await, ["a/old"]);
    let stored = store.finish(vec![new, over]).await.expect("stored");
    assert_eq!(read(&store, "a/new").await.as_deref(), Some(&b"1"[..]));
    assert_eq!(read(&store, "a/old").await.as_deref(), Some(&b"2"[..]));
    let replaced: Vec<bool> = stored.iter().map(|stored| stored.replaced).collect();
    assert_eq!(replaced, [false, true]);
}

pub(crate) async fn a_dropped_upload_leaves_what_was_there(store: Store) {
    put(&store, "old", b"old").await;
    for size in [0, 10, 3 << 20] {
        for name in ["old", "new"] {
            drop(
                upload(&store, name, freely(), &noise(1, size))
                    .await
                    .expect("an upload"),
            );
        }
    }
    assert_eq!(read(&store, "old").await.as_deref(), Some(&b"old"[..]));
    assert_eq!(lists::names(&store).await, ["old"]);
}

pub(crate) async fn a_reader_keeps_the_version_it_opened(store: Store) {
    let (first, second) = (noise(1, 2 << 20), noise(2, 1 << 20));
    put(&store, "f", &first).await;
    let reader = open(&store, "f", Span::All).await.expect("the first");
    put(&store, "f", &second).await;
    let next = open(&store, "f", Span::All).await.expect("the second");
    remove(&store, "f").await.expect("removed");
    assert_eq!(read(&store, "f").await, None);
    assert!(content(reader).await == first);
    assert!(content(next).await == second);
}

pub(crate) async fn readers_see_whole_versions_while_others_write(store: Store) {
    put(&store, "f", &[0; 1]).await;
    let writers = (0..3u8).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..15u8 {
                let fill = writer * 15 + round;
                put(&store, "f", &vec![fill; 1 + usize::from(fill) * 9_000]).await;
            }
        })
    });
    let writers = tokio::spawn(join_all(writers));
    let readers = (0..3).map(|_| {
        let (store, writers) = (store.clone(), writers.abort_handle());
        tokio::spawn(async move {
            while !writers.is_finished() {
                let opened = open(&store, "f", Span::All).await.expect("always there");
                let size = opened.info.size;
                let content = content(opened).await;
                assert_eq!(content.len() as u64, size);
                let fill = content[0];
                assert_eq!(content.len(), 1 + usize::from(fill) * 9_000);
                assert!(content.iter().all(|byte| *byte == fill), "a mixture");
            }
        })
    });
    for reader in join_all(readers).await {
        reader.expect("a reader");
    }
    for writer in writers.await.expect("writers") {
        writer.expect("a writer");
    }
}

pub(crate) async fn other_bytes_have_another_tag_and_never_an_earlier_time(store: Store) {
    let mut tags = std::collections::HashSet::new();
    let mut before = None;
    for round in 0..20 {
        let info = put(&store, "f", &[round; 10]).await.info;
        let tag = info
            .etag
            .strip_prefix('"')
            .and_then(|tag| tag.strip_suffix('"'));
        assert!(
            tag.is_some_and(|tag| !tag.is_empty() && !tag.contains('"')),
            "{info:?}"
        );
        assert!(tags.insert(info.etag.clone()), "{info:?}");
        assert!(before <= Some(info.modified), "{info:?}");
        before = Some(info.modified);
        if round % 5 == 4 {
            remove(&store, "f").await.expect("removed");
        }
    }
}

pub(crate) async fn content_type_and_uploader_are_kept(store: Store) {
    let table = [
        ("text/plain; charset=utf-8; note=\"a, b\"", None),
        ("image/svg+xml", Some("auth0|5f7c8ec7c33c6c004bbafe82")),
        ("application/octet-stream", Some("Zoë 🦊 \"日本\"")),
        ("", Some("")),
    ];
    for (content_type, uploader) in table {
        let options = CreateOptions {
            content_type: content_type.into(),
            uploader: uploader.map(Into::into),
            ..freely()
        };
        let stored = put_with(&store, "f", options, b"123")
            .await
            .expect("stored")
            .info;
        assert_eq!(stored.key, key("f"));
        assert_eq!(stored.size, 3);
        assert_eq!(stored.content_type, content_type);
        assert_eq!(stored.uploader.as_deref(), uploader);
        let told = store
            .stat(&key("f"), &Guard::Any, &Conditions::default())
            .await
            .expect("a file");
        assert!(told.modified <= stored.modified, "{told:?} {stored:?}");
        let modified = told.modified;
        assert_eq!(told, Info { modified, ..stored });
        let opened = open(&store, "f", Span::All).await.expect("a file");
        assert_eq!(opened.info, told);
    }
}

pub(crate) async fn a_removed_file_is_gone(store: Store) {
    put(&store, "f", b"1").await;
    put(&store, "f/g", b"2").await;
    remove(&store, "f").await.expect("removed");
    assert_eq!(read(&store, "f").await, None);
    let told = store
        .stat(&key("f"), &Guard::Any, &Conditions::default())
        .await;
    assert!(matches!(told, Err(Error::NotFound)), "{told:?}");
    assert!(matches!(remove(&store, "f").await, Err(Error::NotFound)));
    assert_eq!(lists::names(&store).await, ["f/g"]);
    assert!(!put(&store, "f", b"3").await.replaced);
}

pub(crate) async fn every_name_is_its_own_file(store: Store) {
    let long = format!("{}é", "n".repeat(898));
    // The longest that the component makes; an engine may need the rest for itself.
    let longest = format!("{}/{}", "d".repeat(511), "n".repeat(458));
    let names = [
        "a",
        "A",
        "a/b",
        "a/b/c",
        "a/B",
        "a.",
        "a ",
        " a",
        "a%2Fb",
        "a\\b",
        "*",
        "?",
        "[a]",
        "~",
        "...",
        "-rf",
        "CON",
        "a:b",
        "日本語.pdf",
        "📄",
        "e\u{301}",
        "é",
        "\u{10ffff}",
        "index.redb",
        "blobs/00",
        &long,
        &longest,
    ];
    for name in names {
        put(&store, name, name.as_bytes()).await;
    }
    for name in names {
        assert_eq!(
            read(&store, name).await.as_deref(),
            Some(name.as_bytes()),
            "{name}"
        );
    }
    let mut expected = names.to_vec();
    expected.sort_unstable();
    assert_eq!(lists::names(&store).await, expected);
}

pub(crate) async fn a_span_gives_exactly_its_bytes(store: Store) {
    let (size, file) = (700_001, noise(3, 700_001));
    put(&store, "f", &file).await;
    put(&store, "empty", b"").await;
    let table = [
        (Span::All, 0, size),
        (Span::From(0), 0, size),
        (Span::From(700_000), 700_000, 1),
        (Span::Between(0, 0), 0, 1),
        (Span::Between(262_143, 262_144), 262_143, 2),
        (Span::Between(5, 600_000), 5, 599_996),
        (Span::Between(1, u64::MAX), 1, size - 1),
        (Span::Last(1), 700_000, 1),
        (Span::Last(u64::MAX), 0, size),
    ];
    for (span, offset, length) in table {
        let opened = open(&store, "f", span).await.expect("a part");
        assert_eq!((opened.offset, opened.length), (offset, length), "{span:?}");
        assert_eq!(opened.partial, span != Span::All, "{span:?}");
        assert_eq!(opened.info.size, size);
        let expected = file.get(offset as usize..(offset + length) as usize);
        assert!(
            Some(content(opened).await.as_slice()) == expected,
            "{span:?}"
        );
    }
    for (name, span, size) in [
        ("f", Span::From(size), size),
        ("f", Span::Between(size, size + 5), size),
        ("f", Span::Last(0), size),
        ("empty", Span::From(0), 0),
        ("empty", Span::Between(0, 0), 0),
    ] {
        let outside = open(&store, name, span).await.map(|opened| opened.length);
        assert!(
            matches!(outside, Err(Error::SpanOutside(told)) if told == size),
            "{span:?}"
        );
    }
    for span in [Span::All, Span::Last(5)] {
        let opened = open(&store, "empty", span).await.expect("nothing");
        assert!(!opened.partial);
        assert_eq!(content(opened).await, b"");
    }
}
