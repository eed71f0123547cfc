//! A bare file server on hyper and tokio, as Coffer is built on: what is left without a
//! sandbox, rules, log and metrics. Runs as a process of its own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::Result;
use crate::process::{Process, role};

/// The argument that makes this program the server.
pub const ROLE: &str = "serve-files";

/// Up to this size a file is read at once, in bytes.
const SMALL: u64 = 64 << 10;
/// Larger ones are read in pieces of this size.
const PIECE: usize = 256 << 10;

/// The server. Stopped on drop.
pub struct Bare {
    pub address: SocketAddr,
    _process: Process,
}

impl Bare {
    /// Starts it on a folder of files.
    pub fn start(log: &Path, root: &Path) -> Result<Self> {
        let mut command = role(ROLE)?;
        command.arg(root).stdout(Stdio::piped());
        let mut process = Process::start("the bare server", &mut command, log)?;
        let address = process.lines(1)?[0].parse();
        Ok(Self {
            address: address.map_err(|_| "no address")?,
            _process: process,
        })
    }
}

/// Serves the files of a folder forever.
pub async fn serve(root: PathBuf) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let root = Arc::new(root);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let root = Arc::clone(&root);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&root), request));
            // Clients end connections as they like.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

type Body = BoxBody<Bytes, std::io::Error>;

async fn answer(
    root: Arc<PathBuf>,
    request: Request<Incoming>,
) -> std::result::Result<Response<Body>, Infallible> {
    let name = request.uri().path().trim_start_matches('/');
    let found = read(&root.join(name)).await;
    Ok(found.unwrap_or_else(|_| {
        let mut absent = Response::new(whole(Bytes::new()));
        *absent.status_mut() = StatusCode::NOT_FOUND;
        absent
    }))
}

/// Small files are read inline: most are in the page cache, and a thread costs more.
async fn read(path: &Path) -> std::io::Result<Response<Body>> {
    let mut file = std::fs::File::open(path)?;
    let size = file.metadata()?.len();
    let body = if size <= SMALL {
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        std::io::Read::read_to_end(&mut file, &mut bytes)?;
        whole(bytes.into())
    } else {
        let mut file = File::from_std(file);
        file.set_max_buf_size(PIECE);
        BodyExt::boxed(StreamBody::new(pieces(file)))
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_LENGTH, size.into());
    Ok(response)
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed()
}

fn pieces(file: File) -> impl Stream<Item = std::io::Result<Frame<Bytes>>> {
    stream::try_unfold(file, async |mut file| {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = file.read_buf(&mut piece).await?;
        Ok((read > 0).then(|| (Frame::data(piece.freeze()), file)))
    })
}
