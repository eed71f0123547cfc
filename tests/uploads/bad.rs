//! Bad input: each its status by the protocol, and nothing stored.

use reqwest::Method;

use super::{Tus, metadata};
use crate::support::{Setup, assert_problem, files_below, json_of};

const OFFSET_TYPE: (&str, &str) = ("content-type", "application/offset+octet-stream");

#[tokio::test]
async fn a_creation_with_a_wrong_field_begins_nothing() {
    let server = Setup::public_only().start();
    let named = metadata(&[("filename", "a")]);
    let named = ("upload-metadata", named.as_str());
    let one = ("upload-length", "1");
    let huge = "x".repeat(9000);
    for (fields, status) in [
        (&[named][..], 400),
        (&[named, ("upload-length", "-1")], 400),
        (&[named, ("upload-length", "1e3")], 400),
        (&[named, ("upload-length", "99999999999999999999")], 400),
        (&[named, one, one], 400),
        (&[named, one, ("upload-defer-length", "1")], 400),
        (&[named, ("upload-defer-length", "2")], 400),
        (&[named, ("upload-length", "18446744073709551615")], 413),
        (&[named, ("upload-length", "5368709121")], 413),
        (&[named, one, ("upload-concat", "partial")], 400),
        (&[named, one, ("upload-checksum", "md5 AA==")], 400),
        (&[one], 400),
        (&[one, named, named], 400),
        (&[one, ("upload-metadata", "filename")], 400),
        (&[one, ("upload-metadata", "filename !!")], 400),
        (
            &[one, ("upload-metadata", "filename YQ==,filename YQ==")],
            400,
        ),
        (&[one, ("upload-metadata", &huge)], 400),
    ] {
        let request = server.post("/v1/public/uploads");
        let mut request = request.header("tus-resumable", "1.0.0");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{fields:?}");
        assert_eq!(answer.headers()["tus-resumable"], "1.0.0");
    }
    for version in ["0.2.2", "1.0", ""] {
        let request = server.post("/v1/public/uploads");
        let request = request.header("tus-resumable", version);
        let answer = request.header("upload-length", 1).send().await.unwrap();
        assert_eq!(answer.headers()["tus-version"], "1.0.0");
        assert_problem(answer, 412, "precondition-failed").await;
    }
    let neither = server.post("/v1/public/uploads").send().await.unwrap();
    assert_problem(neither, 400, "invalid-request").await;
    let list = json_of(server.get("/v1/public/files")).await;
    assert_eq!(list["files"].as_array().unwrap().len(), 0);
    assert!(files_below(&server.data_dir().join("blobs")).is_empty());
}

#[tokio::test]
async fn an_append_with_a_wrong_field_changes_nothing() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let upload = tus.create("public", "a", 10).await;
    tus.append(&upload, 0, b"abc").await;
    let at = ("upload-offset", "3");
    for (fields, status) in [
        (&[OFFSET_TYPE][..], 400),
        (&[at], 415),
        (&[at, ("content-type", "application/octet-stream")], 415),
        (&[at, at, OFFSET_TYPE], 400),
        (&[at, OFFSET_TYPE, OFFSET_TYPE], 400),
        (&[OFFSET_TYPE, ("upload-offset", "-3")], 400),
        (&[OFFSET_TYPE, ("upload-offset", "x")], 400),
        (
            &[OFFSET_TYPE, ("upload-offset", "99999999999999999999")],
            400,
        ),
        (
            &[OFFSET_TYPE, ("upload-offset", "18446744073709551615")],
            409,
        ),
        (&[OFFSET_TYPE, ("upload-offset", "0")], 409),
        (&[OFFSET_TYPE, ("upload-offset", "4")], 409),
        (&[OFFSET_TYPE, at, ("upload-length", "11")], 400),
        (&[OFFSET_TYPE, at, ("upload-checksum", "sha1")], 400),
        (&[OFFSET_TYPE, at, ("upload-checksum", "md5 AA==")], 400),
    ] {
        let request = server.request(Method::PATCH, &upload);
        let mut request = request.header("tus-resumable", "1.0.0").body("defg");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{fields:?}");
        assert_eq!(tus.offset(&upload).await, Ok(3), "{fields:?}");
    }
    // Without the version, what was meant is said.
    let unspoken = server.request(Method::PATCH, &upload);
    let unspoken = unspoken.header(OFFSET_TYPE.0, OFFSET_TYPE.1);
    let unspoken = unspoken.header("upload-offset", 3).body("x");
    assert_problem(unspoken.send().await.unwrap(), 412, "precondition-failed").await;

    let longer = tus.patch(&upload, 3, "defghijk").send().await.unwrap();
    assert_problem(longer, 413, "too-large").await;
    let pieces = ["defg", "hijk"].map(|piece| Ok::<_, std::io::Error>(piece.as_bytes()));
    let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let longer = tus.patch(&upload, 3, chunked).send().await.unwrap();
    assert_problem(longer, 413, "too-large").await;
    assert_eq!(tus.offset(&upload).await, Ok(3));
    assert_eq!(tus.append(&upload, 3, b"defghij").await, 10);
}

#[tokio::test]
async fn a_complete_upload_takes_no_more() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let upload = tus.create("public", "a", 3).await;
    tus.append(&upload, 0, b"abc").await;
    // The client did not get the answer.
    let again = tus.patch(&upload, 3, "").send().await.unwrap();
    assert_eq!(again.status(), 204);
    let more = tus.patch(&upload, 3, "d").send().await.unwrap();
    assert_problem(more, 413, "too-large").await;
    let over = tus.patch(&upload, 0, "abc").send().await.unwrap();
    assert_eq!(over.status(), 409);
    assert_eq!(over.headers()["upload-offset"], "3");
}

#[tokio::test]
async fn an_id_that_is_none_is_not_found() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let long = "x".repeat(300);
    for id in ["x", "%2e%2e", "..%2f", "a%00b", "%FF", &long] {
        let path = format!("/v1/public/uploads/{id}");
        assert_eq!(tus.offset(&path).await, Err(404), "{id}");
        let patched = tus.patch(&path, 0, "x").send().await.unwrap();
        assert_eq!(patched.status(), 404, "{id}");
    }
}
