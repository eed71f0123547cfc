//! Finds out how the service lists: in which order, from where, and how names are written.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use coffer_port::object::pages::{Disorder, Found};
use futures_util::future::join_all;
use uuid::Uuid;

use super::request::Request;
use super::{Lists, Order, page_as};
use crate::store::s3::bucket::Bucket;
use crate::store::s3::failure::S3Failure;
use crate::store::{Entry, Error, ListOptions};

/// In the order of their bytes. Some are encoded in lists, some lie around the slash.
const NAMES: [&str; 10] = [
    " a", "%41", "a+b", "x", "x-z", "x.z", "x/y", "x0", "é", "\u{e000}",
];
/// What a service that lists folder by folder makes of the slash.
const LEAST: &str = "\0";
/// How often the list may lack a name that was stored, and the time between.
const PATIENCE: (u32, Duration) = (10, Duration::from_millis(100));

/// Stores a few objects, lists them in every way and removes them.
pub(in crate::store::s3) async fn probe(bucket: &Bucket) -> Result<Lists, S3Failure> {
    let folder = format!(".coffer/probe-{}/", Uuid::new_v4());
    let stored = join_all(NAMES.map(|name| put(bucket, format!("{folder}{name}")))).await;
    let (stored, failures): (Vec<_>, Vec<_>) = stored.into_iter().partition(Result::is_ok);
    let stored: Vec<Probe> = stored.into_iter().flatten().collect();
    let found = match failures.into_iter().next() {
        // Not every service can hold all of them.
        Some(Err(failure)) if stored.is_empty() => Err(failure),
        _ => {
            let names = stored.iter().map(|probe| probe.name.clone());
            lists(bucket, &folder, &names.collect::<Vec<_>>()).await
        }
    };
    for removed in join_all(stored.iter().map(|probe| remove(bucket, probe))).await {
        removed?;
    }
    found
}

/// A temporary object.
struct Probe {
    name: String,
    version_id: Option<String>,
}

async fn put(bucket: &Bucket, name: String) -> Result<Probe, S3Failure> {
    let request = bucket.client.put_object().bucket(&bucket.name);
    let request = request.key(bucket.prefix.object(&name));
    let stored = request.body(ByteStream::from_static(b"1")).send().await?;
    Ok(Probe {
        name,
        version_id: stored.version_id,
    })
}

/// By its version: else a bucket with versioning keeps it.
async fn remove(bucket: &Bucket, probe: &Probe) -> Result<(), S3Failure> {
    let delete = |version_id: Option<String>| {
        let request = bucket.client.delete_object().bucket(&bucket.name);
        let request = request.key(bucket.prefix.object(&probe.name));
        request.set_version_id(version_id).send()
    };
    if delete(probe.version_id.clone()).await.is_err() {
        // Versions may need another permission.
        delete(None).await?;
    }
    Ok(())
}

async fn lists(bucket: &Bucket, folder: &str, stored: &[String]) -> Result<Lists, S3Failure> {
    let by_bytes = |encoded| Lists {
        order: Order::Bytes,
        encoded,
    };
    let encoded = shown(bucket, folder, true, stored).await?;
    if encoded == stored && joins(bucket, folder, by_bytes(true), stored).await? {
        return Ok(by_bytes(true));
    }
    let by_folders = Lists {
        order: Order::Folders,
        encoded: true,
    };
    let mut sorted = stored.to_vec();
    sorted.sort_by_key(|name| name.replace('/', LEAST));
    if encoded != stored && encoded == sorted && walks(bucket, folder, by_folders, stored).await? {
        return Ok(by_folders);
    }
    let raw = shown(bucket, folder, false, stored).await?;
    if raw == stored && joins(bucket, folder, by_bytes(false), stored).await? {
        return Ok(by_bytes(false));
    }
    Ok(Lists {
        order: Order::Unknown,
        encoded: true,
    })
}

/// All names, as the service lists them, once it lists all that were stored.
async fn shown(
    bucket: &Bucket,
    folder: &str,
    encoded: bool,
    stored: &[String],
) -> Result<Vec<String>, S3Failure> {
    let (most, pause) = PATIENCE;
    let mut names = Vec::new();
    for _ in 0..most {
        names = listed(Request::new(folder, 1000), bucket, encoded).await?.0;
        if names.len() >= stored.len() {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    Ok(names)
}

async fn listed(
    request: Request<'_>,
    bucket: &Bucket,
    encoded: bool,
) -> Result<(Vec<String>, Option<String>), S3Failure> {
    let answer = request.send(bucket, encoded).await?;
    let names = answer.files.iter().map(Found::name);
    let names = names.map(|name| String::from_utf8_lossy(name).into_owned());
    Ok((names.collect(), answer.token))
}

/// Whether pages join by what they start behind, and answers by their tokens.
async fn joins(
    bucket: &Bucket,
    folder: &str,
    lists: Lists,
    stored: &[String],
) -> Result<bool, S3Failure> {
    let (mut joined, mut token) = (Vec::new(), None::<String>);
    while joined.len() < stored.len() {
        let request = Request {
            token: token.as_deref(),
            ..Request::new(folder, 3)
        };
        let (names, next) = listed(request, bucket, lists.encoded).await?;
        if names.is_empty() {
            return Ok(false);
        }
        joined.extend(names);
        token = next;
        if token.is_none() {
            break;
        }
    }
    Ok(joined == stored && walks(bucket, folder, lists, stored).await?)
}

/// Whether pages of one name are the whole list.
async fn walks(
    bucket: &Bucket,
    folder: &str,
    lists: Lists,
    stored: &[String],
) -> Result<bool, S3Failure> {
    let mut after = None;
    for (number, name) in stored.iter().enumerate() {
        let options = ListOptions {
            prefix: folder.to_owned(),
            delimiter: None,
            after,
            limit: 1,
        };
        let page = match page_as(bucket, lists, &options).await {
            Ok(page) => page,
            Err(Error::Misconfigured(cause)) if cause.is::<Disorder>() => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let names: Vec<&str> = page.entries.iter().map(Entry::name).collect();
        if names != [name.as_str()] || page.more != (number + 1 < stored.len()) {
            return Ok(false);
        }
        after = Some(name.clone());
    }
    Ok(true)
}
