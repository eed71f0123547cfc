//! The contract on S3, and what only this engine guarantees.
//!
//! The contract also runs against any real service: with `COFFER_TEST_S3_ENDPOINT`,
//! `COFFER_TEST_S3_BUCKET` and `COFFER_TEST_S3_REGION` set, and credentials in one of the
//! SDK's standard sources, under a new prefix for each test.

#[path = "../../../../tests/support/s3_service/mod.rs"]
mod service;

mod ahead;
mod checksums;
mod conditions;
mod copies;
mod fault_table;
mod faults;
mod lists;
mod lost;
mod missing;
mod parts_copied;
mod redirect;
mod removals;
mod requests;
mod resumable;
mod setup;
mod uploads;

use std::time::Duration;

use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use service::{ACCESS_KEY, Knows, S3Service, SECRET_KEY};
use uuid::Uuid;

use bytes::Bytes;
use futures_util::TryStreamExt;

use super::copy::Sizes;
use super::network::Network;
use super::start::Tuning;
use super::*;
use crate::metrics::S3Requests;
use crate::store::contract::{contract, copying, freely, key, resumable_contract};
use crate::store::{Metadata, Span};

const BUCKET: &str = "files";

fn config(endpoint: String) -> Config {
    Config {
        bucket: BUCKET.into(),
        endpoint: Some(endpoint),
        region: Some("us-east-1".into()),
        prefix: Prefix::default(),
        path_style: true,
        memory: 0,
        require_conditional: false,
        redirect: false,
        stalled_after: Duration::from_secs(1),
        abandoned_after: Duration::from_secs(7 * 24 * 3600),
        create_bucket: true,
        block_public_access: true,
        fields: Fields::default(),
    }
}

async fn connected(config: &Config, secret: &str) -> aws_sdk_s3::Client {
    let known = Credentials::new(ACCESS_KEY, secret, None, None, "test");
    let known = Some(SharedCredentialsProvider::new(known));
    client::connect(config, &Network::default(), &S3Requests::default(), known).await
}

async fn open_as(config: Config, secret: &str) -> Result<S3Store, SetupError> {
    let client = connected(&config, secret).await;
    S3Store::with(client, config).await
}

async fn store_on(service: &S3Service) -> S3Store {
    open_as(config(service.url()), SECRET_KEY)
        .await
        .expect("a store")
}

async fn tuned(service: &S3Service, tuning: Tuning) -> S3Store {
    let config = config(service.url());
    let client = connected(&config, SECRET_KEY).await;
    let store = S3Store::tuned(client, config, tuning).await;
    store.expect("a store")
}

/// One that copies in parts what is larger than 6 MiB.
async fn store_of_parts(service: &S3Service) -> S3Store {
    let sizes = Sizes {
        whole: 6 << 20,
        part: 5 << 20,
    };
    let tuning = Tuning {
        sizes,
        ..Tuning::default()
    };
    tuned(service, tuning).await
}

async fn copy(store: &S3Store, copy: Copy) -> Result<Stored, CopyError> {
    store.copy(vec![copy]).await.remove(0)
}

async fn stat(store: &S3Store, name: &str) -> Result<Info, Error> {
    let unconditional = Conditions::default();
    store.stat(&key(name), &Guard::Any, &unconditional).await
}

mod with_conditions {
    use super::*;

    async fn make() -> (Arc<dyn BlobStore>, Option<S3Service>) {
        let Ok(endpoint) = std::env::var("COFFER_TEST_S3_ENDPOINT") else {
            let service = S3Service::start();
            return (Arc::new(store_on(&service).await), Some(service));
        };
        let given = |name: &str| std::env::var(name).expect(name);
        let config = Config {
            bucket: given("COFFER_TEST_S3_BUCKET"),
            region: Some(given("COFFER_TEST_S3_REGION")),
            prefix: Prefix::new(&Uuid::new_v4().to_string()).expect("a prefix"),
            // It may have other things to do.
            stalled_after: Duration::from_secs(20),
            ..config(endpoint)
        };
        (
            Arc::new(
                S3Store::open(config, &S3Requests::default())
                    .await
                    .expect("a store"),
            ),
            None,
        )
    }

    contract!(crate::store::s3::tests::with_conditions::make);
    resumable_contract!(crate::store::s3::tests::with_conditions::make);
}

/// The contract on services that evaluate some of the conditions.
macro_rules! contract_as {
    ($($kind:ident: $knows:expr;)*) => {
        $(mod $kind {
            use super::*;

            async fn make() -> (Arc<dyn BlobStore>, S3Service) {
                let service = S3Service::that($knows);
                (Arc::new(store_on(&service).await), service)
            }

            contract!(crate::store::s3::tests::$kind::make);
            resumable_contract!(crate::store::s3::tests::$kind::make);
        })*
    };
}

contract_as! {
    best_effort: Knows { settings: false, ..Knows::no_conditions() };
    as_on_ceph: Knows::ceph();
    as_on_swift: Knows::swift();
    as_on_moto: Knows::moto();
    as_on_localstack: Knows::localstack();
    as_on_seaweedfs: Knows::seaweedfs();
}

async fn receive(
    store: &S3Store,
    name: &str,
    options: CreateOptions,
    content: &[u8],
) -> Result<Box<dyn Upload>, Error> {
    let mut upload = store.create(key(name), options).await?;
    for piece in content.chunks(300_000) {
        upload.write(Bytes::copy_from_slice(piece)).await?;
    }
    Ok(upload)
}

async fn put_with(
    store: &S3Store,
    name: &str,
    options: CreateOptions,
    content: &[u8],
) -> Result<Stored, Error> {
    let upload = receive(store, name, options, content).await?;
    let stored = store.finish(vec![upload]).await;
    Ok(stored.map_err(|refusal| refusal.error)?.remove(0))
}

async fn put(store: &S3Store, name: &str, content: &[u8]) -> Result<Stored, Error> {
    put_with(store, name, freely(), content).await
}

async fn read(store: &S3Store, name: &str, span: Span) -> Result<Vec<u8>, Error> {
    let options = OpenOptions {
        span,
        if_range: None,
        may_read: Guard::Any,
        conditions: Conditions::default(),
    };
    let body = store.open(&key(name), options).await?.body.here();
    let chunks: Vec<Bytes> = body.try_collect().await?;
    Ok(chunks.concat())
}
