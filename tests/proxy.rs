//! Behind nginx, with the configuration that operators are given: TLS, HTTP/2, a path prefix, bodies
//! that are streamed both ways, and the client's address in the log.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::{Server, Setup, content, eventually};

mod nginx; // started on that configuration

use nginx::Nginx;

/// How clients reach the public area.
const PUBLIC: &str = "https://files.example.com/storage/v1/public/files";

/// As the configuration says that Coffer is started.
fn coffer() -> Server {
    Setup::default()
        .args(&["--public-url", "https://files.example.com/storage"])
        .args(&["--trusted-proxy", "127.0.0.1"])
        .start()
}

/// What curl got: status and version of HTTP, and the body.
struct Got {
    status: String,
    body: Vec<u8>,
}

impl Got {
    fn document(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// Runs curl, whose last output is status and version.
fn fetch(nginx: &Nginx, url: &str, args: &[&str]) -> Got {
    let mut command = nginx.curl(url);
    command
        .args(args)
        .args(["--write-out", "\n%{http_code} HTTP/%{http_version}"]);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{url} {args:?}: {told}");
    let end = output
        .stdout
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap();
    Got {
        status: String::from_utf8(output.stdout[end + 1..].to_vec()).unwrap(),
        body: output.stdout[..end].to_vec(),
    }
}

#[test]
fn urls_and_names_are_right_below_a_prefix_over_http_2() {
    let server = coffer();
    let nginx = Nginx::before(server.address());
    // Every character that a proxy might decode, encode or merge.
    let name = "日 本/100%/a+b?#;=&@:%2F'\"~.pdf";
    let encoded: String = name
        .bytes()
        .map(|byte| match byte {
            b'/' => "/".to_owned(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    let url = format!("{PUBLIC}/{encoded}");
    let put = fetch(
        &nginx,
        &url,
        &["--request", "PUT", "--data-binary", "bytes"],
    );
    assert_eq!(put.status, "201 HTTP/2");
    let file = put.document();
    assert_eq!(file["name"], name);
    for url in [
        &url,
        file["public_url"].as_str().unwrap(),
        file["versioned_url"].as_str().unwrap(),
    ] {
        assert!(url.starts_with(PUBLIC), "{url}");
        let got = fetch(&nginx, url, &[]);
        assert_eq!(
            (&*got.status, &*got.body),
            ("200 HTTP/2", &b"bytes"[..]),
            "{url}"
        );
    }
    let manage = file["manage_url"].as_str().unwrap();
    assert_eq!(
        fetch(&nginx, manage, &["--request", "DELETE"]).status,
        "204 HTTP/2"
    );
    assert_eq!(fetch(&nginx, &url, &[]).status, "404 HTTP/2");

    let form = fetch(
        &nginx,
        PUBLIC,
        &["--form", "file=@/dev/null;filename=f.txt"],
    );
    assert_eq!(form.status, "201 HTTP/2");
    // The path is Coffer's to judge.
    let dots = format!("{PUBLIC}/a/%2E%2E/b");
    let got = fetch(&nginx, &dots, &["--path-as-is"]);
    assert_eq!(
        got.document()["type"],
        "/problems/invalid-name",
        "{:?}",
        got.status
    );
    // Nothing but the prefix is passed on.
    for outside in [
        "/v1/public/files/f.txt",
        "/x/../storage/v1/public/files/f.txt",
    ] {
        let url = format!("https://files.example.com{outside}");
        let got = fetch(&nginx, &url, &["--path-as-is"]);
        assert_eq!(got.status, "404 HTTP/2", "{url}");
        assert_eq!(got.document(), Value::Null, "{url}");
    }
}

#[test]
fn a_resumable_upload_continues_below_the_prefix() {
    let server = coffer();
    let nginx = Nginx::before(server.address());
    let url = "https://files.example.com/storage/v1/public/uploads";
    let metadata = format!("Upload-Metadata: filename {}", BASE64_STANDARD.encode("a"));
    let tus = ["--header", "Tus-Resumable: 1.0.0"];
    let length = ["--header", "Upload-Length: 2", "--header", &metadata];
    let begin = ["--request", "POST", "--dump-header", "-"];
    let begun = fetch(&nginx, url, &[&tus[..], &length, &begin].concat());
    let head = String::from_utf8(begun.body).unwrap();
    let location = head
        .lines()
        .find_map(|line| line.strip_prefix("location: "));
    let location = location.unwrap_or_else(|| panic!("{head}")).trim();
    assert!(location.starts_with(url), "{location}");
    for (offset, byte) in [("Upload-Offset: 0", "1"), ("Upload-Offset: 1", "2")] {
        let patch = [
            "--request",
            "PATCH",
            "--header",
            offset,
            "--data-binary",
            byte,
        ];
        let kind = ["--header", "Content-Type: application/offset+octet-stream"];
        let got = fetch(&nginx, location, &[&tus[..], &patch, &kind].concat());
        assert_eq!(got.status, "204 HTTP/2");
    }
    assert_eq!(fetch(&nginx, &format!("{PUBLIC}/a"), &[]).body, b"12");
}

#[test]
fn a_large_file_comes_and_goes_unchanged_and_never_through_a_file_of_the_proxy() {
    let server = coffer();
    let nginx = Nginx::before(server.address());
    let folder = TempDir::new().unwrap();
    let bytes = content(1, 64 << 20);
    let file = folder.path().join("large");
    std::fs::write(&file, &bytes).unwrap();
    let url = format!("{PUBLIC}/large");
    assert_eq!(fetch(&nginx, &url, &[]).status, "404 HTTP/2");
    nginx.refuse_files();
    let put = fetch(&nginx, &url, &["--upload-file", file.to_str().unwrap()]);
    assert_eq!(put.status, "201 HTTP/2");
    let got = fetch(&nginx, &url, &[]);
    assert_eq!(got.status, "200 HTTP/2");
    assert_eq!(Sha256::digest(&got.body), Sha256::digest(&bytes));
}

/// The value of a metric without labels.
async fn metric(server: &Server, name: &str) -> u64 {
    let url = format!("{}/metrics", server.operations);
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value.unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn an_upload_reaches_coffer_while_it_is_sent() {
    let server = coffer();
    let nginx = Nginx::before(server.address());
    let url = format!("{PUBLIC}/slow");
    let mut command = nginx.curl(&url);
    command.args(["--upload-file", "-", "--expect100-timeout", "0"]);
    let mut curl = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut body = curl.stdin.take().unwrap();
    body.write_all(&[b'1'; 1000]).unwrap();
    body.flush().unwrap();
    // Only half of the body is there yet.
    for _ in 0..3000 {
        if metric(&server, "coffer_received_bytes_total").await == 1000 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(metric(&server, "coffer_received_bytes_total").await, 1000);
    body.write_all(&[b'2'; 1000]).unwrap();
    drop(body);
    let output = curl.wait_with_output().unwrap();
    let file: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(file["size"], 2000);
}

#[test]
fn a_download_reaches_the_client_while_it_is_sent() {
    // In place of Coffer: one that sends the second half only after the client has the first.
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let nginx = Nginx::before(&upstream.local_addr().unwrap().to_string());
    let url = format!("{PUBLIC}/slow");
    let mut command = nginx.curl(&url);
    let mut curl = command
        .arg("--no-buffer")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (stream, _) = upstream.accept().unwrap();
    let mut lines = BufReader::new(&stream).lines();
    let request = lines.next().unwrap().unwrap();
    assert_eq!(request, "GET /v1/public/files/slow HTTP/1.1");
    while !lines.next().unwrap().unwrap().is_empty() {}
    (&stream)
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none")
        .unwrap();
    let mut body = curl.stdout.take().unwrap();
    let mut half = [0; 3];
    body.read_exact(&mut half).unwrap();
    assert_eq!(&half, b"one");
    (&stream).write_all(b"two").unwrap();
    body.read_exact(&mut half).unwrap();
    assert_eq!(&half, b"two");
    assert!(curl.wait().unwrap().success());
}

#[test]
fn refusals_of_large_bodies_and_of_large_tokens_are_coffers_own() {
    let server = coffer();
    let nginx = Nginx::before(server.address());
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("large");
    std::fs::write(&file, vec![0; 8 << 20]).unwrap();
    let url = "https://files.example.com/storage/v1/user/files/a";
    let upload = ["--upload-file", file.to_str().unwrap()];
    let token = format!("Authorization: Bearer {}", "a".repeat(16 << 10));
    for args in [&upload[..], &["--header", &token]] {
        let got = fetch(&nginx, url, args);
        assert_eq!(got.status, "401 HTTP/2", "{args:?}");
        assert_eq!(got.document()["status"], 401, "{args:?}");
    }
}

#[test]
fn the_log_has_the_clients_address_and_not_one_that_it_claims() {
    let server = coffer();
    let nginx = Nginx::before(server.address());
    let url = format!("{PUBLIC}/none");
    let claims = [
        ["--header", "X-Forwarded-For: 203.0.113.9"],
        ["--header", "Forwarded: for=203.0.113.9"],
    ];
    let from = ["--interface", "127.0.0.2"];
    let args = [&claims.concat()[..], &from].concat();
    assert_eq!(fetch(&nginx, &url, &args).status, "404 HTTP/2");
    eventually("a line for the request", || {
        server.log().contains("answered client=127.0.0.2 ")
    });
}

/// A program of Debian's, in a folder that only root has in its `PATH`.
fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin"));
    command
}
