//! Bytes that are not those that were stored are never served as a whole file.

use std::io::Write;
use std::sync::Mutex;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use sha2::Digest;
use tracing::instrument::WithSubscriber;

use super::service::Fault;
use super::*;

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|place| (place / 1000) as u8).collect()
}

/// The first bytes come from a connection that breaks, the others have a flipped bit.
fn break_then_flip(service: &S3Service) {
    service.fail("GET /files/f", 1, Fault::Torn(700_000));
    service.fail("GET /files/f", 1, Fault::Flipped(50));
}

#[tokio::test]
async fn a_checksum_is_verified_across_connections() {
    for checksums in [true, false] {
        let service = S3Service::that(Knows {
            checksums,
            ..Knows::default()
        });
        let store = store_on(&service).await;
        for (size, announced, verified) in [
            (1 << 20, false, true),
            (9 << 20, false, checksums),
            // The client's digest is known before the bytes.
            (9 << 20, true, true),
        ] {
            let content = content(size);
            let digest = sha2::Sha256::digest(&content).into();
            let options = CreateOptions {
                sha256: announced.then_some(digest),
                ..freely()
            };
            let stored = put_with(&store, "f", options, &content).await;
            stored.expect("stored");
            let whole = read(&store, "f", Span::All).await;
            assert!(whole.expect("whole") == content);
            service.fail("GET /files/f", 1, Fault::Torn(700_000));
            let resumed = read(&store, "f", Span::All).await;
            assert!(resumed.expect("resumed") == content);

            let before = store.checksum_mismatches();
            break_then_flip(&service);
            let damaged = read(&store, "f", Span::All).await;
            assert_eq!(damaged.is_err(), verified, "{checksums}, {size}");
            let counted = store.checksum_mismatches() - before;
            assert_eq!(counted, u64::from(verified), "{checksums}, {size}");
        }
    }
}

#[tokio::test]
async fn a_range_that_is_the_whole_file_is_verified_and_others_are_not() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    put(&store, "f", &content(1 << 20)).await.expect("stored");
    for (span, verified) in [
        (Span::From(0), true),
        (Span::Between(0, u64::MAX), true),
        (Span::Last(u64::MAX), true),
        (Span::From(1), false),
        (Span::Between(0, 999_999), false),
    ] {
        service.fail("GET /files/f", 1, Fault::Flipped(50));
        let damaged = read(&store, "f", span).await;
        assert_eq!(damaged.is_err(), verified, "{span:?}");
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_file_with_a_checksum_of_its_parts_checksums_is_read_without_a_warning() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    let (client, content) = (&store.shared.bucket.client, content(6 << 20));
    let started = client.create_multipart_upload().bucket(BUCKET).key("f");
    let started = started.checksum_algorithm(ChecksumAlgorithm::Crc32);
    let id = started.send().await.expect("started").upload_id;
    let mut parts = CompletedMultipartUpload::builder();
    for (number, piece) in (1..).zip(content.chunks(5 << 20)) {
        let part = client.upload_part().bucket(BUCKET).key("f");
        let part = part.set_upload_id(id.clone()).part_number(number);
        let sent = part.body(ByteStream::from(piece.to_vec())).send().await;
        let sent = sent.expect("sent");
        let part = CompletedPart::builder().part_number(number);
        parts = parts.parts(part.set_e_tag(sent.e_tag).build());
    }
    let completed = client.complete_multipart_upload().bucket(BUCKET).key("f");
    let completed = completed.set_upload_id(id).multipart_upload(parts.build());
    completed.send().await.expect("completed");

    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(move || written.clone())
        .finish();
    let reading = async { read(&store, "f", Span::All).await };
    let whole = reading.with_subscriber(subscriber).await;
    assert!(whole.expect("whole") == content);
    let log = log.0.lock().expect("the log").clone();
    assert_eq!(String::from_utf8(log).expect("text"), "");
}
