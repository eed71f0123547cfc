//! PUT: what is stored, and that nothing else is ever seen.

mod digest;
mod versions;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use futures_util::stream;
use reqwest::Body;
use serde_json::{Value, json};

use crate::support::{
    self, Server, assert_problem, assert_problem_parts, content, files_below, json_of, raw, store,
    token,
};

const FILE: &str = "/v1/public/files/file.bin";

/// The bytes and entity tag of a file that exists.
async fn stored(server: &Server, path: &str) -> (Vec<u8>, String) {
    support::stored(server, path).await.unwrap()
}

async fn status_of(server: &Server, path: &str) -> u16 {
    server.head(path).send().await.unwrap().status().as_u16()
}

/// The files that hold bytes, staged ones too.
fn blobs(server: &Server) -> Vec<(PathBuf, u64)> {
    files_below(&server.data_dir().join("blobs"))
}

#[tokio::test]
async fn a_file_is_created_then_replaced_and_described_exactly() {
    let server = Server::start();
    let alice = token(Some("alice"), Some("acme"), &[]);
    for (area, is_public) in [("public", true), ("user", false), ("org", false)] {
        let path = format!("/v1/{area}/files/folder/a%20b.txt");
        let url = format!("{}{path}", server.url);
        let mut before = String::new();
        for (status, body) in [
            (201, "first"),
            (200, "the second"),
            (200, ""),
            (200, "last"),
        ] {
            let earliest = SystemTime::now() - Duration::from_secs(1);
            let response = server
                .put(&path, body)
                .header("content-type", "text/x-test; charset=utf-8")
                .bearer_auth(&alice)
                .send()
                .await
                .unwrap();
            assert_eq!(response.status(), status, "{area}");
            let headers = response.headers().clone();
            assert_eq!(headers["content-type"], "application/json");
            let location = headers.get("location").map(|url| url.to_str().unwrap());
            assert_eq!(location, (status == 201).then_some(url.as_str()), "{area}");

            let mut file: Value = response.json().await.unwrap();
            let etag = file["etag"].as_str().unwrap().to_owned();
            assert_eq!(headers["etag"], etag);
            assert!(
                etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"'),
                "{etag}"
            );
            assert_ne!(etag, before);
            let modified = file["last_modified"].take();
            let modified = modified.as_str().unwrap();
            assert!(modified.ends_with('Z'), "{modified}");
            let at = humantime::parse_rfc3339(modified).unwrap();
            assert!(earliest <= at && at <= SystemTime::now(), "{modified}");
            let mut expected = json!({
                "name": "folder/a b.txt",
                "size": body.len(),
                "content_type": "text/x-test; charset=utf-8",
                "etag": etag,
                "last_modified": null,
                "metadata": {},
            });
            if is_public {
                expected["public_url"] = json!(url);
                let version = etag.trim_matches('"');
                expected["versioned_url"] = json!(format!("{url}?v=etag-{version}"));
            }
            assert_eq!(file, expected, "{area}");

            // The very next request reads it back.
            let response = server.get(&path).bearer_auth(&alice).send().await.unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["etag"], etag);
            assert_eq!(
                response.headers()["content-type"],
                "text/x-test; charset=utf-8"
            );
            assert_eq!(response.text().await.unwrap(), body);
            before = etag;
        }
    }
}

#[tokio::test]
async fn bytes_arrive_as_they_were_sent_with_and_without_a_length() {
    let server = Server::shared();
    for (index, length) in [0, 1, 4095, 65_536, 524_288, 524_289, 5_000_001]
        .into_iter()
        .enumerate()
    {
        let path = format!("/v1/public/files/lengths/{length}");
        let sent = content(index as u64, length);
        let response = server.put(&path, sent.clone()).send().await.unwrap();
        assert_eq!(response.status(), 201, "{length}");
        assert!(stored(&server, &path).await.0 == sent, "{length}");

        let sent = content(index as u64 + 100, length);
        let pieces: Vec<_> = sent
            .chunks(10_007)
            .map(<[u8]>::to_vec)
            .map(Ok::<_, std::io::Error>)
            .collect();
        let body = Body::wrap_stream(stream::iter(pieces));
        let response = server.put(&path, body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{length}");
        let file: Value = response.json().await.unwrap();
        assert_eq!(file["size"], length);
        assert!(stored(&server, &path).await.0 == sent, "{length}");
    }
}

#[tokio::test]
async fn a_type_is_stored_as_given_else_guessed_from_the_name() {
    let server = Server::shared();
    let path = "/v1/public/files/put-invalid-type";
    for (name, given, expected) in [
        ("a.png", None, "image/png"),
        ("a.JPG", None, "image/jpeg"),
        ("folder.html/a.pdf", None, "application/pdf"),
        ("folder.html/a", None, "application/octet-stream"),
        ("a.txt", None, "text/plain"),
        ("a.html", None, "text/html"),
        ("a.mp4", None, "video/mp4"),
        ("a.m4a", None, "audio/mp4"),
        ("a.ts", None, "video/mp2t"),
        ("a.mjs", None, "text/javascript"),
        ("a.usdz", None, "model/vnd.usdz+zip"),
        ("a.no-such-type", None, "application/octet-stream"),
        ("png", None, "application/octet-stream"),
        ("a.", None, "application/octet-stream"),
        ("b.png", Some("text/plain"), "text/plain"),
        (
            "b.txt",
            Some("application/vnd.api+json; profile=\"x;y\""),
            "application/vnd.api+json; profile=\"x;y\"",
        ),
        (
            "c",
            Some("TEXT/Plain;charset=UTF-8"),
            "TEXT/Plain;charset=UTF-8",
        ),
        // What libraries send by default.
        ("d.jpg", Some(""), "image/jpeg"),
        (
            "e.jpg",
            Some("application/x-www-form-urlencoded"),
            "image/jpeg",
        ),
        (
            "f.jpg",
            Some("application/x-www-form-urlencoded; charset=UTF-8"),
            "image/jpeg",
        ),
        ("g.jpg", Some("Application/Octet-Stream"), "image/jpeg"),
        (
            "h",
            Some("application/x-www-form-urlencoded"),
            "application/octet-stream",
        ),
    ] {
        let path = format!("/v1/public/files/put-types/{name}");
        let mut request = server.put(&path, "x");
        if let Some(given) = given {
            request = request.header("content-type", given);
        }
        let file = json_of(request).await;
        assert_eq!(file["content_type"], expected, "{name}");
        let response = server.head(&path).send().await.unwrap();
        let served = &response.headers()["content-type"];
        if expected.starts_with("text/") && !expected.contains("charset") {
            let expected = format!("{expected}; charset=utf-8");
            assert_eq!(served, &expected, "{name}");
        } else {
            assert_eq!(served, expected, "{name}");
        }
    }
    for invalid in [
        "nonsense",
        "/",
        "text/",
        "/plain",
        "image/*",
        "*/*",
        "text/plain, text/html",
        "text plain",
        "a/b; x=é",
    ] {
        let request = server
            .put(path, "x")
            .header("content-type", invalid.as_bytes());
        assert_problem(request.send().await.unwrap(), 400, "invalid-request").await;
    }
    let twice = server
        .put(path, "x")
        .header("content-type", "text/plain")
        .header("content-type", "text/html");
    assert_problem(twice.send().await.unwrap(), 400, "invalid-request").await;
    assert_eq!(status_of(&server, path).await, 404);
}

#[tokio::test]
async fn a_form_or_a_chunk_is_not_stored_as_a_file() {
    let server = Server::shared();
    let path = "/v1/public/files/put-form.png";
    for form in [
        "multipart/form-data; boundary=b",
        "Multipart/Form-Data;boundary=b",
    ] {
        let body = "--b\r\nContent-Disposition: form-data; name=a; filename=a\r\n\r\nx\r\n--b--";
        let request = server.put(path, body).header("content-type", form);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 415, "{form}");
        let problem: Value = response.json().await.unwrap();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("POST it to /v1/public/files"), "{detail}");
    }
    let chunk = format!("{path}?resumableChunkNumber=1&resumableTotalChunks=3");
    let response = server.put(&chunk, "x").send().await.unwrap();
    assert_eq!(response.status(), 400);
    let problem: Value = response.json().await.unwrap();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("/v1/{area}/uploads"), "{detail}");
    assert_eq!(status_of(&server, path).await, 404);
}

#[tokio::test]
async fn a_part_of_a_file_is_not_stored() {
    let server = Server::shared();
    let path = "/v1/public/files/put-part";
    let current = store(&server, path, "old").await;
    for range in ["bytes 0-2/10", "bytes */10", "nonsense"] {
        for path in [path, "/v1/public/files/absent"] {
            let request = server.put(path, "new").header("content-range", range);
            assert_problem(request.send().await.unwrap(), 400, "invalid-request").await;
        }
    }
    assert_eq!(stored(&server, path).await, (b"old".to_vec(), current));
    assert_eq!(status_of(&server, "/v1/public/files/absent").await, 404);
}

#[tokio::test]
async fn encoded_content_is_refused_because_it_would_come_back_as_something_else() {
    let server = Server::shared();
    let path = "/v1/public/files/put-encoded";
    for (coding, status) in [("gzip", 415), ("br, identity", 415), ("identity", 201)] {
        let request = server
            .put(path, "content")
            .header("content-encoding", coding);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{coding}");
    }
}

#[tokio::test]
async fn a_refusal_does_not_wait_for_the_body() {
    let server = Server::shared();
    let path = "/v1/public/files/put-refused";
    let current = store(&server, path, "old").await;
    for (path, fields, status, kind) in [
        (
            path,
            "If-None-Match: *\r\n".to_owned(),
            412,
            "precondition-failed",
        ),
        (
            path,
            "If-Match: \"other\"\r\n".to_owned(),
            412,
            "precondition-failed",
        ),
        (
            path,
            "Content-Range: bytes 0-9/20\r\n".to_owned(),
            400,
            "invalid-request",
        ),
        (
            path,
            "Content-Type: none\r\n".to_owned(),
            400,
            "invalid-request",
        ),
        (
            path,
            "Content-Digest: sha-256=1\r\n".to_owned(),
            400,
            "invalid-request",
        ),
        ("/v1/public/files/a//b", String::new(), 400, "invalid-name"),
    ] {
        // The body never arrives; the client waits for 100 (Continue).
        let request = format!(
            "PUT {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n\
             Expect: 100-continue\r\n{fields}\r\n"
        );
        assert_problem_parts(&raw(server.address(), request.as_bytes()), status, kind);
    }
    assert_eq!(stored(&server, path).await, (b"old".to_vec(), current));

    let mut client = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 3\r\n\
         Expect: 100-continue\r\n\r\n"
    );
    client.write_all(head.as_bytes()).unwrap();
    let mut leave = [0; 25];
    client.read_exact(&mut leave).unwrap();
    assert_eq!(&leave, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"new").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(stored(&server, path).await.0, b"new");
}
