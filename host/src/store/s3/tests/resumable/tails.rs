use super::*;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_tail_of_any_size_is_followed_by_more() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    for size in [
        0,
        1,
        64 << 10,
        (64 << 10) + 1,
        5 * MIB - 1,
        5 * MIB,
        5 * MIB + 1,
        PART - 1,
        PART,
        PART + 1,
        2 * PART,
    ] {
        for more in [0, 1, PART] {
            let (first, second) = (noise(1, size), noise(2, more));
            let id = begin(&store, "f").await;
            append(&store, &id, &first).await.expect("kept");
            append(&store, &id, &second).await.expect("kept");
            finish(&store, &id, b"").await.expect("stored");
            let content = [first, second].concat();
            assert!(is_file(&store, "f", &content).await, "{size} {more}");
            discard(&store, &id).await.expect("forgotten");
            assert_eq!(left(&service), NOTHING, "{size} {more}");
        }
    }
}

#[tokio::test]
async fn only_the_last_tail_is_kept() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let id = begin(&store, "f").await;
    for size in [100_000, 200_000, 7 * MIB] {
        append(&store, &id, &noise(1, size)).await.expect("kept");
        let (own, parts) = left(&service);
        assert_eq!(own, ["tails", "unfinished", "uploads"]);
        assert_eq!(parts, 0);
    }
    append(&store, &id, &noise(1, MIB)).await.expect("kept");
    assert_eq!(left(&service).1, 1);
}

#[tokio::test]
async fn a_tail_that_cannot_be_stored_leaves_the_one_before() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let id = begin(&store, "f").await;
    let first = noise(1, 100_000);
    append(&store, &id, &first).await.expect("kept");
    let tails = "PUT /files/.coffer/tails/";
    service.fail(tails, usize::MAX, Fault::Status(507, "InsufficientStorage"));
    let full = append(&store, &id, &noise(2, 100_000)).await;
    assert!(matches!(full, Err(Error::NoSpace)), "{full:?}");
    service.recover();
    assert_eq!(look(&store, &id).await.expect("known").offset, 100_000);
    finish(&store, &id, b"1").await.expect("stored");
    assert!(is_file(&store, "f", &[&first[..], b"1"].concat()).await);
}
