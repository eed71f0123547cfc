use super::*;

fn state() -> State {
    let pairs = vec![("a".to_owned(), "é".to_owned())];
    State {
        revision: "r".to_owned(),
        target: Target {
            key: Key::new("a/ü").expect("a key"),
            content_type: "a/b".to_owned(),
            uploader: Some("ann".to_owned()),
            metadata: Metadata::new(pairs).expect("metadata"),
            max_size: u64::MAX,
            version: "v".to_owned(),
        },
        note: vec![0, 255],
        expires: time(1_800_000_000_123),
        length: Some(20),
        received: Received {
            upload: Some("id".to_owned()),
            parts: Arc::new(vec![
                Kept {
                    number: 1,
                    size: 8,
                    etag: "\"1\"".to_owned(),
                    crc32: Some("y/Q5Jg==".to_owned()),
                },
                Kept {
                    number: 66,
                    size: 8,
                    etag: "2".to_owned(),
                    crc32: None,
                },
            ]),
            floor: 66,
            tail: Tail::Here(vec![1, 2]),
        },
        lease: Some(Lease {
            until: time(5),
            last: 130,
        }),
        publishing: true,
    }
}

#[test]
fn a_state_is_read_back() {
    for tail in [
        Tail::Here(vec![1, 2]),
        Tail::There {
            turn: "t".to_owned(),
            size: 5,
        },
    ] {
        let mut state = state();
        state.received.tail = tail;
        let read = read(&write(&state)).expect("a state");
        let expected = Known::Unfinished(Box::new(state));
        assert_eq!(format!("{read:?}"), format!("{expected:?}"));
    }
    let finished = Finished {
        revision: "r".to_owned(),
        progress: Progress {
            finished: true,
            ..state().progress()
        },
    };
    match read(&write_finished(&finished)) {
        Ok(Known::Finished(read)) => assert_eq!(read, finished),
        read => panic!("{read:?}"),
    }
}

#[test]
fn nothing_that_is_cut_off_or_unknown_is_a_state() {
    let whole = write(&state());
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "{end}");
    }
    let text = String::from_utf8(whole).expect("text");
    for (from, to) in [
        ("\"format\":1", "\"format\":2"),
        ("\"format\":1", "\"format\":1,\"more\":1"),
        ("\"finished\":false", "\"finished\":true"),
        ("\"finished\":false,", ""),
        ("\"offset\":18", "\"offset\":17"),
        ("[66,", "[1,"),
        ("\"multipart-upload\":\"id\"", "\"multipart-upload\":null"),
        ("\"a/ü\"", "\"../a\""),
        ("\"note\":\"", "\"note\":\"?"),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text, "{from}");
        assert!(read(other.as_bytes()).is_err(), "{to}");
    }
}
