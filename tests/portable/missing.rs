//! Missing settings turn every request into a 500, and the log says which.

use reqwest::Response;
use serde_json::Value;

use crate::support::{Platform, Setup, Store, eventually};

async fn assert_internal(response: Response) {
    assert_eq!(response.status(), 500);
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["type"], "/problems/internal");
}

#[tokio::test]
async fn a_missing_setting_is_an_internal_error_and_named_in_the_log() {
    for (store, names) in [
        (Store::Filesystem, "COFFER_DATA_DIR"),
        (Store::S3, "COFFER_S3_BUCKET is not set"),
    ] {
        let server = Setup::public_only().bare(Platform::Wasmtime(store)).start();
        for request in [
            server.put("/v1/public/files/a", "x"),
            server.get("/v1/public/files/a"),
            server.head("/v1/public/files/a"),
            server.get("/v1/public/files"),
            server.delete("/v1/public/files/a"),
        ] {
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 500);
        }
        let response = server.get("/v1/public/files/a").send().await.unwrap();
        assert_internal(response).await;
        eventually("it is in the log", || {
            let log = server.log();
            log.contains("misconfigured: ") && log.contains(names)
        });
        assert!(!server.log().contains("trap"), "{}", server.log());
    }
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_is_an_internal_error_with_its_line_in_the_log() {
    let setup = Setup::policy("[public]\nread = \"everybody\"\n");
    let server = setup.on(Platform::Wasmtime(Store::Filesystem)).start();
    let response = server.get("/v1/public/files/a").send().await.unwrap();
    assert_internal(response).await;
    eventually("it is in the log", || {
        let log = server.log();
        log.contains("no request can be served") && log.contains("line 2")
    });
}
