//! Many large uploads at once, through a host whose memory stays small.

use std::sync::Arc;
use std::time::Instant;

use futures_util::stream;
use reqwest::{Body, Method};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::garage::AccessKey;
use crate::host::Host;
use crate::load::noise;
use crate::sink::Sink;

const UPLOADS: u64 = 64;
const SIZE: u64 = 1 << 30;
const PIECE: u64 = 256 << 10;
/// The most that the host may hold resident, in MiB: 32 per request, and 200 for itself.
const MOST_RESIDENT: u64 = UPLOADS * 32 + 200;

/// The service stores nothing: three replicas of 64 GiB would need a disk that few
/// have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_stays_small_with_64_uploads_of_1_gib_at_once() {
    let _alone = crate::ALONE.lock().await;
    let folder = Arc::new(TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
    let sink = Sink::start().await;
    let key = AccessKey {
        id: "any".to_owned(),
        secret: "any".to_owned(),
    };
    let host = Arc::new(Host::on(folder, sink.endpoint(), &key, "coffer", &[]));

    let piece = noise(1, PIECE as usize);
    let start = Instant::now();
    let mut uploads = JoinSet::new();
    for number in 0..UPLOADS {
        let pieces = std::iter::repeat_n(piece.clone(), (SIZE / PIECE) as usize);
        let body = Body::wrap_stream(stream::iter(pieces.map(std::io::Result::Ok)));
        let request = host.request(Method::PUT, &format!("large-{number}"));
        let request = request.header("content-length", SIZE).body(body);
        uploads.spawn(async move { request.send().await.unwrap().status() });
    }
    while let Some(status) = uploads.join_next().await {
        assert_eq!(status.unwrap(), 201, "{}", host.log());
    }
    let most = host.most_resident_mib();
    println!(
        "\n{UPLOADS} uploads of {SIZE} bytes at once took {:?}: at most {most} MiB resident, \
         allowed {MOST_RESIDENT}",
        start.elapsed()
    );
    let sizes: Vec<u64> = (0..UPLOADS)
        .flat_map(|number| sink.sizes(&format!("/large-{number}")))
        .collect();
    assert_eq!(sizes, [SIZE; UPLOADS as usize]);
    assert!(most < MOST_RESIDENT, "{most} MiB resident");
}
