//! A host starts, says what is best effort, and keeps on starting on a bucket that it
//! made itself.

use reqwest::Method;

use crate::host::Host;
use crate::report::Finding;
use crate::service::Service;

/// Nobody made it before.
const BUCKET: &str = "made-by-coffer";

pub async fn check(service: &Service) -> Finding {
    let mut finding = Finding::default();
    for turn in ["first", "second"] {
        match Host::start(service, BUCKET, &[]) {
            Ok(host) => {
                for warning in host.warnings() {
                    finding.note(format!("{turn} start: {warning}"));
                }
                round_trip(&host, turn, &mut finding).await;
            }
            Err(said) => finding.fail(format!("no {turn} start: {said}")),
        }
    }
    if let Err(said) = Host::start(service, BUCKET, &["--s3-conditional", "require"]) {
        finding.note(format!("with --s3-conditional=require: {said}"));
    }
    finding
}

async fn round_trip(host: &Host, name: &str, finding: &mut Finding) {
    // In one request, and in parts.
    for size in [0, 11, 9 << 20] {
        let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        let put = host.request(Method::PUT, name).body(bytes.clone());
        let status = match put.send().await {
            Ok(answer) => answer.status().as_u16(),
            Err(error) => return finding.fail(format!("PUT of {size} bytes: {error}")),
        };
        if !matches!(status, 200 | 201) {
            finding.fail(format!("PUT of {size} bytes is {status}"));
            continue;
        }
        let got = match host.request(Method::GET, name).send().await {
            Ok(answer) => answer.bytes().await,
            Err(error) => Err(error),
        };
        if got.ok().as_deref() != Some(&bytes) {
            finding.fail(format!("GET of {size} bytes does not give them"));
        }
    }
    let status = host.request(Method::DELETE, name).send().await;
    let status = status.map(|answer| answer.status().as_u16());
    if !matches!(status, Ok(204)) {
        finding.fail(format!("DELETE is {status:?}"));
    }
}
