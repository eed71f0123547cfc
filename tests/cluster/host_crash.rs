//! Multipart uploads that end early, with their host or with their client.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::{Body, Method, StatusCode};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::bucket::Bucket;
use crate::garage::Cluster;
use crate::host::Host;
use crate::load::noise;
use crate::process::PATIENCE;

const MIB: usize = 1 << 20;
const BUCKET: &str = "coffer";
/// The names of uploads in progress; the last of them has a version already.
const NAMES: [&str; 4] = ["new", "folder/new", "other", "replaced"];

/// Sends 40 of 64 MiB for each of the names, and no more.
fn half_uploads(host: &Arc<Host>) -> JoinSet<Result<StatusCode, reqwest::Error>> {
    let mut uploads = JoinSet::new();
    for (seed, name) in NAMES.into_iter().enumerate() {
        let pieces = (0..40).map(move |piece| Ok(noise(seed << 16 | piece, MIB)));
        let forever = stream::pending::<std::io::Result<Bytes>>();
        let body = Body::wrap_stream(stream::iter(pieces).chain(forever));
        let request = host.request(Method::PUT, name).body(body);
        let request = request.header("content-length", 64 * MIB);
        uploads.spawn(async move { Ok(request.send().await?.status()) });
    }
    uploads
}

/// Waits until the unfinished uploads in the bucket are as expected.
async fn unfinished(bucket: &Bucket, what: &str, holds: impl Fn(&BTreeSet<String>) -> bool) {
    let start = Instant::now();
    loop {
        let found = bucket.unfinished().await;
        // Each has parts: two of 8 MiB have arrived.
        let begun = found.iter().filter(|upload| upload.size >= 16 << 20);
        let keys = begun.map(|upload| upload.key.clone()).collect();
        if holds(&keys) && keys.len() == found.len() {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "never {what}: {found:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn store(host: &Host, name: &str, content: &Bytes) -> StatusCode {
    let request = host.request(Method::PUT, name).body(content.clone());
    request.send().await.unwrap().status()
}

async fn content(host: &Host, name: &str) -> Option<Bytes> {
    let response = host.request(Method::GET, name).send().await.unwrap();
    match response.status() {
        StatusCode::NOT_FOUND => None,
        StatusCode::OK => Some(response.bytes().await.unwrap()),
        other => panic!("{name}: {other}"),
    }
}

async fn listed(host: &Host) -> Vec<String> {
    let listing = host.list().send().await.unwrap();
    let listing: Value = listing.json().await.unwrap();
    let files = listing["files"].as_array().unwrap().iter();
    files
        .map(|file| file["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_killed_during_uploads_leaves_nothing_visible_and_its_parts_are_removed() {
    let _alone = crate::ALONE.lock().await;
    let cluster = Cluster::start();
    let first = Arc::new(Host::start(&cluster, 0, BUCKET));
    let second = Host::start(&cluster, 1, BUCKET);
    let bucket = cluster.bucket(BUCKET);
    let old = noise(99, 9 * MIB);
    assert_eq!(store(&first, "replaced", &old).await, 201);

    let mut uploads = half_uploads(&first);
    unfinished(&bucket, "four uploads in progress", |keys| keys.len() == 4).await;
    first.kill();
    while let Some(upload) = uploads.join_next().await {
        assert!(upload.unwrap().is_err(), "answered before its end");
    }

    let restarted = Host::start(&cluster, 0, BUCKET);
    for host in [&second, &restarted] {
        assert_eq!(listed(host).await, ["replaced"]);
        for name in &NAMES[..3] {
            assert_eq!(content(host, name).await, None, "{name}");
        }
        assert!(content(host, "replaced").await.unwrap() == old);
    }
    let left = bucket.unfinished().await;
    println!("\nleft by the crash: {left:#?}");
    let days = bucket.sweeps_after_days().await;
    println!("days until the bucket's lifecycle rule aborts them: {days:?}");
    assert!(days.is_some(), "no lifecycle rule aborts them");

    // What is left does not get in the way.
    for (seed, name) in NAMES.into_iter().enumerate() {
        let whole = noise(seed, 17 * MIB);
        let expected = if name == "replaced" { 200 } else { 201 };
        assert_eq!(store(&second, name, &whole).await, expected, "{name}");
        assert!(content(&restarted, name).await.unwrap() == whole, "{name}");
    }

    // Hosts also remove it when they start, once it is old enough.
    let old_enough = ["--s3-abandoned-after", "0s"];
    let _sweeper = Host::start_with(&cluster, 2, BUCKET, &old_enough);
    unfinished(&bucket, "all removed", BTreeSet::is_empty).await;
    println!("a new host has removed them at its start");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_disconnect_during_uploads_leave_no_parts() {
    let _alone = crate::ALONE.lock().await;
    let cluster = Cluster::start();
    let host = Arc::new(Host::start(&cluster, 0, BUCKET));
    let bucket = cluster.bucket(BUCKET);
    let mut uploads = half_uploads(&host);
    unfinished(&bucket, "four uploads in progress", |keys| keys.len() == 4).await;
    uploads.shutdown().await;
    unfinished(&bucket, "all aborted", BTreeSet::is_empty).await;
    assert!(listed(&host).await.is_empty());
}
