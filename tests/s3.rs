//! The S3 engine over HTTP, on an in-memory service: what only this engine does, and then
//! the other modules' tests again.

mod credentials;
mod fields;
mod metrics;
mod mock;
mod network;
mod permanent;
mod proxy;
mod redirect;
mod refused;
mod resumable;
mod tls;
mod wait;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use crate::support::s3_service::{Fault, Knows, S3Service};
use crate::support::{
    BUCKET, COFFER, Connection, RequestBuilder, Server, Setup, assert_problem, client, content,
    eventually, json_of,
};

fn on(service: &Arc<S3Service>) -> Server {
    Setup::public_only().s3(service).start()
}

async fn put(server: &Server, name: &str, bytes: &[u8]) -> StatusCode {
    let path = format!("/v1/public/files/{name}");
    let answer = server.put(&path, bytes.to_vec()).send().await.unwrap();
    answer.status()
}

async fn get(server: &Server, name: &str) -> (StatusCode, Vec<u8>) {
    let path = format!("/v1/public/files/{name}");
    let answer = server.get(&path).send().await.unwrap();
    (answer.status(), answer.bytes().await.unwrap().to_vec())
}

/// A request of each kind, all of which need the service.
fn each_request(server: &Server) -> [RequestBuilder; 5] {
    [
        server.get("/v1/public/files/f"),
        server.put("/v1/public/files/f", "2"),
        server.put("/v1/public/files/g", content(1, 9 << 20)),
        server.delete("/v1/public/files/f"),
        server.get("/v1/public/files"),
    ]
}

#[tokio::test]
async fn two_hosts_on_one_bucket_read_each_others_writes_at_once() {
    let service = Arc::new(S3Service::start());
    let (one, other) = (on(&service), on(&service));
    for (round, size) in [0, 10, 1 << 20, 9 << 20].into_iter().enumerate() {
        let bytes = content(round as u64, size);
        assert_eq!(
            put(&one, "f", &bytes).await,
            if round == 0 { 201 } else { 200 }
        );
        assert!(get(&other, "f").await == (StatusCode::OK, bytes));
    }
    let gone = other.delete("/v1/public/files/f").send().await.unwrap();
    assert_eq!(gone.status(), 204);
    assert_eq!(get(&one, "f").await.0, 404);
    assert!(service.objects(BUCKET).is_empty());
}

#[tokio::test]
async fn staging_and_production_run_on_it_with_a_link_secret_and_no_data_directory() {
    for env in ["staging", "production"] {
        let service = Arc::new(S3Service::start());
        let server = Setup::public_only()
            .s3(&service)
            .env("COFFER_ENV", env)
            .args(&["--s3-prefix", "here", "--s3-conditional", "require"])
            .start();
        assert_eq!(put(&server, "f", b"1").await, 201);
        assert_eq!(service.objects(BUCKET), ["here/public/f"]);
        assert!(!server.data_dir().exists());
        assert_eq!(server.stop(), Some(0));
    }
}

#[tokio::test]
async fn a_form_of_files_of_all_sizes_is_stored_whole() {
    let service = Arc::new(S3Service::start());
    let server = on(&service);
    let sizes = [0, 1000, 300_000, 5 << 20, 9 << 20];
    let mut form = Form::new();
    for (place, size) in sizes.into_iter().enumerate() {
        let part = Part::bytes(content(place as u64, size)).file_name(format!("f{place}"));
        form = form.part("file", part);
    }
    let answer = json_of(server.post("/v1/public/files").multipart(form)).await;
    assert_eq!(
        answer["files"].as_array().map(Vec::len),
        Some(5),
        "{answer}"
    );
    let list: Value = json_of(server.get("/v1/public/files")).await;
    for (place, size) in sizes.into_iter().enumerate() {
        assert!(get(&server, &format!("f{place}")).await.1 == content(place as u64, size));
        for field in ["name", "size", "etag"] {
            assert_eq!(list["files"][place][field], answer["files"][place][field]);
        }
    }
    assert_eq!(service.unfinished(), 0);
}

#[tokio::test]
async fn an_upload_that_is_cut_off_leaves_no_object_and_no_part() {
    let service = Arc::new(S3Service::start());
    let server = on(&service);
    let bytes = content(1, 20 << 20);
    for path in ["/v1/public/files/f", "/v1/public/files/g"] {
        let mut client = Connection::open(server.address());
        let length = bytes.len() + 1;
        client.send(format!(
            "PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        ));
        client.send(&bytes);
        eventually("parts are being uploaded", || service.unfinished() > 0);
        drop(client);
        eventually("the upload is aborted", || service.unfinished() == 0);
    }
    assert!(service.objects(BUCKET).is_empty());
    // A shutdown waits for the cleanup.
    let mut client = Connection::open(server.address());
    client.send(
        "PUT /v1/public/files/f HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n",
    );
    client.send(&bytes);
    eventually("parts are being uploaded", || service.unfinished() > 0);
    server.terminate();
    drop(client);
    assert_eq!(server.ended().1, Some(0));
    assert_eq!(service.unfinished(), 0);
}

#[tokio::test]
async fn a_service_that_is_down_is_503_until_it_is_back() {
    let service = Arc::new(S3Service::start());
    let server = on(&service);
    assert_eq!(put(&server, "f", b"1").await, 201);
    for fault in [Fault::Closed, Fault::Status(503, "SlowDown")] {
        service.fail("", usize::MAX, fault);
        for request in each_request(&server) {
            let answer = request.send().await.unwrap();
            assert!(answer.headers().contains_key("retry-after"));
            assert_problem(answer, 503, "unavailable").await;
        }
        service.recover();
        assert_eq!(get(&server, "f").await, (StatusCode::OK, b"1".to_vec()));
        assert_eq!(put(&server, "f", b"1").await, 200);
    }
}

#[tokio::test]
async fn quota_and_size_are_507_and_413() {
    let service = Arc::new(S3Service::start());
    let server = on(&service);
    for (code, status, kind) in [
        ("QuotaExceeded", 507, "no-space"),
        ("EntityTooLarge", 413, "too-large"),
    ] {
        service.fail("PUT /coffer/public/f", 1, Fault::Status(403, code));
        let answer = server.put("/v1/public/files/f", "1").send().await.unwrap();
        assert_problem(answer, status, kind).await;
    }
}

#[tokio::test]
async fn a_download_that_breaks_at_the_service_is_resumed_or_cut_off() {
    let service = Arc::new(S3Service::start());
    let server = on(&service);
    let bytes = content(1, 5 << 20);
    put(&server, "f", &bytes).await;
    service.fail("GET /coffer/public/f", 2, Fault::Torn(1 << 20));
    assert!(get(&server, "f").await.1 == bytes);

    service.fail("GET /coffer/public/f", 1, Fault::Torn(1 << 20));
    service.fail(
        "GET /coffer/public/f",
        usize::MAX,
        Fault::Status(403, "AccessDenied"),
    );
    let answer = server.get("/v1/public/files/f").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.expect_err("broken off");
}

#[tokio::test]
async fn conditions_that_a_service_ignores_are_warned_about_or_refused() {
    let service = Arc::new(S3Service::that(Knows::ceph()));
    let server = on(&service);
    eventually("it is logged", || {
        let log = server.log();
        log.contains("WARN")
            && log
                .contains("does not evaluate If-None-Match and If-Match on CompleteMultipartUpload")
    });
    let status = format!("{}/component", server.operations);
    let status: Value = json_of(client().get(status)).await;
    let uploads = "If-None-Match and If-Match on CompleteMultipartUpload";
    let all = format!("{uploads} and CopyObject, If-Match on DeleteObject");
    assert_eq!(status["engine"], format!("s3; best effort: {all}"));
    assert_eq!(put(&server, "f", b"1").await, 201);
    let again = server
        .put("/v1/public/files/f", "2")
        .header("if-none-match", "*");
    assert_problem(again.send().await.unwrap(), 412, "precondition-failed").await;

    let refused = refusal(
        &service,
        &["--s3-conditional", "require"],
        "coffer-test-secret",
    );
    assert!(refused.contains("--s3-conditional=require"), "{refused}");
    assert!(refused.contains(&format!("{uploads};")), "{refused}");
}

#[tokio::test]
async fn a_start_that_cannot_work_is_refused_in_one_line() {
    let service = Arc::new(S3Service::start());
    let secret = "coffer-test-secret";
    for (args, key, expected) in [
        (&[][..], "wrong", "AWS_SECRET_ACCESS_KEY"),
        (&["--s3-bucket", ""], secret, "needs --s3-bucket"),
        (&["--s3-endpoint", "127.0.0.1:1"], secret, "--s3-endpoint"),
        (&["--s3-prefix", "/"], secret, "--s3-prefix"),
        (&["--s3-memory", "1 MiB"], secret, "--s3-memory"),
    ] {
        let line = refusal(&service, args, key);
        assert!(line.contains(expected), "{args:?}: {line}");
        assert_eq!(line.trim().lines().count(), 1, "{args:?}: {line}");
    }
}

#[test]
fn only_the_s3_engine_can_redirect_clients() {
    let output = Command::new(COFFER)
        .args(["serve", "--listen", "127.0.0.1:0", "--engine", "local"])
        .args(["--s3-redirect", "--log", "error"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(line.contains("--s3-redirect"), "{line}");
    assert_eq!(line.trim().lines().count(), 1, "{line}");
}

/// What a start with these flags ends with.
fn refusal(service: &S3Service, args: &[&str], secret_key: &str) -> String {
    let (code, said) = ended(service, args, secret_key, &[]);
    assert_eq!(code, Some(1));
    said
}

/// The exit code of a start with these flags and variables, and what it logs; it does not listen.
fn ended(
    service: &S3Service,
    args: &[&str],
    secret_key: &str,
    variables: &[(&str, &str)],
) -> (Option<i32>, String) {
    let folder = tempfile::TempDir::new().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, [b'7'; 32]).unwrap();
    let mut child = Command::new(COFFER)
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "error"])
        .args(["--engine", "s3", "--s3-path-style", "--link-secret-file"])
        .arg(secret)
        .args(args)
        .env("COFFER_S3_BUCKET", BUCKET)
        .env("COFFER_S3_ENDPOINT", service.url())
        .env("AWS_ACCESS_KEY_ID", "coffer-test")
        .env("AWS_SECRET_ACCESS_KEY", secret_key)
        .env("AWS_REGION", "us-east-1")
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    if !line.is_empty() {
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(line, "", "{args:?} {variables:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[tokio::test]
async fn many_large_uploads_at_once_stay_within_the_configured_memory() {
    let service = Arc::new(S3Service::that(Knows {
        parts: false,
        ..Knows::default()
    }));
    let server = Setup::public_only()
        .s3(&service)
        .args(&["--s3-memory", "64 MiB"])
        .start();
    let (before, _) = server.resident_mib();
    let bytes = bytes::Bytes::from(content(1, 24 << 20));
    let uploads = (0..32).map(|number| {
        let path = format!("/v1/public/files/f{number}");
        server.put(&path, bytes.clone()).send()
    });
    for answer in futures_util::future::join_all(uploads).await {
        assert_eq!(answer.unwrap().status(), 201);
    }
    // The rest is for the sandboxes and connections of 32 requests.
    let (_, most) = server.resident_mib();
    assert!(most < before + 64 + 128, "{before} MiB, then {most} MiB");
}

/// Modules whose tests hold on S3 too.
const HOLD: &[&str] = &[
    "access::",
    "conditions::",
    "copy::",
    "delete::",
    "delete_many::",
    "download::",
    "list::",
    "metadata::",
    "names::",
    "upload::a_refusal_does_not_wait_for_the_body",
    "uploads::bad::",
    "uploads::ietf::",
    "uploads::isolation::",
    "uploads::link::",
    "uploads::once::",
    "uploads::policy::",
    "uploads::tus::",
];

/// Of those, the tests that look at the data directory, or at a tag that differs
/// although the bytes are the same.
const DO_NOT: &[&str] = &[
    "a_copy_is_fresh_until_the_file_is_replaced",
    "a_deleted_file_is_gone_at_once_and_its_bytes_soon",
    "no_name_appears_in_any_path_and_nothing_is_outside_the_data_directory",
    "a_creation_whose_line_breaks_leaves_nothing",
    // A module of another's that is called `copy` too.
    "maintenance::",
];

#[test]
fn the_tests_of_other_modules_hold_on_the_s3_engine() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(HOLD)
        .args(DO_NOT.iter().flat_map(|name| ["--skip", name]))
        .env("COFFER_TEST_ENGINE", "s3")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}
