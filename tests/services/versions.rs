//! Buckets that keep versions, and those whose versions are locked: hosts read and list
//! current versions alone, deleted files are gone to clients and can be restored past them.

use reqwest::Method;

use crate::bucket::{Bucket, Keeps};
use crate::host::Host;
use crate::report::Finding;
use crate::service::Service;

/// In one request, and in parts.
const FILES: [(&str, usize); 2] = [("small", 1000), ("large", 9 << 20)];

pub async fn check(service: &Service) -> Finding {
    let mut finding = Finding::default();
    for (name, keeps) in [("versioned", Keeps::Versions), ("locked", Keeps::Locked)] {
        let bucket = service.bucket(name);
        match bucket.create_that(keeps).await {
            Ok(()) => {
                if let Err(cause) = checked(service, &bucket, name, &mut finding).await {
                    finding.fail(format!("{name}: {cause}"));
                }
            }
            Err(cause) => finding.note(format!("no bucket is {name} here: {cause}")),
        }
    }
    finding
}

async fn checked(
    service: &Service,
    bucket: &Bucket,
    name: &str,
    finding: &mut Finding,
) -> Result<(), String> {
    drop(Host::start(service, name, &[])?);
    let host = Host::start(service, name, &[])?;
    for (file, size) in FILES {
        let [first, second] = [b'1', b'2'].map(|byte| vec![byte; size]);
        for (bytes, expected) in [(&first, 201), (&second, 200)] {
            let put = host.request(Method::PUT, file).body(bytes.clone());
            expect(put, expected, None).await?;
        }
        expect(host.request(Method::GET, file), 200, Some(&second)).await?;
        expect(host.request(Method::DELETE, file), 204, None).await?;
        expect(host.request(Method::GET, file), 404, None).await?;
        expect(host.request(Method::DELETE, file), 404, None).await?;

        let key = format!("public/{file}");
        let kept = bucket.versions(&key).await?;
        if (kept.versions.len(), kept.markers.len()) != (2, 1) {
            finding.fail(format!("{name}: of {file} are kept {kept:?}"));
        }
        for marker in kept.markers {
            bucket.delete_version(&key, &marker).await?;
        }
        expect(host.request(Method::GET, file), 200, Some(&second)).await?;
    }
    let left = bucket.versions(".coffer/").await?;
    let (versions, markers) = (left.versions.len(), left.markers.len());
    finding.note(format!(
        "{name}: two starts leave {versions} versions and {markers} markers below .coffer/"
    ));
    Ok(())
}

async fn expect(
    request: reqwest::RequestBuilder,
    status: u16,
    bytes: Option<&Vec<u8>>,
) -> Result<(), String> {
    let said = |error: reqwest::Error| error.to_string();
    let answer = request.send().await.map_err(said)?;
    let (got, url) = (answer.status().as_u16(), answer.url().to_string());
    let body = answer.bytes().await.map_err(said)?;
    match got == status && bytes.is_none_or(|bytes| *bytes == body) {
        true => Ok(()),
        false => Err(format!(
            "{url} is {got}, not {status}, with {} bytes",
            body.len()
        )),
    }
}
