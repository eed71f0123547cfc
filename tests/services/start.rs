//! A host starts on a bucket that was there and on one that it made itself, again and
//! again, logs what is best effort, and stores files of all sizes.

use reqwest::Method;

use crate::host::Host;
use crate::report::Finding;
use crate::service::Service;

/// Whether the bucket is made before the host starts.
const BUCKETS: [(&str, bool); 2] = [("made-before", true), ("made-by-coffer", false)];

pub async fn check(service: &Service) -> Finding {
    let mut finding = Finding::default();
    for (bucket, before) in BUCKETS {
        if before && let Err(error) = service.bucket(bucket).create().await {
            finding.fail(format!("no bucket: {error}"));
        }
        for turn in ["first", "second"] {
            let turn = format!("{turn} start on a bucket {}", bucket.replace('-', " "));
            match Host::start(service, bucket, &[]) {
                Ok(host) => {
                    for warning in host.warnings() {
                        finding.note(format!("{turn}: {warning}"));
                    }
                    round_trip(&host, &turn, &mut finding).await;
                }
                Err(said) => finding.fail(format!("no {turn}: {said}")),
            }
        }
    }
    let (bucket, _) = BUCKETS[0];
    if let Err(said) = Host::start(service, bucket, &["--s3-conditional", "require"]) {
        finding.note(format!("with --s3-conditional=require: {said}"));
    }
    finding
}

async fn round_trip(host: &Host, name: &str, finding: &mut Finding) {
    // In one request, and in parts.
    for size in [0, 11, 9 << 20] {
        if let Err(cause) = put_and_get(host, name, size).await {
            finding.fail(format!("{name}: of {size} bytes, {cause}"));
        }
    }
    let status = host.request(Method::DELETE, name).send().await;
    let status = status.map(|answer| answer.status().as_u16());
    if !matches!(status, Ok(204)) {
        finding.fail(format!("{name}: DELETE is {status:?}"));
    }
}

async fn put_and_get(host: &Host, name: &str, size: usize) -> Result<(), String> {
    let said = |error: reqwest::Error| error.to_string();
    let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
    let put = host.request(Method::PUT, name).body(bytes.clone());
    let put = put.send().await.map_err(said)?;
    if !put.status().is_success() {
        return Err(format!("PUT is {}", put.status()));
    }
    let got = host.request(Method::GET, name).send().await.map_err(said)?;
    let tags = [put.headers(), got.headers()].map(|fields| fields.get("etag").cloned());
    if tags[0] != tags[1] {
        return Err(format!("PUT and GET tell other tags: {tags:?}"));
    }
    match got.bytes().await.map_err(said)? == bytes {
        true => Ok(()),
        false => Err("GET gives others".to_owned()),
    }
}
