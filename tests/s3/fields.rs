//! How objects are encrypted, classed and tagged, whose the bucket must be, and who pays.

use std::sync::Arc;

use http::HeaderMap;
use reqwest::redirect::Policy;

use super::{ended, get, put};
use crate::support::s3_service::S3Service;
use crate::support::{Server, Setup, checking, content};

const KMS_KEY: &str = "arn:aws:kms:eu-central-1:123456789012:key/files";

fn start(service: &Arc<S3Service>, flags: &[&str]) -> Server {
    Setup::public_only().s3(service).args(flags).start()
}

/// The fields that these requests have, if all of them have the same.
fn said(requests: &[(String, HeaderMap)], name: &str) -> Option<String> {
    let values = requests.iter().map(|(_, fields)| fields.get(name).cloned());
    let values: Vec<_> = values.collect();
    assert!(!values.is_empty());
    assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
    Some(values[0].as_ref()?.to_str().unwrap().to_owned())
}

/// What an upload in one request and one in parts sent to the service, and the rest.
async fn sent(service: &Arc<S3Service>, server: &Server) -> [Vec<(String, HeaderMap)>; 2] {
    for (name, size) in [("small", 10), ("large", 9 << 20)] {
        let bytes = content(1, size);
        assert_eq!(put(server, name, &bytes).await, 201);
        assert!(get(server, name).await.1 == bytes);
    }
    let gone = server
        .delete("/v1/public/files/small")
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), 204);
    let requests = service.fields().into_iter();
    // The bucket itself is another matter.
    let of_objects = requests.filter(|(line, _)| {
        let names = ["/coffer/public/", "/coffer/.coffer/"];
        !line.starts_with("PUT ") || names.iter().any(|name| line.contains(name))
    });
    let (stores, others) = of_objects.partition(|(line, _)| {
        let starts = line.starts_with("POST ") && line.contains("?uploads");
        starts || line.starts_with("PUT ") && !line.contains("partNumber")
    });
    [stores, others]
}

#[tokio::test]
async fn every_object_is_stored_as_the_operator_wants() {
    let service = Arc::new(S3Service::start());
    let flags = [
        "--s3-sse",
        "aws:kms",
        "--s3-sse-kms-key",
        KMS_KEY,
        "--s3-sse-bucket-key",
        "--s3-storage-class",
        "STANDARD_IA",
        "--s3-tag",
        "team=web shop",
        "--s3-tag",
        "stage=test",
        "--s3-expected-bucket-owner",
        "123456789012",
        "--s3-request-payer",
    ];
    let [stores, others] = sent(&service, &start(&service, &flags)).await;
    for (name, value) in [
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-aws-kms-key-id", KMS_KEY),
        ("x-amz-server-side-encryption-bucket-key-enabled", "true"),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("x-amz-tagging", "team=web%20shop&stage=test"),
    ] {
        assert_eq!(said(&stores, name).as_deref(), Some(value));
        assert_eq!(said(&others, name), None, "{name}");
    }
    for requests in [&stores, &others] {
        let owner = said(requests, "x-amz-expected-bucket-owner");
        assert_eq!(owner.as_deref(), Some("123456789012"));
        let payer = said(requests, "x-amz-request-payer");
        assert_eq!(payer.as_deref(), Some("requester"));
    }
    // Signed, or the service would ignore what somebody adds on the way.
    for (line, fields) in stores.iter().chain(&others) {
        let signed = fields["authorization"].to_str().unwrap();
        assert!(signed.contains("x-amz-expected-bucket-owner;"), "{line}");
    }
}

#[tokio::test]
async fn without_flags_requests_say_nothing_of_it() {
    let service = Arc::new(S3Service::start());
    for requests in sent(&service, &start(&service, &["--s3-sse", "none"])).await {
        for name in [
            "x-amz-server-side-encryption",
            "x-amz-storage-class",
            "x-amz-tagging",
            "x-amz-expected-bucket-owner",
            "x-amz-request-payer",
        ] {
            assert_eq!(said(&requests, name), None);
        }
    }
}

#[tokio::test]
async fn variables_do_what_the_flags_do() {
    let service = Arc::new(S3Service::start());
    let server = Setup::public_only()
        .s3(&service)
        .env("COFFER_S3_SSE", "AES256")
        .env("COFFER_S3_TAG", "a=1,b=2")
        .env("COFFER_S3_REQUEST_PAYER", "true")
        .env("COFFER_S3_SSE_BUCKET_KEY", "false")
        .start();
    let [stores, _] = sent(&service, &server).await;
    for (name, value) in [
        ("x-amz-server-side-encryption", "AES256"),
        ("x-amz-tagging", "a=1&b=2"),
        ("x-amz-request-payer", "requester"),
    ] {
        assert_eq!(said(&stores, name).as_deref(), Some(value));
    }
}

#[tokio::test]
async fn a_redirected_client_pays_and_needs_no_fields() {
    let service = Arc::new(S3Service::start());
    let flags = [
        "--s3-redirect",
        "--s3-request-payer",
        "--s3-expected-bucket-owner",
        "123456789012",
    ];
    let server = start(&service, &flags);
    let bytes = content(1, 1000);
    assert_eq!(put(&server, "f", &bytes).await, 201);
    let client = reqwest::Client::builder().redirect(Policy::none()).build();
    let path = format!("{}/v1/public/files/f", server.url);
    let sent_on = checking(client.unwrap()).get(path).send().await.unwrap();
    let location = sent_on.headers()["location"].to_str().unwrap().to_owned();
    assert!(
        location.contains("x-amz-request-payer=requester"),
        "{location}"
    );
    assert!(location.contains("X-Amz-SignedHeaders=host&"), "{location}");
    let arrived = reqwest::get(location).await.unwrap();
    assert_eq!(arrived.status(), 200);
    assert!(arrived.bytes().await.unwrap() == bytes);
}

#[test]
fn what_no_service_would_accept_is_refused_at_the_start() {
    let service = S3Service::start();
    let eleven: Vec<_> = (0..11).map(|n| format!("t{n}=1")).collect();
    let eleven = eleven.join(",");
    for (flags, status, expected) in [
        (&["--s3-sse-kms-key", "k"][..], 1, "--s3-sse aws:kms"),
        (&["--s3-sse-bucket-key"], 1, "needs --s3-sse aws:kms"),
        (
            &["--s3-sse", "aws:kms:dsse", "--s3-sse-bucket-key"],
            1,
            "needs --s3-sse aws:kms",
        ),
        (
            &["--s3-tag", "a=1", "--s3-tag", "a=2"],
            1,
            "a is given twice",
        ),
        (&["--s3-tag", &eleven], 1, "at most 10 tags"),
        (&["--s3-tag", "a"], 2, "expected KEY=VALUE"),
        (&["--s3-sse", "SSE-S3"], 2, "AES256"),
        (&["--s3-sse-kms-key", "a b"], 2, "KMS key"),
        (&["--s3-storage-class", "GLACIER"], 2, "restoring"),
        (&["--s3-expected-bucket-owner", "me"], 2, "12 digits"),
    ] {
        let (code, line) = ended(&service, flags, "coffer-test-secret", &[]);
        assert_eq!(code, Some(status), "{flags:?}: {line}");
        assert!(line.contains(expected), "{flags:?}: {line}");
    }
}

#[test]
fn they_belong_to_the_s3_engine() {
    for (flags, expected) in [
        (&["--s3-sse", "AES256"][..], "--s3-sse (COFFER_S3_SSE)"),
        (&["--s3-tag", "a=1"], "--s3-tag (COFFER_S3_TAG)"),
        (&["--s3-wait"], "--s3-wait (COFFER_S3_WAIT)"),
        (&["--s3-request-payer"], "--s3-request-payer"),
    ] {
        let output = std::process::Command::new(crate::support::COFFER)
            .args(["serve", "--listen", "127.0.0.1:0", "--engine", "local"])
            .args(flags)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let line = String::from_utf8(output.stderr).unwrap();
        assert!(line.contains(expected), "{line}");
    }
}
