//! Uploads that are cut off, by clients and by a crash of the host: nothing is visible,
//! and nothing stays behind.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use reqwest::Method;

use crate::bucket::Bucket;
use crate::host::{Host, path};
use crate::report::Finding;
use crate::service::Service;

const BUCKET: &str = "cuts";
/// Tries, a quarter of a second apart.
const TRIES: usize = 240;

pub async fn check(service: &Service) -> Finding {
    let mut finding = Finding::default();
    if let Err(error) = cut(service, &mut finding).await {
        finding.fail(error);
    }
    finding
}

async fn cut(service: &Service, finding: &mut Finding) -> Result<(), String> {
    let bucket = service.bucket(BUCKET);
    bucket.create().await?;
    let host = Host::start(service, BUCKET, &[])?;
    // One byte less than what is announced.
    for (name, size) in [
        ("small", 100_000),
        ("one-part", 6 << 20),
        ("parts", 20 << 20),
        ("a+é 😀", 20 << 20),
    ] {
        let stream = send(&host, name, size)?;
        if size > 16 << 20 && !until(&bucket, |open| open > 0).await? {
            finding.fail(format!("{name}: no multipart upload began"));
        }
        drop(stream);
        if !until(&bucket, |open| open == 0).await? {
            let left = bucket.unfinished().await?;
            finding.fail(format!("{name}: cut by the client, unfinished: {left:?}"));
        }
        invisible(&host, &bucket, name, finding).await?;
    }
    let stream = send(&host, "crash", 20 << 20)?;
    if !until(&bucket, |open| open > 0).await? {
        finding.fail("crash: no multipart upload began");
    }
    host.kill();
    drop((stream, host));
    let left = bucket.unfinished().await?;
    finding.note(format!("a crash leaves {} unfinished uploads", left.len()));
    // It counts as abandoned a second after it began.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let host = Host::start(service, BUCKET, &["--s3-abandoned-after", "1s"])?;
    if !until(&bucket, |open| open == 0).await? {
        let left = bucket.unfinished().await?;
        let said = host.warnings().join("; ");
        finding.fail(format!(
            "crash: unfinished after the sweep: {left:?}; {said}"
        ));
    }
    invisible(&host, &bucket, "crash", finding).await
}

/// Sends so many bytes of a file that is longer.
fn send(host: &Host, name: &str, size: usize) -> Result<TcpStream, String> {
    let said = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(host.address()).map_err(said)?;
    let head = format!(
        "PUT {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
        path(name),
        size + 1
    );
    stream.write_all(head.as_bytes()).map_err(said)?;
    stream.write_all(&vec![b'x'; size]).map_err(said)?;
    Ok(stream)
}

/// Whether there are at last as many unfinished uploads as that.
async fn until(bucket: &Bucket, holds: impl Fn(usize) -> bool) -> Result<bool, String> {
    for _ in 0..TRIES {
        if holds(bucket.unfinished().await?.len()) {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(false)
}

async fn invisible(
    host: &Host,
    bucket: &Bucket,
    name: &str,
    finding: &mut Finding,
) -> Result<(), String> {
    let got = host.request(Method::GET, name).send().await;
    let status = got.map_err(|error| error.to_string())?.status();
    if status != 404 {
        finding.fail(format!("{name}: GET is {status} after the cut"));
    }
    if let Some(size) = bucket.size(&format!("public/{name}")).await {
        finding.fail(format!("{name}: there is an object of {size} bytes"));
    }
    Ok(())
}
