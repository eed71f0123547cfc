//! Between hosts and a service: forwards and counts every request, and records
//! requests and answers in a file, for diagnosis.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_LENGTH, IF_MATCH, IF_NONE_MATCH, RANGE};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Max size of an error document that is recorded.
const NOTED: u64 = 64 << 10;

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Answer = Response<BoxBody<Bytes, hyper::Error>>;

/// A proxy on loopback. Ends on drop.
pub struct Proxy {
    address: String,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    /// `ADDR:PORT`
    service: String,
    requests: AtomicUsize,
    log: Mutex<File>,
}

impl Proxy {
    /// Starts one before the service at this URL.
    pub async fn start(endpoint: &str, log: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            service: endpoint.trim_start_matches("http://").to_owned(),
            requests: AtomicUsize::new(0),
            log: Mutex::new(File::create(log).unwrap()),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self {
            address,
            shared,
            accepting,
        }
    }

    /// `http://ADDR:PORT`
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The number of requests so far.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// Records the beginning of a check.
    pub fn begin(&self, what: &str) {
        self.shared.note(&format!("== {what}"));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    fn note(&self, line: &str) {
        let mut log = self.log.lock().unwrap();
        let _ = writeln!(log, "{line}");
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        let _ = stream.set_nodelay(true);
        tokio::spawn(async move {
            let service = service_fn(|request| pass(&shared, request));
            let mut connection = hyper::server::conn::http1::Builder::new();
            let connection = connection.max_buf_size(1 << 20);
            // It ends when a client goes away.
            let _ = connection
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn pass(shared: &Shared, request: Request<Incoming>) -> Result<Answer, Failure> {
    shared.requests.fetch_add(1, Ordering::Relaxed);
    let asked = line(&request);
    let began = Instant::now();
    let answer = forward(shared, request).await;
    let took = began.elapsed().as_millis();
    match &answer {
        Ok((answer, said)) => {
            let status = answer.status().as_u16();
            shared.note(&format!("{asked} -> {status} {said} ({took} ms)"));
        }
        Err(error) => shared.note(&format!("{asked} -> {error} ({took} ms)")),
    }
    answer.map(|(answer, _)| answer)
}

/// The answer, and what it says where it refuses.
async fn forward(shared: &Shared, request: Request<Incoming>) -> Result<(Answer, String), Failure> {
    let stream = TcpStream::connect(&shared.service).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await?.into_parts();
    let short = body.size_hint().upper().is_none_or(|size| size < NOTED);
    if head.status.as_u16() < 400 || !short {
        return Ok((Response::from_parts(head, body.boxed()), String::new()));
    }
    let bytes = body.collect().await?.to_bytes();
    let said = String::from_utf8_lossy(&bytes).replace(['\n', '\r'], " ");
    let body = Full::new(bytes).map_err(|never| match never {});
    Ok((Response::from_parts(head, body.boxed()), said))
}

fn line<T>(request: &Request<T>) -> String {
    let target = request.uri().path_and_query();
    let target = target.map(ToString::to_string).unwrap_or_default();
    let mut line = format!("{} {target}", request.method());
    for name in [IF_MATCH, IF_NONE_MATCH, RANGE, CONTENT_LENGTH] {
        if let Some(value) = request.headers().get(&name) {
            let value = String::from_utf8_lossy(value.as_bytes());
            line.push_str(&format!(" {name}: {value}"));
        }
    }
    line
}
