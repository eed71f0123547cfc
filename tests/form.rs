//! `POST /v1/{area}/files`: what a form stores, and under which names.

mod crafted;
mod cut_off;
mod endless;
mod filenames;
mod folders;
mod refused;
mod stored;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use reqwest::Response;
use serde_json::Value;

use crate::support::{Server, files_below};

/// The boundary of the forms made here.
const BOUNDARY: &str = "----boundary7MA4YWxk";

/// A part's header lines and content.
struct Part(String, Vec<u8>);

/// A part with this filename, written between the quotes unchanged.
fn file(filename: &str, content: impl Into<Vec<u8>>) -> Part {
    let disposition = format!("form-data; name=\"file\"; filename=\"{filename}\"");
    part(&format!("Content-Disposition: {disposition}"), content)
}

/// A text field.
fn field(name: &str, content: &str) -> Part {
    let disposition = format!("form-data; name=\"{name}\"");
    part(&format!("Content-Disposition: {disposition}"), content)
}

/// A part with these header lines.
fn part(header: &str, content: impl Into<Vec<u8>>) -> Part {
    Part(header.to_owned(), content.into())
}

/// The parts as the body of a complete form.
fn form(parts: &[Part]) -> Vec<u8> {
    let mut body = Vec::new();
    for Part(header, content) in parts {
        body.extend(format!("--{BOUNDARY}\r\n{header}\r\n\r\n").into_bytes());
        body.extend(content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    body
}

/// The Content-Type of a [`form`].
fn form_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// Sends a form to a path such as `/v1/user/files?replace=true`.
async fn post(server: &Server, path: &str, token: &str, body: Vec<u8>) -> Response {
    server
        .post(path)
        .bearer_auth(token)
        .header("content-type", form_type())
        .body(body)
        .send()
        .await
        .unwrap()
}

/// The names in a user's own area.
async fn names(server: &Server, token: &str) -> Vec<String> {
    let path = "/v1/user/files?limit=1000";
    let listing = server.get(path).bearer_auth(token).send().await.unwrap();
    assert_eq!(listing.status(), 200);
    let listing: Value = listing.json().await.unwrap();
    names_of(&listing)
}

/// The names of a document's `files`, in their order.
fn names_of(document: &Value) -> Vec<String> {
    let files = document["files"].as_array().unwrap();
    let name = |file: &Value| file["name"].as_str().unwrap().to_owned();
    files.iter().map(name).collect()
}

/// The bytes at a path.
async fn content(server: &Server, path: &str, token: &str) -> Vec<u8> {
    let response = server.get(path).bearer_auth(token).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.bytes().await.unwrap().to_vec()
}

/// The files on disk that hold what was stored.
fn blobs(server: &Server) -> Vec<(PathBuf, u64)> {
    let mut blobs = files_below(&server.data_dir().join("blobs"));
    blobs.sort();
    blobs
}

/// Waits until nothing but these files is left on disk.
async fn assert_left(server: &Server, expected: &[(PathBuf, u64)]) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while blobs(server) != expected {
        assert!(Instant::now() < deadline, "left: {:?}", blobs(server));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
