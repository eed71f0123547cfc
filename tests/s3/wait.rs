//! Hosts that start while the service is away (`--s3-wait`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{ended, put};
use crate::support::s3_service::{Fault, S3Service};
use crate::support::{Server, Setup, assert_problem, client, eventually, json_of};

const SECRET: &str = "coffer-test-secret";

/// A host that listens although the service does not answer.
fn without(service: &Arc<S3Service>, flags: &[&str]) -> Server {
    service.fail("", usize::MAX, Fault::Closed);
    Setup::public_only().s3(service).args(flags).start()
}

async fn ask(server: &Server, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("{}{path}", server.operations)).await;
    let answer = answer.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Asks until the answer is as expected; fails after half a minute.
async fn until(
    server: &Server,
    path: &str,
    expected: impl Fn(&(u16, String)) -> bool,
) -> (u16, String) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = ask(server, path).await;
        if expected(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn engine(server: &Server) -> Value {
    let url = format!("{}/component", server.operations);
    json_of(client().get(url)).await["engine"].clone()
}

#[tokio::test]
async fn a_host_listens_says_why_it_is_not_ready_and_serves_once_the_service_answers() {
    let service = Arc::new(S3Service::start());
    let server = without(&service, &["--s3-wait"]);
    assert_eq!(ask(&server, "/livez").await.0, 200);
    let (status, line) = ask(&server, "/readyz").await;
    assert_eq!(status, 503);
    assert!(line.starts_with("waiting for the store: "), "{line}");
    assert_eq!(engine(&server).await, "s3, not open yet");
    for request in [
        server.get("/v1/public/files/f"),
        server.put("/v1/public/files/f", "1"),
        server.delete("/v1/public/files/f"),
        server.get("/v1/public/files"),
    ] {
        let answer = request.send().await.unwrap();
        assert!(answer.headers().contains_key("retry-after"));
        assert_problem(answer, 503, "unavailable").await;
    }
    eventually("it is logged", || {
        server.log().contains("waiting for the S3 service")
    });
    let reached = |(_, line): &(u16, String)| line.contains("cannot be reached");
    until(&server, "/readyz", reached).await;

    service.recover();
    let ready = until(&server, "/readyz", |(status, _)| *status == 200).await;
    assert_eq!(ready.1, "ready\n");
    assert_eq!(put(&server, "f", b"1").await, 201);
    assert_eq!(engine(&server).await, "s3");
    assert_eq!(server.stop(), Some(0));
}

#[tokio::test]
async fn what_waiting_does_not_mend_ends_the_host() {
    let service = Arc::new(S3Service::start());
    let (code, line) = ended(&service, &["--s3-wait"], "wrong", &[]);
    assert_eq!(code, Some(1));
    assert!(line.contains("rejected the credentials"), "{line}");

    // Also once it listens.
    let page = Fault::Answer(404, vec![], "<html>nothing here</html>".to_owned());
    for (fault, expected) in [
        (
            Fault::Status(403, "AccessDenied"),
            "S3 denied s3:ListBucket",
        ),
        (page, "not an answer of S3"),
    ] {
        let server = without(&service, &["--s3-wait", "1h"]);
        service.recover();
        service.fail("", usize::MAX, fault);
        let (log, code) = server.ended();
        assert_eq!(code, Some(1));
        let last = log.lines().last().unwrap_or_default();
        assert!(last.contains(expected), "{last}");
        service.recover();
    }
}

#[test]
fn the_time_to_wait_is_limited() {
    let service = S3Service::start();
    service.fail("", usize::MAX, Fault::Closed);
    for (flags, variable) in [
        (&["--s3-wait", "1ms"][..], &[][..]),
        (&[], &[("COFFER_S3_WAIT", "1ms")]),
    ] {
        let (code, line) = ended(&service, flags, SECRET, variable);
        assert_eq!(code, Some(1));
        assert!(line.contains("cannot be reached"), "{line}");
    }
    let (code, line) = ended(&service, &["--s3-wait", "long"], SECRET, &[]);
    assert_eq!(code, Some(2));
    assert!(line.contains("or forever"), "{line}");
}

#[test]
fn a_host_that_waits_stops_when_told_to() {
    let service = Arc::new(S3Service::start());
    let server = without(&service, &["--s3-wait", "forever"]);
    assert_eq!(server.stop(), Some(0));
}
