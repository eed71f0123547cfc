//! Turns of a resumable upload: what they keep, and that there is one at a time.

use coffer_port::resumable::{BeginOptions, TurnDigest, TurnOptions};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::resumable::*;
use super::*;

pub(crate) async fn an_upload_in_several_turns_is_byte_for_byte(store: Store) {
    const MIB: usize = 1 << 20;
    // Around what engines treat otherwise: bytes in an index, chunks, parts.
    for size in [
        0,
        1,
        8 << 10,
        (8 << 10) + 1,
        64 << 10,
        5 * MIB - 1,
        5 * MIB,
        5 * MIB + 1,
        8 * MIB + 3,
    ] {
        let content = noise(size as u64, size);
        // The lengths of the turns but the last.
        let splits: [&[usize]; 6] = [
            &[],
            &[0, 1],
            &[size / 2],
            &[size.saturating_sub(1), 0],
            &[100, 3 * MIB, 200, 2 * MIB, 9_000],
            &[5 * MIB, 1],
        ];
        for (n, turns) in splits.into_iter().enumerate() {
            let name = format!("{size}/{n}");
            let id = begin(&store, &name).await;
            let mut offset = 0;
            for length in turns {
                let end = offset + (*length).min(size - offset);
                let kept = append(&store, &id, &content[offset..end]).await;
                assert_eq!(kept, end as u64, "{name}");
                offset = end;
            }
            let stored = complete(&store, &id, &content[offset..], anyhow()).await;
            assert_eq!(stored.expect("stored").info.size, size as u64, "{name}");
            assert!(
                read(&store, &name).await.as_ref() == Some(&content),
                "{name}"
            );
            remove(&store, &name).await.expect("removed");
        }
    }
}

pub(crate) async fn many_short_turns_of_many_short_writes_are_byte_for_byte(store: Store) {
    let content = noise(7, 30_000);
    let id = begin(&store, "f").await;
    for (n, bytes) in content.chunks(777).enumerate() {
        let mut turn = turn(&store, &id).await;
        for piece in bytes.chunks(1 + n * 3) {
            turn.write(Bytes::new()).await.expect("written");
            let written = turn.write(Bytes::copy_from_slice(piece)).await;
            written.expect("written");
        }
        if n % 2 == 0 {
            turn.complete().await.expect("complete");
        }
        let kept = engine(&store).suspend(turn, None).await.expect("kept");
        assert_eq!(kept, ((n + 1) * 777).min(30_000) as u64);
    }
    let stored = complete(&store, &id, b"", anyhow()).await;
    assert_eq!(stored.expect("stored").info.size, 30_000);
    assert!(read(&store, "f").await == Some(content));
}

pub(crate) async fn a_turn_excludes_others_until_it_ends(store: Store) {
    let id = begin(&store, "f").await;
    let busy = async || verdict(resume(&store, &id, any()).await);
    let turn = received(&store, &id, b"one").await;
    assert_eq!(busy().await, "Busy");
    engine(&store).suspend(turn, None).await.expect("kept");
    let turn = resume(&store, &id, any()).await.expect("at once");
    assert_eq!(busy().await, "Busy");
    drop(turn);
    let turn = received(&store, &id, b"two").await;
    assert_eq!(busy().await, "Busy");
    let other = begin(&store, "f").await;
    assert_eq!(append(&store, &other, b"of another").await, 10);
    engine(&store).finish(turn, anyhow()).await.expect("stored");
    assert_eq!(read(&store, "f").await.as_deref(), Some(&b"onetwo"[..]));
}

pub(crate) async fn of_many_turns_at_once_exactly_one_goes_on(store: Store) {
    let id = begin(&store, "f").await;
    let mut content = Vec::new();
    for round in 0..8_u8 {
        let turns = (0..16).map(|_| {
            let (store, id) = (store.clone(), id.clone());
            async move { resume(&store, &id, any()).await }
        });
        let mut winners = Vec::new();
        for turn in at_once(turns).await {
            match turn {
                Ok(turn) => winners.push(turn),
                Err(error) => assert!(matches!(error, Error::Busy), "{error:?}"),
            }
        }
        assert_eq!(winners.len(), 1);
        let mut winner = winners.remove(0);
        winner
            .write(vec![round; 5_000].into())
            .await
            .expect("written");
        content.extend([round; 5_000]);
        let kept = engine(&store).suspend(winner, None).await.expect("kept");
        assert_eq!(kept, content.len() as u64);
    }
    let stored = complete(&store, &id, b"", anyhow()).await;
    stored.expect("stored");
    assert!(read(&store, "f").await == Some(content));
}

pub(crate) async fn of_many_appends_at_once_none_is_mixed_with_another(store: Store) {
    let id = begin(&store, "f").await;
    let appends = (0..16_u8).map(|n| {
        let (store, id) = (store.clone(), id.clone());
        async move {
            let mut turn = match resume(&store, &id, any()).await {
                Ok(turn) => turn,
                Err(Error::Busy) => return None,
                Err(error) => panic!("{error:?}"),
            };
            turn.write(vec![n; 6_000].into()).await.expect("written");
            engine(&store).suspend(turn, None).await.expect("kept");
            Some(n)
        }
    });
    let kept: Vec<u8> = at_once(appends).await.into_iter().flatten().collect();
    complete(&store, &id, b"", anyhow()).await.expect("stored");
    let found = read(&store, "f").await.expect("a file");
    assert_eq!(found.len(), kept.len() * 6_000);
    let mut found: Vec<u8> = found
        .chunks(6_000)
        .map(|piece| {
            assert!(piece.iter().all(|byte| *byte == piece[0]));
            piece[0]
        })
        .collect();
    found.sort_unstable();
    assert_eq!(found, kept);
}

pub(crate) async fn a_dropped_turn_keeps_nothing(store: Store) {
    for kept in [0, 5, 9_000, 6 << 20] {
        for dropped in [1, 9_000, 6 << 20] {
            let name = format!("{kept}-{dropped}");
            let (first, last) = (noise(1, kept), noise(3, 100));
            let id = begin(&store, &name).await;
            if kept > 0 {
                append(&store, &id, &first).await;
            }
            drop(received(&store, &id, &noise(2, dropped)).await);
            let turn = received(&store, &id, &last).await;
            assert_eq!(look(&store, &id).await.offset, kept as u64, "{name}");
            engine(&store).finish(turn, anyhow()).await.expect("stored");
            let expected = [first, last].concat();
            assert!(read(&store, &name).await == Some(expected), "{name}");
            remove(&store, &name).await.expect("removed");
        }
    }
}

pub(crate) async fn a_turn_that_was_sent_too_much_keeps_what_came_before(store: Store) {
    for (kept, fits) in [(0, 10), (5, 10), (0, 9_000), (9_000, 3), (10, 6 << 20)] {
        let name = format!("{kept}-{fits}");
        let content = noise(4, kept + fits);
        let id = begin(&store, &name).await;
        append(&store, &id, &content[..kept]).await;
        let options = TurnOptions {
            max_size: fits as u64 + 1,
            ..any()
        };
        let mut turn = turn_with(&store, &id, options).await;
        let written = turn.write(Bytes::copy_from_slice(&content[kept..])).await;
        written.expect("written");
        let refused = turn.write(Bytes::from_static(b"too many")).await;
        assert!(matches!(refused, Err(Error::TooLarge)), "{refused:?}");
        let offset = engine(&store).suspend(turn, None).await.expect("kept");
        assert_eq!(offset, content.len() as u64, "{name}");
        complete(&store, &id, b"", anyhow()).await.expect("stored");
        assert!(read(&store, &name).await == Some(content), "{name}");
    }
}

pub(crate) async fn the_largest_size_of_all_turns_is_exact(store: Store) {
    let limited = |max_size, length| BeginOptions {
        target: CreateOptions {
            max_size,
            ..freely()
        },
        length,
        ..beginning()
    };
    for options in [limited(10, None), limited(u64::MAX, Some(10))] {
        let id = begin_with(&store, "f", options).await;
        assert_eq!(append(&store, &id, b"0123").await, 4);
        for (size, max_size, fits) in [(7, u64::MAX, false), (6, 5, false), (6, 6, true)] {
            let digest = None;
            let mut turn = turn_with(&store, &id, TurnOptions { max_size, digest }).await;
            let written = turn
                .write(Bytes::from_static(b"456789x").slice(..size))
                .await;
            assert_eq!(written.is_ok(), fits, "{size} {max_size}: {written:?}");
            match written {
                Ok(()) => {
                    let more = turn.write(Bytes::from_static(b"x")).await;
                    assert!(matches!(more, Err(Error::TooLarge)), "{more:?}");
                    let kept = engine(&store).suspend(turn, None).await;
                    assert_eq!(kept.expect("kept"), 10);
                }
                Err(error) => assert!(matches!(error, Error::TooLarge), "{error:?}"),
            }
        }
        complete(&store, &id, b"", anyhow()).await.expect("stored");
        assert_eq!(read(&store, "f").await.as_deref(), Some(&b"0123456789"[..]));
    }
}

pub(crate) async fn a_length_may_be_said_late(store: Store) {
    let id = begin(&store, "f").await;
    append(&store, &id, b"0123").await;
    let first = received(&store, &id, b"45").await;
    let kept = engine(&store).suspend(first, Some(8)).await;
    assert_eq!(kept.expect("kept"), 6);
    let found = look(&store, &id).await;
    assert_eq!((found.offset, found.length), (6, Some(8)));
    // It stays, also if it is not said again, and limits what comes.
    append(&store, &id, b"6").await;
    let mut last = turn(&store, &id).await;
    let refused = last.write(Bytes::from_static(b"78")).await;
    assert!(matches!(refused, Err(Error::TooLarge)), "{refused:?}");
    drop(last);
    let found = look(&store, &id).await;
    assert_eq!((found.offset, found.length), (7, Some(8)));
    complete(&store, &id, b"7", anyhow()).await.expect("stored");
    assert_eq!(read(&store, "f").await.as_deref(), Some(&b"01234567"[..]));
}

pub(crate) async fn a_turn_is_held_to_its_digest(store: Store) {
    for size in [0, 5, 9_000, 6 << 20] {
        let (name, content) = (format!("{size}"), noise(6, size));
        let sha1: [u8; 20] = Sha1::digest(&content).into();
        let sha256: [u8; 32] = Sha256::digest(&content).into();
        let id = begin(&store, &name).await;
        append(&store, &id, b"before").await;
        let digests = [
            (TurnDigest::Sha1([0; 20]), false),
            (TurnDigest::Sha256([0; 32]), false),
            (TurnDigest::Sha1(sha1), true),
            (TurnDigest::Sha256(sha256), true),
        ];
        let mut offset = 6;
        for (digest, matches) in digests {
            // At the end of a turn, and at that of the upload, which goes on if it does not match.
            let ends: &[bool] = if matches { &[false] } else { &[false, true] };
            for is_last in ends {
                let options = TurnOptions {
                    digest: Some(digest),
                    ..any()
                };
                let mut turn = turn_with(&store, &id, options).await;
                for piece in content.chunks(100_000) {
                    let written = turn.write(Bytes::copy_from_slice(piece)).await;
                    written.expect("written");
                }
                let outcome = match is_last {
                    true => verdict(engine(&store).finish(turn, anyhow()).await),
                    false => verdict(engine(&store).suspend(turn, None).await),
                };
                let expected = if matches { "done" } else { "DigestMismatch" };
                assert_eq!(outcome, expected, "{size} {digest:?}");
                offset += if matches { size as u64 } else { 0 };
                let found = look(&store, &id).await;
                assert_eq!((found.offset, found.finished), (offset, false), "{size}");
                assert_eq!(read(&store, &name).await, None);
            }
        }
        complete(&store, &id, b"", anyhow()).await.expect("stored");
        let expected = [b"before", &content[..], &content[..]].concat();
        assert!(read(&store, &name).await == Some(expected), "{size}");
    }
}
