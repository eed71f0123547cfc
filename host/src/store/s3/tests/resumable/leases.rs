use super::*;

#[tokio::test]
async fn of_two_hosts_at_once_one_has_the_turn() {
    for knows in [Knows::default(), Knows::ceph(), Knows::no_conditions()] {
        let service = S3Service::that(knows);
        let (one, other) = (store_on(&service).await, store_on(&service).await);
        let id = begin(&one, "f").await;
        let turn = received(&one, &id, b"1").await.expect("a turn");
        for host in [&one, &other] {
            let refused = received(host, &id, b"2").await.map(drop);
            assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
            assert_eq!(look(host, &id).await.expect("known").offset, 0);
        }
        assert_eq!(suspend(&one, turn).await.expect("kept"), 1);
        assert_eq!(append(&other, &id, b"2").await.expect("kept"), 2);
        finish(&one, &id, b"3").await.expect("stored");
        assert!(is_file(&other, "f", b"123").await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_none_is_mixed_with_another() {
    let service = S3Service::start();
    let hosts = [store_on(&service).await, store_on(&service).await].map(Arc::new);
    let id = begin(&hosts[0], "f").await;
    let appends = (0..16_u8).map(|n| {
        let (host, id) = (hosts[usize::from(n) % 2].clone(), id.clone());
        tokio::spawn(async move {
            match append(&host, &id, &[n; 1000]).await {
                Ok(_) => Some(n),
                Err(Error::Busy) => None,
                Err(error) => panic!("{error:?}"),
            }
        })
    });
    let kept = futures_util::future::join_all(appends).await.into_iter();
    let kept: Vec<u8> = kept.filter_map(|n| n.expect("an append")).collect();
    assert!(!kept.is_empty());
    finish(&hosts[0], &id, b"").await.expect("stored");
    let found = read(&hosts[1], "f", Span::All).await.expect("a file");
    let mut pieces: Vec<u8> = found.chunks(1000).map(|piece| piece[0]).collect();
    pieces.sort_unstable();
    assert_eq!(pieces, kept);
    assert!(
        found
            .chunks(1000)
            .all(|piece| piece == vec![piece[0]; 1000])
    );
}

#[tokio::test]
async fn a_turn_that_outlasts_its_lease_renews_it() {
    let service = S3Service::start();
    let lease = Duration::from_millis(1500);
    let tuning = Tuning {
        lease,
        ..Tuning::default()
    };
    let (one, other) = (tuned(&service, tuning).await, store_on(&service).await);
    let id = begin(&one, "f").await;
    let turn = received(&one, &id, b"1").await.expect("a turn");
    let taken = SystemTime::now();
    service.requests();
    let renewed = async {
        let mut written = 0;
        // Without the renewals, the first lease is over by then.
        while written < 2 || taken.elapsed().unwrap_or_default() < lease {
            let requests = service.requests().into_iter();
            let is_state = |line: &String| line.starts_with("PUT /files/.coffer/uploads/");
            written += requests.filter(is_state).count();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let renewed = tokio::time::timeout(Duration::from_secs(60), renewed);
    renewed.await.expect("two renewals");
    let refused = received(&other, &id, b"2").await.map(drop);
    assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
    assert_eq!(suspend(&one, turn).await.expect("kept"), 1);
    // Nothing renews a turn that is over.
    assert_eq!(append(&other, &id, b"2").await.expect("kept"), 2);
}

#[tokio::test]
async fn a_turn_that_was_taken_over_counts_for_nothing() {
    for gaps in [true, false] {
        let service = S3Service::that(Knows {
            gaps,
            ..Knows::default()
        });
        let (dead, other) = (fleeting(&service).await, store_on(&service).await);
        let id = begin(&other, "f").await;
        let first = noise(1, 9 << 20);
        append(&other, &id, &first).await.expect("kept");
        let lost = received(&dead, &id, &noise(2, 20 << 20))
            .await
            .expect("a turn");
        let second = noise(3, 20 << 20);
        append(&other, &id, &second).await.expect("kept");
        let outcome = suspend(&dead, lost).await;
        assert!(matches!(outcome, Err(Error::Busy)), "{outcome:?}");
        let content = [first, second].concat();
        let offset = look(&dead, &id).await.expect("known").offset;
        assert_eq!(offset, content.len() as u64);
        if gaps {
            // A part of the lost turn that comes late.
            let (upload, late) = (multipart(&other).await, noise(4, PART));
            let bucket = &dead.shared.bucket;
            for number in 2..5 {
                bucket
                    .put_part(&key("f"), &upload, number, late.clone().into())
                    .await
                    .expect("sent");
            }
        }
        finish(&other, &id, b"").await.expect("stored");
        assert!(is_file(&other, "f", &content).await, "gaps {gaps}");
        assert_eq!(left(&service), memory());
    }
}

#[tokio::test]
async fn a_part_that_was_replaced_is_never_in_the_file() {
    let service = S3Service::that(Knows {
        gaps: false,
        ..Knows::default()
    });
    let store = store_on(&service).await;
    let id = begin(&store, "f").await;
    append(&store, &id, &noise(1, 9 << 20)).await.expect("kept");
    let upload = multipart(&store).await;
    let bucket = &store.shared.bucket;
    bucket
        .put_part(&key("f"), &upload, 1, noise(2, PART).into())
        .await
        .expect("sent");
    let outcome = finish(&store, &id, b"1").await.map(drop);
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    let found = stat(&store, "f").await.map(drop);
    assert!(matches!(found, Err(Error::NotFound)), "{found:?}");
}

#[tokio::test]
async fn a_turn_that_lost_its_upload_cleans_up() {
    let service = S3Service::start();
    let (one, other) = (store_on(&service).await, store_on(&service).await);
    for (kept, ends) in [(0, true), (0, false), (9 << 20, true), (9 << 20, false)] {
        let id = begin(&one, "f").await;
        append(&one, &id, &noise(1, kept)).await.expect("kept");
        let turn = received(&one, &id, &noise(2, 20 << 20))
            .await
            .expect("a turn");
        discard(&other, &id).await.expect("discarded");
        let outcome = match ends {
            true => end(&one, turn).await.map(drop),
            false => suspend(&one, turn).await.map(drop),
        };
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
        assert_eq!(left(&service), NOTHING);
        assert!(service.objects(BUCKET).is_empty());
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_state_loses_no_turn() {
    for knows in [Knows::default(), Knows::ceph(), Knows::no_conditions()] {
        let service = S3Service::that(knows);
        let store = store_on(&service).await;
        let id = begin(&store, "f").await;
        for (n, times) in [1, 2].into_iter().enumerate() {
            service.fail("PUT /files/.coffer/uploads/", times, Fault::Lost);
            let offset = append(&store, &id, b"1").await.expect("kept");
            assert_eq!(offset, n as u64 + 1);
        }
        finish(&store, &id, b"").await.expect("stored");
        assert!(is_file(&store, "f", b"11").await);
    }
}

#[tokio::test]
async fn a_turn_whose_renewal_is_in_doubt_is_not_overtaken_by_itself() {
    for knows in [Knows::default(), Knows::ceph(), Knows::no_conditions()] {
        let service = S3Service::that(knows);
        let tuning = Tuning {
            lease: Duration::from_secs(3),
            ..Tuning::default()
        };
        let (store, other) = (tuned(&service, tuning).await, store_on(&service).await);
        let id = begin(&store, "f").await;
        let turn = received(&store, &id, b"1").await.expect("a turn");
        service.requests();
        let state = "PUT /files/.coffer/uploads/";
        service.fail(state, 1, Fault::Lost);
        service.fail(state, usize::MAX, Fault::Status(503, "SlowDown"));
        // More than the attempts of one renewal.
        let doubtful = async {
            let mut attempts = 0;
            while attempts < 4 {
                let requests = service.requests().into_iter();
                attempts += requests.filter(|line| line.starts_with(state)).count();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let doubtful = tokio::time::timeout(Duration::from_secs(60), doubtful);
        doubtful.await.expect("two renewals");
        service.recover();
        let kept = suspend(&store, turn).await;
        assert_eq!(kept.expect("kept"), 1, "{knows:?}");
        finish(&other, &id, b"2").await.expect("stored");
        assert!(is_file(&store, "f", b"12").await, "{knows:?}");
    }
}

#[tokio::test]
async fn a_turn_that_is_dropped_while_its_state_is_written_ends_all_the_same() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let id = begin(&store, "f").await;
    let mut turn = received(&store, &id, b"1").await.expect("a turn");
    service.requests();
    let state = "PUT /files/.coffer/uploads/";
    service.fail(state, 1, Fault::Late(Duration::from_millis(200)));
    // More parts than are reserved, so the state is written.
    let piece = Bytes::from(vec![0; 8 << 20]);
    let writing = async {
        loop {
            turn.write(piece.clone()).await.expect("written");
        }
    };
    let written = async {
        while !service
            .requests()
            .iter()
            .any(|line| line.starts_with(state))
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        () = writing => {}
        () = written => {}
    }
    drop(turn);
    let again = async {
        while let Err(error) = append(&store, &id, b"2").await {
            assert!(matches!(error, Error::Busy), "{error:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    // Well within the time of a lease.
    let again = tokio::time::timeout(Duration::from_secs(30), again).await;
    again.expect("the turn has ended");
}
