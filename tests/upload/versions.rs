//! Whole versions or none: for readers meanwhile, and on the disk afterwards.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;

use super::{FILE, blobs, status_of, store, stored};
use crate::support::{Setup, content, eventually, json_of};

fn bytes_in(files: &[(PathBuf, u64)]) -> u64 {
    files.iter().map(|(_, size)| size).sum()
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
        ("at an invalid chunk size", open, &bad_size),
    ] {
        for path in [FILE, "/v1/public/files/absent"] {
            for whole_connection in [true, false] {
                let mut client = TcpStream::connect(server.address()).unwrap();
                let head = format!("PUT {path} HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n");
                client.write_all(head.as_bytes()).unwrap();
                client.write_all(sent).unwrap();
                if framing == sized {
                    // It is being written to disk before the client disconnects.
                    let staged = || bytes_in(&blobs(&server)) > bytes_in(&before);
                    eventually("the bytes are being written", staged);
                }
                if whole_connection {
                    drop(client);
                } else {
                    client.shutdown(Shutdown::Write).unwrap();
                    let mut answer = Vec::new();
                    // Whatever a client that gave up is told, it is not a success.
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
    let listing = json_of(server.get("/v1/public/files")).await;
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
    let over = AtomicBool::new(false);
    let writers = async {
        writers.await;
        over.store(true, Ordering::Relaxed);
    };
    let readers = join_all((0..4).map(|_| async {
        let mut seen = HashMap::new();
        while !over.load(Ordering::Relaxed) {
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
