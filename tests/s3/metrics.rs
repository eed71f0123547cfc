//! What the metrics say of requests to the service.

use std::sync::Arc;
use std::time::Duration;

use super::{get, on, put};
use crate::support::Server;
use crate::support::s3_service::{Fault, S3Service};

/// The value of a sample of `/metrics`; 0 if there is none.
async fn sample(server: &Server, name: &str, labels: &[&str]) -> u64 {
    let url = format!("{}/metrics", server.operations);
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    let is_meant = |line: &&str| {
        line.starts_with(&format!("{name}{{")) && labels.iter().all(|label| line.contains(label))
    };
    let line = text.lines().find(is_meant);
    line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

async fn requests(server: &Server, operation: &str, outcome: &str) -> u64 {
    let labels = [
        &format!("operation=\"{operation}\"")[..],
        &format!("outcome=\"{outcome}\"")[..],
    ];
    sample(server, "coffer_s3_requests_total", &labels).await
}

async fn of(server: &Server, name: &str, operation: &str) -> u64 {
    sample(server, name, &[&format!("operation=\"{operation}\"")]).await
}

#[tokio::test]
async fn attempts_are_counted_by_operation_and_outcome_with_their_retries() {
    let service = Arc::new(S3Service::start());
    let server = on(&service);
    let before = requests(&server, "PutObject", "done").await;
    assert!(before > 0, "the start has tried conditions");
    let retries = of(&server, "coffer_s3_retries_total", "PutObject").await;

    service.fail("PUT /coffer/public/f", 2, Fault::Status(503, "SlowDown"));
    assert_eq!(put(&server, "f", b"1").await, 201);
    service.fail(
        "GET /coffer/public/f",
        1,
        Fault::Status(500, "InternalError"),
    );
    service.fail("GET /coffer/public/f", 1, Fault::Closed);
    assert_eq!(get(&server, "f").await.0, 200);
    assert_eq!(get(&server, "missing").await.0, 404);

    assert_eq!(requests(&server, "PutObject", "done").await, before + 1);
    assert_eq!(requests(&server, "PutObject", "throttled").await, 2);
    let retried = of(&server, "coffer_s3_retries_total", "PutObject").await;
    assert_eq!(retried, retries + 2);
    for (outcome, count) in [
        ("done", 1),
        ("failed", 1),
        ("unanswered", 1),
        ("refused", 1),
    ] {
        assert_eq!(
            requests(&server, "GetObject", outcome).await,
            count,
            "{outcome}"
        );
    }
    let timed = of(
        &server,
        "coffer_s3_request_duration_seconds_count",
        "GetObject",
    )
    .await;
    assert_eq!(timed, 4);
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_is_counted_too() {
    let service = Arc::new(S3Service::start());
    let server = on(&service);
    let late = Duration::from_secs(60);
    service.fail("GET /coffer", 1, Fault::Late(late));
    let ready = reqwest::get(format!("{}/readyz", server.operations)).await;
    assert_eq!(ready.unwrap().status(), 503);
    assert_eq!(requests(&server, "ListObjectsV2", "canceled").await, 1);
}

#[tokio::test]
async fn a_url_that_is_only_signed_counts_as_no_request() {
    let service = Arc::new(S3Service::start());
    let setup = crate::support::Setup::public_only().s3(&service);
    let server = setup.args(&["--s3-redirect"]).start();
    assert_eq!(put(&server, "f", b"1").await, 201);
    assert_eq!(get(&server, "f").await.0, 200);
    assert_eq!(
        of(
            &server,
            "coffer_s3_request_duration_seconds_count",
            "GetObject"
        )
        .await,
        0
    );
    assert_eq!(requests(&server, "HeadObject", "done").await, 1);
}
