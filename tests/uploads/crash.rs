//! kill -9 of the host between appends and during them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Tus, number};
use crate::support::{Connection, Server, Setup, content, eventually, files_below, stored};

/// How often the host is killed, unless this variable says so.
const KILLS: u64 = 10;
const KILLS_VARIABLE: &str = "COFFER_TEST_KILLS";

/// The size of a file whose upload is interrupted. Some appends fit into the index, some do not.
const SIZE: usize = 6_000_000;
const APPENDS: [usize; 6] = [100, 5_000, 20_000, 300_000, 1_000_000, 3];

/// An upload that goes on after each kill.
struct Lasting {
    path: String,
    sent: Vec<u8>,
    /// How many bytes the host has acknowledged.
    acknowledged: AtomicU64,
}

impl Lasting {
    async fn begin(server: &Server, number: u64) -> Self {
        let sent = content(number, SIZE);
        let tus = Tus::new(server, None);
        let path = tus
            .create("public", &format!("{number}"), SIZE as u64)
            .await;
        Self {
            path,
            sent,
            acknowledged: AtomicU64::new(0),
        }
    }

    /// Asks for the offset and appends until it is complete or the host is gone.
    async fn go_on(&self, server: &Server, turn: usize) {
        let tus = Tus::new(server, None);
        let mut offset = tus.offset(&self.path).await.unwrap();
        let acknowledged = self.acknowledged.load(Ordering::SeqCst);
        assert!(offset >= acknowledged, "{offset} of {acknowledged} bytes");
        for length in APPENDS.iter().cycle().skip(turn) {
            let start = usize::try_from(offset).unwrap();
            let piece = &self.sent[start..SIZE.min(start + length)];
            if piece.is_empty() {
                return;
            }
            let patch = tus.patch(&self.path, offset, piece.to_vec());
            let Ok(response) = patch.send().await else {
                return;
            };
            assert_eq!(response.status(), 204);
            offset = number(&response, "upload-offset");
            assert_eq!(offset, (start + piece.len()) as u64);
            self.acknowledged.store(offset, Ordering::SeqCst);
        }
    }

    fn is_complete(&self) -> bool {
        self.acknowledged.load(Ordering::SeqCst) == SIZE as u64
    }
}

/// A server with a policy by which uploads live so long.
fn living(lifetime: &str) -> Setup {
    Setup::policy(&format!("[uploads]\nmax-age = '{lifetime}'\n"))
}

/// Kills it, and starts another one on its data.
fn restarted(server: Arc<Server>, lifetime: &str) -> Arc<Server> {
    let server = Arc::into_inner(server).expect("nobody else uses it");
    Arc::new(living(lifetime).data(server.crash()).start())
}

/// Leaves uploads behind: in the index, in a file, in both, and one in the middle of an append,
/// which lasts as long as the connection.
async fn abandon(server: &Server) -> (Vec<String>, Connection) {
    let tus = Tus::new(server, None);
    let mut paths = Vec::new();
    for lengths in [&[][..], &[10], &[20_000], &[20_000, 10], &[10, 20_000]] {
        let path = tus.create("public", "abandoned", 1 << 20).await;
        let mut offset = 0;
        for length in lengths {
            let patch = tus.patch(&path, offset, vec![1; *length]).send().await;
            // It may have expired.
            if patch.unwrap().status() == 204 {
                offset += *length as u64;
            }
        }
        paths.push(path);
    }
    let path = tus.create("public", "abandoned", 1 << 20).await;
    let mut append = Connection::open(server.address());
    append.send(format!(
        "PATCH {path} HTTP/1.1\r\nHost: {}\r\nTus-Resumable: 1.0.0\r\n\
         Content-Type: application/offset+octet-stream\r\n\
         Upload-Offset: 0\r\nContent-Length: 1000000\r\n\r\n",
        server.address()
    ));
    append.send(vec![1; 700_000]);
    paths.push(path);
    (paths, append)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_byte_is_lost_by_kills_and_nothing_is_left_of_abandoned_uploads() {
    let kills = std::env::var(KILLS_VARIABLE).map_or(KILLS, |kills| kills.parse().unwrap());
    let mut server = Arc::new(living("1d").start());
    let mut lasting = Arc::new(Lasting::begin(&server, 0).await);
    let (mut files, mut abandoned, mut bytes) = (0, Vec::new(), 0);
    for kill in 0..kills {
        if kill % 4 == 3 {
            server = restarted(server, "1s");
            let (paths, append) = abandon(&server).await;
            abandoned.extend(paths);
            server = restarted(server, "1d");
            drop(append);
            continue;
        }
        let before = lasting.acknowledged.load(Ordering::SeqCst);
        let uploading = {
            let (lasting, server) = (lasting.clone(), server.clone());
            let turn = usize::try_from(kill).unwrap();
            tokio::spawn(async move { lasting.go_on(&server, turn).await })
        };
        // Some appends later, wherever in the next one.
        let enough = (before + 1 + kill * 40_000 % 700_000).min(SIZE as u64);
        let (watched, delay) = (lasting.clone(), Duration::from_millis(kill % 7));
        tokio::task::spawn_blocking(move || {
            eventually("enough appends", || {
                watched.acknowledged.load(Ordering::SeqCst) >= enough
            });
            std::thread::sleep(delay);
        })
        .await
        .unwrap();
        server.kill();
        uploading.await.unwrap();
        bytes += lasting.acknowledged.load(Ordering::SeqCst) - before;
        server = restarted(server, "1d");
        let found = stored(&server, &format!("/v1/public/files/{files}")).await;
        if let Some((found, _)) = found {
            assert!(found == lasting.sent, "a part of a file, or another");
            files += 1;
            lasting = Arc::new(Lasting::begin(&server, files).await);
        } else {
            assert!(!lasting.is_complete(), "a file that was acknowledged");
        }
    }
    lasting.go_on(&server, 0).await;
    assert!(lasting.is_complete());
    files += 1;
    let tus = Tus::new(&server, None);
    for path in &abandoned {
        while let Ok(offset) = tus.offset(path).await {
            assert!(offset <= 700_000);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(tus.offset(path).await, Err(404));
    }
    // A start removes what has expired, and later ones find nothing that nobody knows of.
    let server = restarted(server, "1d");
    for number in 0..files {
        let found = stored(&server, &format!("/v1/public/files/{number}")).await;
        let (found, _) = found.expect("a finished file");
        assert!(found == content(number, SIZE), "{number}");
    }
    let blobs = server.data_dir().join("blobs");
    eventually("only finished files are on the disk", || {
        files_below(&blobs).len() as u64 == files
    });
    println!(
        "{kills} kills or more, {bytes} bytes acknowledged until then and none lost, \
         {files} files whole, nothing left of {} abandoned uploads",
        abandoned.len()
    );
}
