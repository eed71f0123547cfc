//! An IAM API that publishes what a test tells it to, and counts its requests.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Where an issuer's configuration is (OpenID Connect Discovery 1.0, 4).
pub const CONFIGURATION: &str = "/.well-known/openid-configuration";

/// An IAM API on loopback. Stops on drop.
pub struct IamApi {
    address: SocketAddr,
    published: Arc<Mutex<HashMap<String, Published>>>,
    running: JoinHandle<()>,
}

/// What is at a path.
#[derive(Default)]
struct Published {
    answer: Option<Answer>,
    asked: usize,
}

/// Status, header fields, body.
type Answer = (u16, Vec<(&'static str, String)>, Bytes);

impl IamApi {
    /// Starts one that publishes nothing yet.
    pub async fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap()).await
    }

    /// Starts one at the address of an earlier one.
    pub async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let published = Arc::<Mutex<HashMap<String, Published>>>::default();
        let known = Arc::clone(&published);
        let running = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let known = Arc::clone(&known);
                let service = service_fn(move |request| answer(Arc::clone(&known), request));
                let connection = http1::Builder::new()
                    .keep_alive(false)
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        Self {
            address,
            published,
            running,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://ADDR:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Publishes a document.
    pub fn publish(&self, path: &str, document: impl ToString) {
        self.answer(path, 200, &[], document.to_string());
    }

    /// Publishes the configuration of its own issuer, whose keys are at `/keys`.
    pub fn publish_configuration(&self) {
        let configuration = serde_json::json!({
            "issuer": self.url(),
            "jwks_uri": format!("{}/keys", self.url()),
        });
        self.publish(CONFIGURATION, configuration);
    }

    /// Answers a path with exactly this.
    pub fn answer(
        &self,
        path: &str,
        status: u16,
        fields: &[(&'static str, &str)],
        body: impl Into<Bytes>,
    ) {
        let owned = |&(name, value): &(&'static str, &str)| (name, value.to_owned());
        let fields = fields.iter().map(owned).collect();
        let mut published = self.published.lock().unwrap();
        let at_path = published.entry(path.to_owned()).or_default();
        at_path.answer = Some((status, fields, body.into()));
    }

    /// How many requests a path has had.
    pub fn asked(&self, path: &str) -> usize {
        let published = self.published.lock().unwrap();
        published.get(path).map_or(0, |at_path| at_path.asked)
    }
}

impl Drop for IamApi {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// A path without a published document gets no response at all.
async fn answer<B>(
    known: Arc<Mutex<HashMap<String, Published>>>,
    request: Request<B>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let found = {
        let mut known = known.lock().unwrap();
        let at_path = known.entry(request.uri().path().to_owned()).or_default();
        at_path.asked += 1;
        at_path.answer.clone()
    };
    let Some((status, fields, body)) = found else {
        std::future::pending::<()>().await;
        unreachable!()
    };
    let mut response = Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(body)).unwrap())
}
