//! Bad input: each its status by the protocol, and nothing stored.

use reqwest::Method;

use super::{Tus, metadata, number, path_of};
use crate::support::{RequestBuilder, Setup, assert_problem, eventually, files_below, json_of};

const OFFSET_TYPE: (&str, &str) = ("content-type", "application/offset+octet-stream");

fn with_fields(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let mut request = request;
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request
}

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
        (&[named, ("upload-length", "+1")], 400),
        (&[named, ("upload-length", "")], 400),
        (&[named, ("upload-length", "99999999999999999999")], 400),
        (&[named, one, one], 400),
        (&[named, one, ("upload-defer-length", "1")], 400),
        (&[named, ("upload-defer-length", "2")], 400),
        (
            &[
                named,
                ("upload-defer-length", "1"),
                ("upload-defer-length", "1"),
            ],
            400,
        ),
        (&[named, ("upload-length", "18446744073709551615")], 413),
        (&[named, ("upload-length", "5368709121")], 413),
        (&[named, one, ("upload-concat", "partial")], 400),
        (&[named, one, ("upload-concat", "final;/a /b")], 400),
        (&[named, one, ("upload-checksum", "md5 AA==")], 400),
        (&[named, one, ("upload-checksum", "sha1 AA==")], 400),
        (&[named, one, ("upload-checksum", "sha256")], 400),
        (&[one], 400),
        (&[one, named, named], 400),
        (&[one, ("upload-metadata", "filename")], 400),
        (&[one, ("upload-metadata", "filename !!")], 400),
        (&[one, ("upload-metadata", "filename YQ==,")], 400),
        (&[one, ("upload-metadata", " YQ==")], 400),
        (&[one, ("upload-metadata", "filename /w==")], 400),
        (
            &[one, ("upload-metadata", "filename YQ==,replace eWVz")],
            400,
        ),
        (&[one, ("upload-metadata", "filename YQ==,Key YQ==")], 400),
        (
            &[one, ("upload-metadata", "filename YQ==,filename YQ==")],
            400,
        ),
        (&[one, ("upload-metadata", &huge)], 400),
    ] {
        let request = server.post("/v1/public/uploads");
        let request = with_fields(request.header("tus-resumable", "1.0.0"), fields);
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
    let twice = server.post("/v1/public/uploads");
    let twice = twice
        .header("tus-resumable", "1.0.0")
        .header("tus-resumable", "1.0.0");
    assert_problem(twice.send().await.unwrap(), 412, "precondition-failed").await;
    let neither = server.post("/v1/public/uploads").send().await.unwrap();
    assert_problem(neither, 400, "invalid-request").await;
    let other = server.post("/v1/public/uploads").body("x");
    let other = other.header("tus-resumable", "1.0.0");
    let other = other
        .header(named.0, named.1)
        .header(one.0, one.1)
        .header("content-type", "image/png");
    assert_problem(other.send().await.unwrap(), 415, "unsupported-media-type").await;
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
        (&[OFFSET_TYPE, at, ("upload-length", "-1")], 400),
        (&[OFFSET_TYPE, at, ("upload-checksum", "sha1")], 400),
        (&[OFFSET_TYPE, at, ("upload-checksum", "md5 AA==")], 400),
        (&[OFFSET_TYPE, at, ("content-encoding", "gzip")], 415),
        (&[OFFSET_TYPE, at, ("content-range", "bytes 3-6/10")], 400),
    ] {
        let request = server.request(Method::PATCH, &upload);
        let request = request.header("tus-resumable", "1.0.0").body("defg");
        let request = with_fields(request, fields);
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
    let pieces = || futures_util::stream::iter([Ok::<_, std::io::Error>("d")]);
    for body in ["d".into(), reqwest::Body::wrap_stream(pieces())] {
        let more = tus.patch(&upload, 3, body).send().await.unwrap();
        assert_problem(more, 413, "too-large").await;
    }
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

#[tokio::test]
async fn another_version_of_tus_is_refused_in_every_method() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let upload = tus.create("public", "a", 3).await;
    for method in ["HEAD", "GET", "PATCH", "DELETE"] {
        for version in ["0.2.2", "2.0.0", ""] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let request = server.request(method.clone(), &upload).body("abc");
            let answer = request
                .header("tus-resumable", version)
                .header("upload-offset", 0)
                .header(OFFSET_TYPE.0, OFFSET_TYPE.1)
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 412, "{method} {version:?}");
            assert_eq!(answer.headers()["tus-version"], "1.0.0");
        }
    }
    assert_eq!(tus.offset(&upload).await, Ok(0));
}

#[tokio::test]
async fn only_a_post_to_an_upload_can_mean_another_method() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let upload = tus.create("public", "a", 3).await;
    for meant in ["GET", "PUT", "OPTIONS", "", "DELETE, HEAD"] {
        let request = tus.request(Method::POST, &upload);
        let request = request.header("x-http-method-override", meant);
        let refused = request.send().await.unwrap();
        assert_eq!(refused.status(), 405, "{meant}");
        let allowed = refused.headers()["allow"].to_str().unwrap();
        assert_eq!(allowed, "GET, HEAD, PATCH, DELETE, OPTIONS");
    }
    // Without the version it is not tus'.
    let request = server.post(&upload);
    let request = request.header("x-http-method-override", "DELETE");
    assert_eq!(request.send().await.unwrap().status(), 405);
    assert_eq!(tus.offset(&upload).await, Ok(0));
}

#[tokio::test]
async fn a_part_with_a_wrong_field_begins_nothing() {
    let server = Setup::public_only().start();
    let part = ("upload-complete", "?0");
    let named = ("content-disposition", "inline; filename=a");
    for (fields, status) in [
        (&[part, part, named][..], 400),
        (&[part, named, named], 400),
        (&[part], 400),
        (&[part, ("content-disposition", "inline; filename=..")], 400),
        (&[part, named, ("upload-length", "-1")], 400),
        (&[part, named, ("upload-length", "x")], 400),
        // The largest number of structured fields has 15 digits.
        (&[part, named, ("upload-length", "1000000000000000")], 400),
        (&[part, named, ("upload-length", "999999999999999")], 413),
        (&[part, named, ("upload-length", "3")], 413),
        (&[part, named, ("upload-draft-interop-version", "8.0")], 400),
        (&[part, named, ("upload-draft-interop-version", "-3")], 400),
        (&[part, named, ("content-digest", "sha-256=:AA==:")], 400),
        (&[part, named, ("content-type", "multipart/form-data")], 415),
        (&[part, named, ("content-encoding", "gzip")], 415),
        (&[part, named, ("content-range", "bytes 0-3/9")], 400),
        (
            &[("upload-complete", "?1"), named, ("upload-length", "5")],
            400,
        ),
    ] {
        let request = server.post("/v1/public/uploads").body("abcd");
        let request = with_fields(request, fields);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{fields:?}");
        assert!(!answer.headers().contains_key("location"), "{fields:?}");
    }
    let list = json_of(server.get("/v1/public/files")).await;
    assert_eq!(list["files"].as_array().unwrap().len(), 0);
    assert!(files_below(&server.data_dir().join("blobs")).is_empty());
}

#[tokio::test]
async fn a_part_that_is_appended_with_a_wrong_field_changes_nothing() {
    const TYPE: (&str, &str) = ("content-type", "application/partial-upload");
    let server = Setup::public_only().start();
    let begun = server.put("/v1/public/files/a", "abc");
    let begun = begun.header("upload-complete", "?0").send().await.unwrap();
    let upload = path_of(&server, &begun);
    let (at, more) = (("upload-offset", "3"), ("upload-complete", "?0"));
    for (fields, status) in [
        (&[TYPE, more][..], 400),
        (&[TYPE, at], 400),
        (&[at, more], 415),
        (&[("content-type", "text/plain"), at, more], 415),
        (&[TYPE, at, at, more], 400),
        (&[TYPE, at, more, more], 400),
        (&[TYPE, at, ("upload-complete", "1")], 400),
        (&[TYPE, more, ("upload-offset", "-3")], 400),
        (&[TYPE, more, ("upload-offset", "3.0")], 400),
        (&[TYPE, more, ("upload-offset", "\"3\"")], 400),
        (
            &[TYPE, more, ("upload-offset", "18446744073709551616")],
            400,
        ),
        (&[TYPE, more, ("upload-offset", "999999999999999")], 409),
        (&[TYPE, more, ("upload-offset", "2")], 409),
        (&[TYPE, at, more, ("upload-length", "2")], 400),
        (&[TYPE, at, more, ("upload-length", "-1")], 400),
        (&[TYPE, at, more, ("content-digest", "sha-256=:AA==:")], 400),
        (
            &[TYPE, at, more, ("upload-draft-interop-version", "9")],
            400,
        ),
    ] {
        let request = server.request(Method::PATCH, &upload).body("defg");
        let request = with_fields(request, fields);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{fields:?}");
        let looked = server.head(&upload).send().await.unwrap();
        assert_eq!(number(&looked, "upload-offset"), 3, "{fields:?}");
    }
    // Versions that forbid it.
    for (version, field) in [("3", "upload-incomplete"), ("5", "upload-complete")] {
        for method in [Method::HEAD, Method::DELETE] {
            let request = server.request(method, &upload).header(field, "?1");
            let request = request.header("upload-draft-interop-version", version);
            assert_eq!(request.send().await.unwrap().status(), 400, "{version}");
        }
    }
    let discarded = server.delete(&upload).send().await.unwrap();
    assert_eq!(discarded.status(), 204);
    let late = server.request(Method::PATCH, &upload).body("d");
    let late = late.header(TYPE.0, TYPE.1).header(at.0, at.1);
    let late = late.header("upload-complete", "?1").send().await.unwrap();
    assert_eq!(late.headers()["upload-complete"], "?0");
    assert_problem(late, 404, "not-found").await;
}

#[tokio::test]
async fn a_creation_with_a_wrong_checksum_leaves_nothing() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    // Of "hello world".
    const SHA1: &str = "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=";
    for (length, body) in [(20, "hello w0rld"), (11, "hello w0rld"), (0, "")] {
        let request = tus.request(Method::POST, "/v1/public/uploads").body(body);
        let wrong = request
            .header("upload-length", length)
            .header("upload-metadata", metadata(&[("filename", "a")]))
            .header("upload-checksum", SHA1)
            .header(OFFSET_TYPE.0, OFFSET_TYPE.1)
            .send()
            .await
            .unwrap();
        assert!(!wrong.headers().contains_key("location"));
        assert_problem(wrong, 460, "digest-mismatch").await;
    }
    let file = server.get("/v1/public/files/a").send().await.unwrap();
    assert_eq!(file.status(), 404);
    eventually("no bytes are left", || {
        files_below(&server.data_dir().join("blobs")).is_empty()
    });
}
