//! An S3 service in memory, for the engine's own tests and those over HTTP: it checks
//! signatures, evaluates every condition, and can be told to fail.

// The engine's own tests and those over HTTP each use a part of it.
#![allow(dead_code)]

pub mod conditions;
mod faults;
mod knows;
mod list;
mod memory;
mod objects;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service as Protocol, S3ServiceBuilder};
use s3s::{HttpError, HttpRequest, HttpResponse};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use faults::Fault;
use faults::Faults;
pub use knows::Knows;
#[allow(unused_imports)]
pub use knows::{Lists, Many, Sorting};
use memory::Memory;
pub use objects::Kept;

/// The access key that the service knows.
pub const ACCESS_KEY: &str = "coffer-test";
/// Its secret.
pub const SECRET_KEY: &str = "coffer-test-secret";

/// Requests, each as method and target, with their header fields.
type Recorded = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// How many requests are being served.
#[derive(Default)]
struct Crowd {
    now: usize,
    most: usize,
}

/// One of them.
struct Served(Arc<Mutex<Crowd>>);

impl Served {
    fn one_of(crowd: &Arc<Mutex<Crowd>>) -> Served {
        let mut now = crowd.lock().expect("the crowd");
        now.now += 1;
        now.most = now.most.max(now.now);
        Served(crowd.clone())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.lock().expect("the crowd").now -= 1;
    }
}

/// A service that runs until it is dropped.
pub struct S3Service {
    address: SocketAddr,
    memory: Memory,
    faults: Faults,
    log: Arc<Mutex<Vec<String>>>,
    fields: Recorded,
    crowd: Arc<Mutex<Crowd>>,
    _stop: oneshot::Sender<()>,
}

impl S3Service {
    /// One that supports everything.
    pub fn start() -> S3Service {
        S3Service::that(Knows::default())
    }

    /// One that supports this much.
    pub fn that(knows: Knows) -> S3Service {
        let (stop, stopped) = oneshot::channel::<()>();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a listener");
        let (memory, faults) = (Memory::new(knows), Faults::default());
        let (log, fields) = (Arc::new(Mutex::new(Vec::new())), Recorded::default());
        let crowd: Arc<Mutex<Crowd>> = Arc::default();
        let mut builder = S3ServiceBuilder::new(memory.clone());
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let front = Front {
            protocol: builder.build(),
            faults: faults.clone(),
            log: log.clone(),
            fields: fields.clone(),
            crowd: crowd.clone(),
        };
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    () = front.serve(listener) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_timeout(Duration::from_secs(1));
        });
        S3Service {
            address,
            memory,
            faults,
            log,
            fields,
            crowd,
            _stop: stop,
        }
    }

    /// `http://ADDR:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next requests whose method and target begin like this meet this fault, as many
    /// times as given: `fail("GET /bucket/", 1, Fault::Torn(10))`.
    pub fn fail(&self, requests: &str, times: usize, fault: Fault) {
        self.faults.add(requests, times, fault);
    }

    /// Ends all faults.
    pub fn recover(&self) {
        self.faults.clear();
    }

    /// The requests so far, each as method and target, and forgets them.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().expect("the log"))
    }

    /// The same with their header fields.
    pub fn fields(&self) -> Vec<(String, HeaderMap)> {
        std::mem::take(&mut self.fields.lock().expect("the fields"))
    }

    /// `ADDR:PORT`
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Creates a bucket if missing.
    pub fn make_bucket(&self, bucket: &str) {
        self.memory.make_bucket(bucket);
    }

    /// The names of all objects in a bucket.
    pub fn objects(&self, bucket: &str) -> Vec<String> {
        self.memory.objects(bucket)
    }

    /// The metadata and the checksum that are kept of an object: its entries, and the CRC-32
    /// with its type.
    pub fn kept(&self, bucket: &str, object: &str) -> Kept {
        self.memory.kept(bucket, object)
    }

    /// How many requests were served at the same time, at most, since the last call; without those
    /// of the sweep, which goes on in the background.
    pub fn most_at_once(&self) -> usize {
        let mut crowd = self.crowd.lock().expect("the crowd");
        let now = crowd.now;
        std::mem::replace(&mut crowd.most, now)
    }

    /// How many versions and delete markers a bucket has, if it keeps any.
    pub fn versions(&self, bucket: &str) -> usize {
        self.memory.versions(bucket)
    }

    /// How many multipart uploads have neither been completed nor aborted.
    pub fn unfinished(&self) -> usize {
        self.memory.unfinished()
    }

    /// Whether public access to a bucket was blocked, and after how many days a
    /// lifecycle rule clears abandoned uploads.
    pub fn bucket_settings(&self, bucket: &str) -> (bool, Option<i32>) {
        self.memory.settings(bucket)
    }
}

#[derive(Clone)]
struct Front {
    protocol: Protocol,
    faults: Faults,
    log: Arc<Mutex<Vec<String>>>,
    fields: Recorded,
    crowd: Arc<Mutex<Crowd>>,
}

impl Front {
    async fn serve(self, listener: TcpListener) {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            let front = self.clone();
            let service = service_fn(move |request| {
                let front = front.clone();
                async move { front.answer(request).await }
            });
            tokio::spawn(async move {
                // Faults and impatient clients end connections badly; that is their point.
                let _ = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }

    async fn answer(&self, request: hyper::Request<Incoming>) -> Result<HttpResponse, HttpError> {
        let line = format!("{} {}", request.method(), request.uri());
        let is_of_sweep = line.contains("?uploads&");
        let _served = (!is_of_sweep).then(|| Served::one_of(&self.crowd));
        self.log.lock().expect("the log").push(line.clone());
        let fields = (line.clone(), request.headers().clone());
        self.fields.lock().expect("the fields").push(fields);
        let fault = self.faults.meet(&line);
        if let Some(instead) = fault.as_ref().and_then(Fault::instead) {
            if let Some(Fault::Status(..) | Fault::Answer(..) | Fault::Untagged) = fault {
                // Else the connection may break before the answer is read.
                let _ = request.into_body().collect().await;
            }
            return instead.await;
        }
        let request: HttpRequest = request.map(s3s::Body::from);
        let response = self.protocol.call(request).await?;
        match fault {
            // An answer without a body would arrive if only its body broke off.
            Some(Fault::Lost) => Err(HttpError::new("lost".into())),
            Some(fault) => Ok(fault.spoil(response).await),
            None => Ok(response),
        }
    }
}
