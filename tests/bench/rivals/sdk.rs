//! Direct calls of the AWS SDK, as an app without Coffer would make them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use tokio::runtime::Runtime;

use crate::Result;
use crate::s3_service::{ACCESS_KEY, SECRET_KEY};

/// The bucket of these calls, beside Coffer's.
const BUCKET: &str = "direct";
/// A part of a large upload, in bytes: as large as Coffer's.
const PART: usize = 8 << 20;
/// How many parts are sent at once.
const PARTS_AT_ONCE: usize = 4;
/// How many objects of a folder are stored at once.
const PUTS_AT_ONCE: usize = 64;

/// The SDK's client and the threads that it runs on.
pub struct Sdk {
    runtime: Runtime,
    client: Client,
}

impl Sdk {
    /// A client of the service at `url`, with a bucket of its own.
    pub fn new(url: &str) -> Result<Self> {
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new(
                ACCESS_KEY, SECRET_KEY, None, None, "bench",
            ))
            .region(Region::new("us-east-1"))
            .endpoint_url(url)
            .force_path_style(true)
            .http_client(
                aws_smithy_http_client::Builder::new()
                    .tls_provider(aws_smithy_http_client::tls::Provider::Rustls(
                        aws_smithy_http_client::tls::rustls_provider::CryptoMode::Ring,
                    ))
                    .build_https(),
            )
            .build();
        let client = Client::from_conf(config);
        let made = runtime.block_on(client.create_bucket().bucket(BUCKET).send());
        made.map_err(told)?;
        Ok(Self { runtime, client })
    }

    /// Stores a small object.
    pub fn put(&self, key: &str, content: &Bytes) -> Result<()> {
        self.runtime.block_on(put(&self.client, key, content))
    }

    /// Repeatedly reads an object of this size in this many tasks; in requests per second.
    pub fn gets_per_second(
        &self,
        key: &'static str,
        size: usize,
        tasks: u64,
        time: Duration,
    ) -> Result<f64> {
        self.per_second(tasks, time, move |client, _| async move {
            let found = client.get_object().bucket(BUCKET).key(key).send().await;
            let body = found.map_err(told)?.body.collect().await;
            let length = body.map_err(|error| error.to_string())?.into_bytes().len();
            if length == size {
                Ok(())
            } else {
                Err(format!("{length} bytes instead of {size}"))
            }
        })
    }

    /// Stores objects under fresh names in this many tasks; in requests per second.
    pub fn puts_per_second(&self, content: &Bytes, tasks: u64, time: Duration) -> Result<f64> {
        static RUN: AtomicU64 = AtomicU64::new(0);
        let run = RUN.fetch_add(1, Ordering::Relaxed);
        let content = content.clone();
        self.per_second(tasks, time, move |client, number| {
            let content = content.clone();
            async move { put(&client, &format!("put/{run}/{number}"), &content).await }
        })
    }

    fn per_second<A, D>(&self, tasks: u64, time: Duration, act: A) -> Result<f64>
    where
        A: Fn(Client, u64) -> D + Clone + Send + Sync + 'static,
        D: Future<Output = Result<()>> + Send,
    {
        let count = Arc::new(AtomicU64::new(0));
        let begun = Instant::now();
        let works: Vec<_> = (0..tasks)
            .map(|_| {
                let (client, act, count) = (self.client.clone(), act.clone(), Arc::clone(&count));
                self.runtime.spawn(async move {
                    while begun.elapsed() < time {
                        act(client.clone(), count.fetch_add(1, Ordering::Relaxed)).await?;
                    }
                    Ok::<_, String>(())
                })
            })
            .collect();
        for work in works {
            let ended = self.runtime.block_on(work);
            ended.map_err(|error| error.to_string())??;
        }
        Ok(count.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64())
    }

    /// Uploads a file in parts; in MiB per second.
    pub fn upload(&self, key: &str, file: &Path) -> Result<f64> {
        let begun = Instant::now();
        let size = self.runtime.block_on(upload(&self.client, key, file))?;
        Ok(size as f64 / f64::from(1 << 20) / begun.elapsed().as_secs_f64())
    }

    /// Downloads an object of this size; in MiB per second.
    pub fn download(&self, key: &str, size: u64) -> Result<f64> {
        let begun = Instant::now();
        let length = self.runtime.block_on(async {
            let found = self.client.get_object().bucket(BUCKET).key(key).send();
            let mut body = found.await.map_err(told)?.body;
            let mut length = 0;
            while let Some(piece) = body.try_next().await.map_err(|error| error.to_string())? {
                length += piece.len() as u64;
            }
            Ok::<_, String>(length)
        })?;
        if length != size {
            return Err(format!("{length} bytes instead of {size}"));
        }
        Ok(size as f64 / f64::from(1 << 20) / begun.elapsed().as_secs_f64())
    }

    /// Stores so many small objects below a prefix.
    pub fn fill(&self, prefix: &str, count: u64) -> Result<()> {
        let content = Bytes::from_static(b"content");
        let puts = stream::iter(0..count).map(|number| {
            let (client, content) = (&self.client, &content);
            async move { put(client, &format!("{prefix}{number}"), content).await }
        });
        let all = puts.buffer_unordered(PUTS_AT_ONCE).try_collect::<()>();
        self.runtime.block_on(all)
    }

    /// Deletes the objects below a prefix, which are so many, a page of a list at a time; in
    /// seconds.
    pub fn delete_folder(&self, prefix: &str, count: u64) -> Result<f64> {
        let begun = Instant::now();
        let deleted = self.runtime.block_on(delete(&self.client, prefix))?;
        match deleted == count {
            true => Ok(begun.elapsed().as_secs_f64()),
            false => Err(format!("{deleted} of {count} objects")),
        }
    }
}

async fn delete(client: &Client, prefix: &str) -> Result<u64> {
    let list = client.list_objects_v2().bucket(BUCKET).prefix(prefix);
    let mut pages = list.into_paginator().send();
    let mut deleted = 0;
    while let Some(page) = pages.next().await {
        let page = page.map_err(told)?;
        let named = page.contents().iter().filter_map(|object| object.key());
        let objects: std::result::Result<Vec<_>, _> = named
            .map(|key| ObjectIdentifier::builder().key(key).build())
            .collect();
        let objects = objects.map_err(told)?;
        deleted += objects.len() as u64;
        let objects = Delete::builder().set_objects(Some(objects)).quiet(true);
        let delete = client.delete_objects().bucket(BUCKET);
        let delete = delete.delete(objects.build().map_err(told)?);
        let answer = delete.send().await.map_err(told)?;
        if let Some(error) = answer.errors().first() {
            return Err(format!("{error:?}"));
        }
    }
    Ok(deleted)
}

async fn put(client: &Client, key: &str, content: &Bytes) -> Result<()> {
    let body = ByteStream::from(content.clone());
    let stored = client.put_object().bucket(BUCKET).key(key).body(body);
    stored.send().await.map(drop).map_err(told)
}

async fn upload(client: &Client, key: &str, file: &Path) -> Result<u64> {
    let begun = client.create_multipart_upload().bucket(BUCKET).key(key);
    let begun = begun.send().await.map_err(told)?;
    let id = begun.upload_id().ok_or("an upload without an id")?;
    let file = std::fs::File::open(file).map_err(|error| error.to_string())?;
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    let count = size.div_ceil(PART as u64);
    let parts = stream::iter(0..count).map(|index| {
        let file = &file;
        async move {
            let start = index * PART as u64;
            let length = (size - start).min(PART as u64);
            let mut bytes = vec![0; usize::try_from(length).unwrap_or(PART)];
            std::os::unix::fs::FileExt::read_exact_at(file, &mut bytes, start)
                .map_err(|error| error.to_string())?;
            let number = i32::try_from(index + 1).map_err(|_| "too many parts")?;
            let part = client.upload_part().bucket(BUCKET).key(key).upload_id(id);
            let part = part.part_number(number).body(ByteStream::from(bytes));
            let sent = part.send().await.map_err(told)?;
            let done = CompletedPart::builder().part_number(number);
            Ok::<_, String>(done.set_e_tag(sent.e_tag).build())
        }
    });
    let parts: Vec<_> = parts.buffered(PARTS_AT_ONCE).try_collect().await?;
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts));
    let done = client.complete_multipart_upload().bucket(BUCKET).key(key);
    let done = done.upload_id(id).multipart_upload(parts.build());
    done.send().await.map_err(told)?;
    Ok(size)
}

fn told(error: impl std::error::Error) -> String {
    DisplayErrorContext(error).to_string()
}
