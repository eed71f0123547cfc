//! Slow clients, thousands of them in one thread.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;

use crate::Result;

/// How a client is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sends a large upload at one KiB per second.
    Upload,
    /// Does not read a large file.
    Download,
    /// Does not read a list.
    List,
    /// Keeps a connection after a request.
    Idle,
}

impl Kind {
    /// What is downloaded.
    pub const DOWNLOADED: &'static str = "/v1/public/files/large";
}

/// The receive buffer of a client that does not read, in bytes.
const RECEIVED: u32 = 4096;
/// Connections made at a time.
const AT_ONCE: usize = 200;
/// What an upload sends, and how often.
const PIECE: usize = 1024;
const PAUSE: Duration = Duration::from_secs(1);

/// Many slow clients. They disconnect on drop.
pub struct Crowd {
    there: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl Crowd {
    /// Returns once all are connected and have sent what they send first.
    pub fn gather(server: SocketAddr, kinds: &[Kind], count: usize) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let there = Arc::new(AtomicUsize::new(0));
        for &kind in kinds {
            for first in (0..count).step_by(AT_ONCE) {
                let begin = first..count.min(first + AT_ONCE);
                let clients = begin.map(|index| begin_one(kind, server, index));
                let streams = runtime.block_on(futures_util::future::join_all(clients));
                for (index, stream) in streams.into_iter().enumerate() {
                    let stream = stream.map_err(|error| format!("{kind:?}: {error}"))?;
                    let there = Arc::clone(&there);
                    there.fetch_add(1, Ordering::Relaxed);
                    runtime.spawn(async move {
                        // Not all at the same moments.
                        tokio::time::sleep(PAUSE.mul_f64(index as f64 / AT_ONCE as f64)).await;
                        stay(kind, stream).await;
                        there.fetch_sub(1, Ordering::Relaxed);
                    });
                }
            }
        }
        Ok(Self {
            there,
            _runtime: runtime,
        })
    }

    /// How many the server has not disconnected.
    pub fn still_there(&self) -> usize {
        self.there.load(Ordering::Relaxed)
    }
}

/// Connects and sends a request.
async fn begin_one(kind: Kind, server: SocketAddr, index: usize) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if matches!(kind, Kind::Download | Kind::List) {
        socket.set_recv_buffer_size(RECEIVED)?;
    }
    let mut stream = socket.connect(server).await?;
    let request = match kind {
        Kind::Upload => format!("PUT /v1/public/files/slow-{index}"),
        Kind::Download => format!("GET {}", Kind::DOWNLOADED),
        Kind::List => "GET /v1/public/files?prefix=listed/&limit=1000".to_owned(),
        Kind::Idle => "HEAD /v1/public/files/small".to_owned(),
    };
    let length = match kind {
        Kind::Upload => "Content-Length: 100000000\r\n",
        _ => "",
    };
    let head = format!("{request} HTTP/1.1\r\nHost: {server}\r\n{length}\r\n");
    stream.write_all(head.as_bytes()).await?;
    match kind {
        Kind::Upload => stream.write_all(&[0; PIECE]).await?,
        // The answer has begun.
        Kind::Download | Kind::List | Kind::Idle => _ = stream.read(&mut [0; 1]).await?,
    }
    Ok(stream)
}

/// Goes on until the server closes the connection.
async fn stay(kind: Kind, mut stream: TcpStream) {
    match kind {
        Kind::Upload => loop {
            tokio::time::sleep(PAUSE).await;
            if stream.write_all(&[0; PIECE]).await.is_err() {
                return;
            }
        },
        Kind::Download | Kind::List => {
            // Nothing that arrives is read, so only an error shows the end.
            loop {
                tokio::time::sleep(PAUSE).await;
                if !matches!(stream.take_error(), Ok(None)) {
                    return;
                }
            }
        }
        Kind::Idle => {
            let mut rest = [0; 1024];
            while matches!(stream.read(&mut rest).await, Ok(read) if read > 0) {}
        }
    }
}
