//! A proxy in front of the S3 service responds while that restarts.

use std::sync::Arc;

use reqwest_middleware::RequestBuilder;

use crate::support::s3_service::{Fault, S3Service};
use crate::support::{Platform, Setup, Store};

#[tokio::test]
async fn a_404_of_a_proxy_is_no_missing_file() {
    let service = Arc::new(S3Service::start());
    let platform = Platform::Wasmtime(Store::S3);
    let server = Setup::public_only().s3(&service).on(platform).start();
    let path = "/v1/public/files/f";
    let put = server.put(path, "content").send().await.unwrap();
    assert_eq!(put.status(), 201);
    let etag = put.headers()["etag"].clone();
    let current = |request: RequestBuilder| request.header("if-match", &etag);
    let page = Fault::Answer(404, vec![], "404 page not found\n".to_owned());
    service.fail("", usize::MAX, page);
    for request in [
        server.get(path),
        current(server.get(path)),
        current(server.put(path, "other")),
        current(server.delete(path)),
        server.get("/v1/public/files"),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 503);
        assert!(response.headers().contains_key("retry-after"));
    }
    let head = server.head(path).send().await.unwrap();
    assert_eq!(head.status(), 503);
    service.recover();
    // Only the response to HEAD is the proxy's.
    service.fail(
        "HEAD",
        usize::MAX,
        Fault::Answer(404, vec![], String::new()),
    );
    let got = current(server.get(path)).send().await.unwrap();
    assert_eq!(got.status(), 200);
    assert_eq!(got.text().await.unwrap(), "content");
    let missing = server.head("/v1/public/files/g").send().await.unwrap();
    assert_eq!(missing.status(), 404);
    let removed = current(server.delete(path)).send().await.unwrap();
    assert_eq!(removed.status(), 204);
}
