//! PUT: what is stored, under which conditions, and that nothing else is ever seen.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::future::join_all;
use futures_util::stream;
use reqwest::{Body, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};

use crate::support::{
    Server, Setup, assert_problem, assert_problem_parts, content, eventually, files_below, raw,
    token,
};

const FILE: &str = "/v1/public/files/file.bin";

fn etag(response: &Response) -> String {
    response.headers()["etag"].to_str().unwrap().to_owned()
}

/// Stores a file and returns its entity tag.
async fn store(server: &Server, path: &str, body: &'static str) -> String {
    let response = server.put(path, body).send().await.unwrap();
    assert!(response.status().is_success(), "{response:?}");
    etag(&response)
}

/// The file's bytes and entity tag.
async fn stored(server: &Server, path: &str) -> (Vec<u8>, String) {
    let response = server.get(path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let etag = etag(&response);
    (response.bytes().await.unwrap().to_vec(), etag)
}

async fn status_of(server: &Server, path: &str) -> u16 {
    server.head(path).send().await.unwrap().status().as_u16()
}

/// The files that hold bytes, staged ones too.
fn blobs(server: &Server) -> Vec<(PathBuf, u64)> {
    files_below(&server.data_dir().join("blobs"))
}

fn bytes_in(files: &[(PathBuf, u64)]) -> u64 {
    files.iter().map(|(_, size)| size).sum()
}

/// As it comes from a source of unknown length.
fn chunked(pieces: &[&'static [u8]]) -> Body {
    let pieces: Vec<Result<_, std::io::Error>> = pieces.iter().copied().map(Ok).collect();
    Body::wrap_stream(stream::iter(pieces))
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
            });
            if is_public {
                expected["public_url"] = json!(url);
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
    ] {
        let path = format!("/v1/public/files/put-types/{name}");
        let mut request = server.put(&path, "x");
        if let Some(given) = given {
            request = request.header("content-type", given);
        }
        let file: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(file["content_type"], expected, "{name}");
        let response = server.head(&path).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], expected, "{name}");
    }
    for invalid in [
        "nonsense",
        "",
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
async fn preconditions_are_weighed_before_a_file_is_replaced() {
    const PAST: &str = "Sat, 01 Jan 2000 00:00:00 GMT";
    const FUTURE: &str = "Fri, 01 Jan 2100 00:00:00 GMT";
    let server = Server::shared();
    let path = "/v1/public/files/put-conditions";
    // CURRENT stands for the file's entity tag.
    let rows: &[(&[(&str, &str)], bool)] = &[
        (&[("if-match", "CURRENT")], true),
        (&[("if-match", "\"other\", CURRENT")], true),
        (&[("if-match", "*")], true),
        (&[("if-match", "\"other\"")], false),
        (&[("if-match", "W/CURRENT")], false),
        (&[("if-none-match", "*")], false),
        (&[("if-none-match", "CURRENT")], false),
        (&[("if-none-match", "W/CURRENT")], false),
        (&[("if-none-match", "\"other\", CURRENT")], false),
        (&[("if-none-match", "\"other\"")], true),
        (&[("if-unmodified-since", PAST)], false),
        (&[("if-unmodified-since", FUTURE)], true),
        (&[("if-unmodified-since", "no date")], true),
        (&[("if-modified-since", FUTURE)], true),
        (
            &[("if-match", "CURRENT"), ("if-unmodified-since", PAST)],
            true,
        ),
        (
            &[("if-match", "\"other\""), ("if-unmodified-since", FUTURE)],
            false,
        ),
        (
            &[("if-match", "CURRENT"), ("if-none-match", "CURRENT")],
            false,
        ),
        (
            &[("if-match", "CURRENT"), ("if-none-match", "\"other\"")],
            true,
        ),
        (&[("if-match", "CURRENT"), ("if-none-match", "*")], false),
    ];
    for (fields, holds) in rows {
        let current = store(&server, path, "old").await;
        let mut request = server.put(path, "new");
        for (name, value) in *fields {
            request = request.header(*name, value.replace("CURRENT", &current));
        }
        let response = request.send().await.unwrap();
        if *holds {
            assert_eq!(response.status(), 200, "{fields:?}");
            assert_ne!(etag(&response), current, "{fields:?}");
            assert_eq!(stored(&server, path).await.0, b"new", "{fields:?}");
        } else {
            assert_eq!(response.status(), 412, "{fields:?}");
            assert_problem(response, 412, "precondition-failed").await;
            assert_eq!(
                stored(&server, path).await,
                (b"old".to_vec(), current),
                "{fields:?}"
            );
        }
    }
    for (name, value, status) in [
        ("if-match", "*", 412),
        ("if-match", "\"other\"", 412),
        ("if-none-match", "*", 201),
        ("if-none-match", "\"other\"", 201),
    ] {
        let path = format!("/v1/public/files/absent-{name}-{}", value.len());
        let response = server
            .put(&path, "new")
            .header(name, value)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{name}: {value}");
        let expected = if status == 201 { 200 } else { 404 };
        assert_eq!(status_of(&server, &path).await, expected, "{name}: {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_creators_at_once_exactly_one_creates() {
    let server = Server::shared();
    let races = (0..50).map(|race| {
        let server = &server;
        async move {
            let path = format!("/v1/public/files/race-{race}");
            let create =
                |body: &'static str| server.put(&path, body).header("if-none-match", "*").send();
            let (one, other) = tokio::join!(create("one"), create("other"));
            let statuses =
                [one.unwrap(), other.unwrap()].map(|response| response.status().as_u16());
            let winner = match statuses {
                [201, 412] => "one",
                [412, 201] => "other",
                _ => panic!("{statuses:?}"),
            };
            assert_eq!(stored(server, &path).await.0, winner.as_bytes());
        }
    });
    join_all(races).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_replace_one_version_exactly_one_does() {
    let server = Server::shared();
    let path = "/v1/public/files/put-race";
    let mut version = store(&server, path, "start").await;
    for round in 0..5_u8 {
        let replacers = (0..10_u8).map(|replacer| {
            let request = server
                .put(path, vec![round, replacer])
                .header("if-match", &version);
            async move { (replacer, request.send().await.unwrap()) }
        });
        let mut winners = Vec::new();
        for (replacer, response) in join_all(replacers).await {
            match response.status().as_u16() {
                200 => winners.push((replacer, etag(&response))),
                status => assert_eq!(status, 412),
            }
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
        let (winner, etag) = winners.remove(0);
        assert_eq!(
            stored(&server, path).await,
            (vec![round, winner], etag.clone())
        );
        version = etag;
    }
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
async fn a_digest_is_verified_before_the_file_is_there() {
    let server = Setup::public_only().start();
    let digest =
        |algorithm: &str, hash: &[u8]| format!("{algorithm}=:{}:", BASE64_STANDARD.encode(hash));
    let right = digest("sha-256", &Sha256::digest(b"new"));
    let wrong = digest("sha-256", &Sha256::digest(b"other"));
    let right_512 = digest("sha-512", &Sha512::digest(b"new"));
    let wrong_512 = digest("sha-512", &Sha512::digest(b"other"));
    let short = digest("sha-256", b"short");
    let (among, wrong_among) = (
        format!("{wrong_512}, {right}"),
        format!("{right_512}, {wrong}"),
    );
    for name in ["content-digest", "repr-digest"] {
        for (value, problem) in [
            (right.as_str(), None),
            (&right_512, None),
            (&wrong_512, None),
            ("md5=:AAAA:, unixsum=3", None),
            (&among, None),
            (&wrong, Some("digest-mismatch")),
            (&wrong_among, Some("digest-mismatch")),
            (&short, Some("invalid-request")),
            ("sha-256=abc", Some("invalid-request")),
            ("sha-256=:****:", Some("invalid-request")),
            ("sha-256", Some("invalid-request")),
            ("=", Some("invalid-request")),
        ] {
            let current = store(&server, FILE, "old").await;
            // Both framings: with a length and without.
            for body in [Body::from("new"), chunked(&[b"n", b"ew"])] {
                let response = server
                    .put(FILE, body)
                    .header(name, value)
                    .send()
                    .await
                    .unwrap();
                match problem {
                    None => {
                        assert_eq!(response.status(), 200, "{name}: {value}");
                        assert_eq!(stored(&server, FILE).await.0, b"new", "{name}: {value}");
                    }
                    Some(kind) => {
                        assert_problem(response, 400, kind).await;
                        let expected = (b"old".to_vec(), current.clone());
                        assert_eq!(stored(&server, FILE).await, expected, "{name}: {value}");
                    }
                }
            }
        }
        let request = server
            .put("/v1/public/files/absent", content(1, 2 << 20))
            .header(name, &wrong);
        assert_problem(request.send().await.unwrap(), 400, "digest-mismatch").await;
        assert_eq!(status_of(&server, "/v1/public/files/absent").await, 404);
    }
    let request = server
        .put(FILE, "new")
        .header("content-digest", &right)
        .header("repr-digest", &wrong);
    assert_problem(request.send().await.unwrap(), 400, "digest-mismatch").await;
    eventually("what was refused is gone from the disk", || {
        blobs(&server).len() == 1
    });
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
        // The body never comes; the client waits for leave to send it.
        let request = format!(
            "PUT {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\
             Expect: 100-continue\r\n{fields}\r\n"
        );
        assert_problem_parts(&raw(server.address(), request.as_bytes()), status, kind);
    }
    assert_eq!(stored(&server, path).await, (b"old".to_vec(), current));

    let mut client = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\
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

#[tokio::test]
async fn an_upload_that_is_cut_off_leaves_nothing() {
    let server = Setup::public_only().start();
    let current = store(&server, FILE, "old").await;
    let before = blobs(&server);
    let bytes = content(7, 3 << 20);
    let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes].concat();
    let mut half_a_chunk = b"ffffffff\r\n".to_vec();
    half_a_chunk.extend_from_slice(&bytes);
    let between = [chunk.as_slice(), b"\r\n"].concat();
    let bad_size = [between.as_slice(), b"xyz\r\n"].concat();
    let no_last = [between.as_slice(), b"0\r\n"].concat();
    let with_length = format!("Content-Length: {}", bytes.len() + 1);
    let (sized, open) = (with_length.as_str(), "Transfer-Encoding: chunked");
    for (what, framing, sent) in [
        ("one byte before the announced end", sized, &bytes),
        ("in a chunk", open, &half_a_chunk),
        ("before the end of a chunk's line", open, &chunk),
        ("between two chunks", open, &between),
        ("in the last chunk", open, &no_last),
        ("at a chunk size that is none", open, &bad_size),
    ] {
        for path in [FILE, "/v1/public/files/absent"] {
            for whole_connection in [true, false] {
                let mut client = TcpStream::connect(server.address()).unwrap();
                let head = format!("PUT {path} HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n");
                client.write_all(head.as_bytes()).unwrap();
                client.write_all(sent).unwrap();
                if framing == sized {
                    // It is on its way to the disk before the client goes.
                    let staged = || bytes_in(&blobs(&server)) > bytes_in(&before);
                    eventually("the bytes are being written", staged);
                }
                if whole_connection {
                    drop(client);
                } else {
                    client.shutdown(Shutdown::Write).unwrap();
                    let mut answer = Vec::new();
                    // Whatever is said to a client that gave up, it is no success.
                    let _ = client.read_to_end(&mut answer);
                    let answer = String::from_utf8_lossy(&answer);
                    assert!(
                        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
                        "{what}: {answer}"
                    );
                }
                eventually(what, || blobs(&server) == before);
                assert_eq!(
                    stored(&server, FILE).await,
                    (b"old".to_vec(), current.clone()),
                    "{what}"
                );
            }
        }
    }
    assert_eq!(status_of(&server, "/v1/public/files/absent").await, 404);
    let listing: Value = server
        .get("/v1/public/files")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(listing["files"].as_array().unwrap().len(), 1);
}

/// A version: its number, then as many bytes as follow from it.
fn version(number: u64) -> Vec<u8> {
    let length = 100_000 + usize::try_from(number * 7919 % 300_000).unwrap();
    [number.to_le_bytes().as_slice(), &content(number, length)].concat()
}

fn assert_whole(bytes: &[u8]) -> u64 {
    let number = u64::from_le_bytes(bytes[..8].try_into().unwrap());
    assert!(
        bytes == version(number),
        "a mixture, starting as version {number}"
    );
    number
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_whole_versions_while_two_hundred_replace_each_other() {
    const WRITERS: u64 = 8;
    const EACH: u64 = 25;
    let server = Setup::public_only().start();
    assert_eq!(
        server.put(FILE, version(0)).send().await.unwrap().status(),
        201
    );
    let writers = join_all((0..WRITERS).map(|writer| {
        let server = &server;
        async move {
            for turn in 0..EACH {
                let number = 1 + writer * EACH + turn;
                let response = server.put(FILE, version(number)).send().await.unwrap();
                assert_eq!(response.status(), 200);
            }
        }
    }));
    let over = std::sync::atomic::AtomicBool::new(false);
    let writers = async {
        writers.await;
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    let readers = join_all((0..4).map(|_| async {
        let mut seen = std::collections::HashMap::new();
        while !over.load(std::sync::atomic::Ordering::Relaxed) {
            let (bytes, etag) = stored(&server, FILE).await;
            let number = assert_whole(&bytes);
            assert_eq!(*seen.entry(etag).or_insert(number), number);
        }
        seen.len()
    }));
    let ((), seen) = tokio::join!(writers, readers);
    assert!(seen.iter().all(|versions| *versions > 1), "{seen:?}");
    let last = stored(&server, FILE).await.0;
    assert_whole(&last);
    eventually("replaced versions are gone from the disk", || {
        blobs(&server).len() == 1 && bytes_in(&blobs(&server)) == last.len() as u64
    });
}

#[tokio::test]
async fn a_download_that_began_keeps_its_version() {
    const SIZE: usize = 32 << 20;
    let server = Setup::public_only().start();
    let old = content(1, SIZE);
    assert_eq!(
        server.put(FILE, old.clone()).send().await.unwrap().status(),
        201
    );
    // More than the buffers on the way hold, so that most of it is sent later.
    let mut began = server.get(FILE).send().await.unwrap();
    let mut part = server
        .get(FILE)
        .header("range", "bytes=1000-")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (began.status().as_u16(), part.status().as_u16()),
        (200, 206)
    );
    let mut whole = began.chunk().await.unwrap().unwrap().to_vec();
    let mut rest = part.chunk().await.unwrap().unwrap().to_vec();

    let response = server.put(FILE, content(2, SIZE)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut second = server.get(FILE).send().await.unwrap();
    let mut replaced = second.chunk().await.unwrap().unwrap().to_vec();
    let response = server.delete(FILE).send().await.unwrap();
    assert_eq!(response.status(), 204);
    assert_eq!(status_of(&server, FILE).await, 404);

    while let Some(bytes) = began.chunk().await.unwrap() {
        whole.extend_from_slice(&bytes);
    }
    while let Some(bytes) = part.chunk().await.unwrap() {
        rest.extend_from_slice(&bytes);
    }
    while let Some(bytes) = second.chunk().await.unwrap() {
        replaced.extend_from_slice(&bytes);
    }
    assert!(whole == old);
    assert!(rest == old[1000..]);
    assert!(replaced == content(2, SIZE));
    eventually("all versions are gone from the disk", || {
        blobs(&server).is_empty()
    });
}
