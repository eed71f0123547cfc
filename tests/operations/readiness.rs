//! Whether requests should be sent to a host, and what its metrics say of that and of its state.

use std::fs;
use std::sync::Arc;

use reqwest::{Client, Method, StatusCode};

use super::{ask, metrics, value};
use crate::support::s3_service::{Fault, S3Service};
use crate::support::{Server, Setup, eventually, files_below};

/// Status and line of `/readyz`.
async fn readiness(server: &Server) -> (StatusCode, String) {
    let ready = ask(server, Method::GET, "/readyz").await;
    (ready.status(), ready.text().await.unwrap())
}

#[tokio::test]
async fn a_store_that_fails_or_is_silent_shows_in_readiness_metrics_and_log() {
    let service = Arc::new(S3Service::start());
    let server = Setup::public_only().s3(&service).start();
    for (fault, reason) in [
        (
            Fault::Closed,
            "the store is unavailable: S3 cannot be reached: ",
        ),
        (Fault::Mute, "the store did not respond within 2 s"),
    ] {
        let text = metrics(&server).await;
        assert_eq!(value(&text, "coffer_ready "), Some(1.0), "{text}");
        service.fail("", usize::MAX, fault);
        // On a busy machine the attempts to connect can take as long as the engine may.
        let mut last = readiness(&server).await;
        for _ in 0..30 {
            if last.1.starts_with(reason) {
                break;
            }
            last = readiness(&server).await;
        }
        assert_eq!(last.0, StatusCode::SERVICE_UNAVAILABLE);
        assert!(last.1.starts_with(reason), "{reason}: {}", last.1);
        assert_eq!(last.1.lines().count(), 1, "{}", last.1);
        let text = metrics(&server).await;
        assert_eq!(value(&text, "coffer_ready "), Some(0.0), "{text}");
        eventually(reason, || {
            let log = server.log();
            let mut lines = log.lines();
            lines.any(|line| {
                [" WARN ", "not ready", reason]
                    .iter()
                    .all(|word| line.contains(word))
            })
        });
        service.recover();
    }
    assert_eq!(
        readiness(&server).await,
        (StatusCode::OK, "ready\n".to_owned())
    );
}

#[tokio::test]
async fn a_host_that_waits_for_its_store_is_not_ready_in_the_metrics() {
    let service = Arc::new(S3Service::start());
    service.fail("", usize::MAX, Fault::Closed);
    let server = Setup::public_only()
        .s3(&service)
        .args(&["--s3-wait"])
        .start();
    let text = metrics(&server).await;
    assert_eq!(value(&text, "coffer_ready "), Some(0.0), "{text}");
}

#[tokio::test]
async fn a_refused_change_shows_in_the_metrics_until_one_is_accepted() {
    let policy = "[public]\ncreate = \"anyone\"\n";
    let server = Setup::policy(policy)
        .args(&["--watch-interval", "0s"])
        .start();
    let refused = "coffer_component_change_refused ";
    for (document, status, gauge) in [
        (policy, 200, 0.0),
        ("[public]\nreed = 1\n", 422, 1.0),
        // The one that is in force all the time.
        (policy, 200, 0.0),
        ("[public]\nread = \"sombody\"\n", 422, 1.0),
        ("[public]\ncreate = \"nobody\"\n", 200, 0.0),
    ] {
        fs::write(server.policy_file(), document).unwrap();
        let reload = ask(&server, Method::POST, "/component/reload").await;
        assert_eq!(reload.status(), status, "{document}");
        let text = metrics(&server).await;
        assert_eq!(value(&text, refused), Some(gauge), "{document}\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_server_is_not_ready() {
    let server = Setup::public_only()
        .args(&["--shutdown-timeout", "30s"])
        .start();
    // A request in progress keeps it from ending.
    let (sender, body) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let body = reqwest::Body::wrap_stream(futures_util::stream::unfold(body, async |mut body| {
        body.recv().await.map(|chunk| (chunk, body))
    }));
    let upload = tokio::spawn(server.put("/v1/public/files/a", body).send());
    sender.send(Ok(b"begun".to_vec())).await.unwrap();
    let metrics_url = format!("{}/metrics", server.operations);
    let under_way = || {
        let text = blocking_get(&metrics_url);
        value(&text, "coffer_received_bytes_total") == Some(5.0)
    };
    tokio::task::block_in_place(|| eventually("the upload has begun", under_way));
    server.terminate();
    let url = format!("{}/readyz", server.operations);
    tokio::task::block_in_place(|| {
        eventually("it drains", || blocking_get(&url).contains("draining"));
    });
    drop(sender);
    assert_eq!(upload.await.unwrap().unwrap().status(), 201);
    assert_eq!(server.stop(), Some(0));
}

#[tokio::test]
async fn damaged_files_show_in_readiness_and_metrics_and_others_are_served() {
    let server = Setup::public_only().start();
    for name in ["short", "gone", "whole"] {
        let put = server.put(&format!("/v1/public/files/{name}"), vec![b'x'; 10_000]);
        assert_eq!(put.send().await.unwrap().status(), 201);
        let blobs = files_below(&server.data_dir().join("blobs"));
        match (name, blobs.iter().find(|(_, size)| *size == 10_000)) {
            ("short", Some((blob, _))) => std::fs::write(blob, "x").unwrap(),
            ("gone", Some((blob, _))) => std::fs::remove_file(blob).unwrap(),
            (_, blob) => assert!(name == "whole" && blob.is_some()),
        }
    }
    for (name, status) in [("whole", 200), ("short", 503), ("gone", 503), ("gone", 503)] {
        let get = server.get(&format!("/v1/public/files/{name}"));
        assert_eq!(get.send().await.unwrap().status(), status, "{name}");
    }
    let ready = ask(&server, Method::GET, "/readyz").await;
    assert_eq!(ready.status(), 200);
    let text = ready.text().await.unwrap();
    let expected = "ready; 2 damaged files found since the start, see the log\n";
    assert_eq!(text, expected);
    let metrics = metrics(&server).await;
    assert_eq!(
        value(&metrics, "coffer_damaged_files "),
        Some(2.0),
        "{metrics}"
    );
}

fn blocking_get(url: &str) -> String {
    let get = async { Client::new().get(url).send().await?.text().await };
    tokio::runtime::Handle::current().block_on(get).unwrap()
}
