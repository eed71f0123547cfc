//! A resumable upload that every host goes on with, also after a host is killed in the middle.

use std::time::Instant;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::{Body, Method, RequestBuilder};

use crate::bucket::Bucket;
use crate::garage::Cluster;
use crate::host::Host;
use crate::load::noise;

const BUCKET: &str = "coffer";
const SIZE: usize = 96 << 20;
/// What is appended at a time, over and over.
const APPENDS: [usize; 5] = [8 << 20, 1, 5 << 20, 100_000, KILLED];
/// The one of these during which the host that receives it is killed.
const KILLED: usize = 20 << 20;
/// The turn of a host that is gone lasts for a minute.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(180);

fn tus(host: &Host, method: Method, path: &str) -> RequestBuilder {
    host.at(method, path).header("tus-resumable", "1.0.0")
}

fn patch(host: &Host, path: &str, offset: usize, body: impl Into<Body>) -> RequestBuilder {
    tus(host, Method::PATCH, path)
        .header("upload-offset", offset)
        .header("content-type", "application/offset+octet-stream")
        .body(body)
}

async fn offset(host: &Host, path: &str) -> usize {
    let response = tus(host, Method::HEAD, path).send().await.unwrap();
    let offset = response.headers()["upload-offset"].to_str().unwrap();
    offset.parse().unwrap()
}

/// How many bytes there are in parts.
async fn arrived(bucket: &Bucket) -> u64 {
    let unfinished = bucket.unfinished().await;
    unfinished.iter().map(|upload| upload.size).sum()
}

/// Appends what follows, once no host has the turn; returns how long that took to come.
async fn append(host: &Host, path: &str, at: usize, bytes: &Bytes) -> std::time::Duration {
    let begun = Instant::now();
    loop {
        let response = patch(host, path, at, bytes.clone()).send().await.unwrap();
        match response.status().as_u16() {
            423 => assert!(begun.elapsed() < PATIENCE, "the turn never ends"),
            status => {
                assert_eq!(status, 204, "at {at}");
                return begun.elapsed();
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_goes_on_at_every_host_and_loses_nothing_when_one_is_killed() {
    let _alone = crate::ALONE.lock().await;
    let cluster = Cluster::start();
    let bucket = cluster.bucket(BUCKET);
    let mut hosts = [0, 1].map(|node| Host::start(&cluster, node, BUCKET));
    let sent = noise(5, SIZE);
    let begun = tus(&hosts[0], Method::POST, "/v1/public/uploads")
        .header("upload-length", SIZE)
        .header("upload-metadata", "filename Zg==");
    let begun = begun.send().await.unwrap();
    assert_eq!(begun.status(), 201);
    let path = begun.headers()["location"].to_str().unwrap();
    let path = path[path.find("/v1/").unwrap()..].to_owned();

    let (mut at, mut kills) = (0, 0);
    for (turn, length) in APPENDS.into_iter().cycle().enumerate() {
        if at == SIZE {
            break;
        }
        let host = turn % 2;
        let end = SIZE.min(at + length);
        if length == KILLED {
            // Nearly all of it, and then nothing more until the host is gone.
            let before = arrived(&bucket).await;
            let piece = sent.slice(at..end - 1);
            let forever = stream::pending::<std::io::Result<Bytes>>();
            let body = Body::wrap_stream(stream::iter([Ok(piece)]).chain(forever));
            let request = patch(&hosts[host], &path, at, body).header("content-length", end - at);
            let request = tokio::spawn(request.send());
            let begun = Instant::now();
            while arrived(&bucket).await == before {
                assert!(begun.elapsed() < PATIENCE, "no part arrives");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            hosts[host].kill();
            assert!(request.await.unwrap().is_err(), "answered before its end");
            hosts[host] = Host::start(&cluster, host, BUCKET);
            kills += 1;
        }
        for host in &hosts {
            assert_eq!(offset(host, &path).await, at);
        }
        let took = append(&hosts[host], &path, at, &sent.slice(at..end)).await;
        println!("{} bytes at {at}, after {took:.1?}", end - at);
        at = end;
    }
    for host in &hosts {
        let file = host.request(Method::GET, "f").send().await.unwrap();
        assert_eq!(file.status(), 200);
        assert!(file.bytes().await.unwrap() == sent);
    }
    let left = bucket.unfinished().await;
    assert!(left.is_empty(), "{left:?}");
    println!("{kills} kills, {SIZE} bytes whole, no multipart upload left");
}
