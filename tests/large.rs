//! Large files, and many at once, through a host whose memory stays small.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Response};
use serde_json::Value;
use tokio::sync::{Barrier, Mutex};
use tokio::task::JoinSet;

use crate::support::{Server, Setup};

/// The most that the host may hold resident, in MiB.
const MOST_RESIDENT: u64 = 200;
const MIB: u64 = 1 << 20;
/// How much of a file is sent or compared at once, in bytes.
const PIECE: u64 = 256 << 10;
/// A prime, so that a piece from the wrong place is not the same.
const PERIOD: u64 = 1_048_573;

/// One test at a time: they need the disk and both cores.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Two periods of pseudo-random bytes.
static PATTERN: LazyLock<Bytes> = LazyLock::new(|| {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut period = vec![0; PERIOD as usize];
    for eight in period.chunks_mut(8) {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        eight.copy_from_slice(&state.to_le_bytes()[..eight.len()]);
    }
    period.repeat(2).into()
});

/// The bytes of a file numbered `seed` in a range of at most a period.
fn content(seed: u64, range: Range<u64>) -> Bytes {
    let start = (range.start + seed * 7919) % PERIOD;
    PATTERN.slice(start as usize..(start + range.end - range.start) as usize)
}

/// These bytes of a file, a piece at a time.
fn pieces(seed: u64, range: Range<u64>) -> impl Stream<Item = std::io::Result<Bytes>> {
    let end = range.end;
    let starts = range.step_by(PIECE as usize);
    stream::iter(starts.map(move |start| Ok(content(seed, start..end.min(start + PIECE)))))
}

/// Compares what arrives with a range of a file, and drops it. Returns where it
/// ended, which may be a little behind the range.
async fn compare(response: &mut Response, seed: u64, range: Range<u64>) -> u64 {
    let mut at = range.start;
    while let Some(chunk) = response.chunk().await.unwrap() {
        for part in chunk.chunks(PIECE as usize) {
            let next = at + part.len() as u64;
            assert!(part == content(seed, at..next), "differs after byte {at}");
            at = next;
        }
        if at >= range.end {
            break;
        }
    }
    assert!(at >= range.end, "ended after {at} bytes");
    at
}

fn assert_small(server: &Server, when: &str) {
    let (now, most) = server.resident_mib();
    println!("{when}: {now} MiB resident, at most {most} MiB so far");
    assert!(most < MOST_RESIDENT, "{when}: {most} MiB resident");
}

fn form(name: &str, body: Body, size: u64) -> Form {
    let part = Part::stream_with_length(body, size).file_name(name.to_owned());
    Form::new().part("file", part)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_3_gib_is_uploaded_and_downloaded_byte_for_byte() {
    const SIZE: u64 = 3 << 30;
    let _alone = ALONE.lock().await;
    let server = Setup::policy("[public]\ndelete = \"anyone\"\n").start();
    let disk = rustix::fs::statvfs(server.data_dir().parent().unwrap()).unwrap();
    let free = disk.f_bavail * disk.f_frsize;
    assert!(free > SIZE + (1 << 30), "this test needs 4 GiB of disk");

    for (seed, way) in [(1, "put"), (2, "form")] {
        let start = std::time::Instant::now();
        let body = Body::wrap_stream(pieces(seed, 0..SIZE));
        let path = format!("/v1/public/files/{way}");
        let request = match way {
            "put" => server.put(&path, body).header("content-length", SIZE),
            _ => server
                .post("/v1/public/files")
                .multipart(form(way, body, SIZE)),
        };
        let stored = request.send().await.unwrap();
        assert_eq!(stored.status(), 201, "{way}");
        let stored: Value = stored.json().await.unwrap();
        let stored = stored.get("files").map_or(&stored, |files| &files[0]);
        assert_eq!(stored["size"], SIZE, "{way}");
        assert_small(&server, way);
        println!("{way} took {:?}", start.elapsed());

        let mut response = server.get(&path).send().await.unwrap();
        assert_eq!(response.content_length(), Some(SIZE), "{way}");
        compare(&mut response, seed, 0..SIZE).await;
        assert!(response.chunk().await.unwrap().is_none(), "{way}");
        assert_small(&server, "download");
        println!("{way} and down took {:?}", start.elapsed());

        // Make room for the next.
        let deleted = server.delete(&path).send().await.unwrap();
        assert_eq!(deleted.status(), 204, "{way}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_stays_small_with_64_uploads_and_64_downloads_at_once() {
    const CLIENTS: u64 = 64;
    const SIZE: u64 = 24 * MIB;
    let _alone = ALONE.lock().await;
    let server = Arc::new(Server::start());

    // Every client waits halfway until all are there, and then the test measures.
    let half_way = Arc::new(Barrier::new(CLIENTS as usize + 1));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (server, half_way) = (Arc::clone(&server), Arc::clone(&half_way));
        clients.spawn(async move {
            let pause = stream::once(async move {
                half_way.wait().await;
                Ok(Bytes::new())
            });
            let second_half = pieces(client, SIZE / 2..SIZE);
            let body = pieces(client, 0..SIZE / 2).chain(pause).chain(second_half);
            let body = Body::wrap_stream(body);
            let name = client.to_string();
            let request = match client % 2 {
                0 => server.put(&format!("/v1/public/files/{name}"), body),
                _ => server
                    .post("/v1/public/files")
                    .multipart(form(&name, body, SIZE)),
            };
            let stored = request.send().await.unwrap();
            assert_eq!(stored.status(), 201, "{client}");
        });
    }
    half_way.wait().await;
    assert_small(&server, "64 uploads halfway");
    clients.join_all().await;
    assert_small(&server, "64 uploads");

    let begun = Arc::new(Barrier::new(CLIENTS as usize + 1));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (server, begun) = (Arc::clone(&server), Arc::clone(&begun));
        clients.spawn(async move {
            let path = format!("/v1/public/files/{client}");
            let mut response = server.get(&path).send().await.unwrap();
            assert_eq!(response.content_length(), Some(SIZE), "{client}");
            let read = compare(&mut response, client, 0..MIB).await;
            begun.wait().await;
            // Some disconnect.
            if client % 4 != 0 {
                compare(&mut response, client, read..SIZE).await;
            }
        });
    }
    begun.wait().await;
    assert_small(&server, "64 downloads");
    clients.join_all().await;
    assert_small(&server, "64 downloads read");

    let listed = server.get("/v1/public/files").send().await.unwrap();
    assert_eq!(listed.status(), 401, "it still serves");
}
