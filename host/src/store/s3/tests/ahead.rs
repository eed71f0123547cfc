//! Large files are fetched in parts at the same time, while there is memory and the reader
//! waits for the service.

use super::service::Fault;
use super::*;
use crate::store::s3::budget::Grant;

const SIZE: usize = 40 << 20;

async fn large(store: &S3Store) -> Vec<u8> {
    let content: Vec<u8> = (0..SIZE as u32 / 4).flat_map(u32::to_le_bytes).collect();
    put(store, "f", &content).await.expect("stored");
    content
}

fn downloads(service: &S3Service) -> usize {
    let requests = service.requests();
    let requests = requests.iter();
    requests
        .filter(|line| line.starts_with("GET /files/f"))
        .count()
}

/// The next download begins with a response that its reader has to wait for.
fn slow(service: &S3Service) {
    service.fail("GET /files/f", 1, Fault::Slow(Duration::from_millis(2)));
}

async fn open(store: &S3Store) -> futures_util::stream::BoxStream<'static, Result<Bytes, Error>> {
    let options = OpenOptions {
        span: Span::All,
        if_range: None,
        may_read: Guard::Any,
        conditions: Conditions::default(),
    };
    let opened = store.open(&key("f"), options).await.expect("open");
    opened.body.here()
}

/// All grants that are to spare.
fn spare(store: &S3Store) -> Vec<Grant> {
    std::iter::from_fn(|| store.shared.budget.spare()).collect()
}

#[tokio::test]
async fn a_large_file_is_fetched_in_parts_and_ranges_are_too() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let content = large(&store).await;
    let all = spare(&store).len();
    for (from, requests) in [(0, 5), (1, 5), (15 << 20, 3), (28 << 20, 1)] {
        service.requests();
        slow(&service);
        let span = Span::From(from as u64);
        assert!(read(&store, "f", span).await.expect("read") == content[from..]);
        assert_eq!(downloads(&service), requests, "{from}");
        // The tasks end once they are scheduled.
        while spare(&store).len() < all {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_slow_reader_gets_one_response() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let content = large(&store).await;
    service.requests();
    slow(&service);
    let mut body = open(&store).await;
    let mut came = Vec::new();
    while let Some(bytes) = body.next().await {
        came.extend(bytes.expect("bytes"));
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    assert!(came == content);
    assert_eq!(downloads(&service), 1);
}

#[tokio::test]
async fn one_response_is_enough_while_there_is_no_memory() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let content = large(&store).await;
    let held = spare(&store);
    service.requests();
    slow(&service);
    assert!(read(&store, "f", Span::All).await.expect("read") == content);
    assert_eq!(downloads(&service), 1);
    drop(held);
}

#[tokio::test]
async fn a_part_that_breaks_off_is_resumed() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let content = large(&store).await;
    for fault in [
        Fault::Torn(700_000),
        Fault::Stalled(700_000),
        Fault::Status(500, "InternalError"),
    ] {
        slow(&service);
        service.fail("GET /files/f", 1, Fault::Fine);
        service.fail("GET /files/f", 2, fault.clone());
        let whole = read(&store, "f", Span::All).await;
        assert!(whole.expect("whole") == content, "{fault:?}");
    }
}

#[tokio::test]
async fn a_flipped_bit_in_a_part_breaks_the_download_off() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    large(&store).await;
    slow(&service);
    service.fail("GET /files/f", 1, Fault::Fine);
    service.fail("GET /files/f", 1, Fault::Flipped(700_000));
    assert!(read(&store, "f", Span::All).await.is_err());
    assert_eq!(store.checksum_mismatches(), 1);
}

#[tokio::test]
async fn a_download_in_parts_keeps_its_version() {
    for replaced in [true, false] {
        for read_before in [1 << 20, 6 << 20, 20 << 20] {
            let service = S3Service::start();
            let store = store_on(&service).await;
            let content = large(&store).await;
            slow(&service);
            let mut body = open(&store).await;
            let mut came = Vec::new();
            while came.len() < read_before {
                came.extend(body.next().await.expect("more").expect("bytes"));
            }
            match replaced {
                true => drop(put(&store, "f", b"another").await.expect("stored")),
                false => {
                    let (key, conditions) = (key("f"), Conditions::default());
                    let removed = store.remove(&key, &Guard::Any, &conditions).await;
                    removed.expect("removed");
                }
            }
            let rest: Vec<Bytes> = body.try_collect().await.expect("the version opened");
            came.extend(rest.concat());
            assert!(came == content, "{replaced}, {read_before}");
        }
    }
}

#[tokio::test]
async fn a_reader_that_stops_reading_holds_no_parts() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let content = large(&store).await;
    let all = spare(&store).len();
    slow(&service);
    let mut body = open(&store).await;
    let mut came = Vec::new();
    while came.len() < 12 << 20 {
        came.extend(body.next().await.expect("more").expect("bytes"));
    }
    assert!(spare(&store).len() < all);
    while spare(&store).len() < all {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let rest: Vec<Bytes> = body.try_collect().await.expect("the rest");
    came.extend(rest.concat());
    assert!(came == content);
}
