//! The operations listener: liveness, readiness, metrics, which component is in force, and the
//! shadow policy. For operators only, on an address of its own.

mod answer;
mod component;
mod readiness;
mod scrape;
mod shadow;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http::uri::Authority;
use http::{Method, Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::metrics::Metrics;
use crate::server::Hosts;
use crate::store::BlobStore;
use crate::swap::Swap;
use answer::OpsResponse;

/// How long a request's header may take.
const HEADER_TIME: Duration = Duration::from_secs(5);
/// Pause before accepting again after a failure.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What operators may see and do.
pub struct Operations {
    /// The component in force.
    pub swap: Arc<Swap>,
    /// The engine.
    pub store: Arc<dyn BlobStore>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The host names that this listener answers to.
    pub hosts: Hosts,
    /// Set once no more requests are accepted.
    pub draining: AtomicBool,
}

/// Answers on this listener for as long as the program runs.
pub async fn run(listener: TcpListener, operations: Arc<Operations>) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "an operations connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let operations = Arc::clone(&operations);
        let service = service_fn(move |request| {
            let operations = Arc::clone(&operations);
            async move { Ok::<_, Infallible>(operations.answer(request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME)
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

impl Operations {
    async fn answer(&self, request: Request<Incoming>) -> OpsResponse {
        // Browsers send these fields with requests of web pages; operators' tools do not. No page
        // may send requests here (CSRF).
        if request.headers().contains_key(header::ORIGIN)
            || request.headers().contains_key("sec-fetch-site")
        {
            let detail = "requests of web pages are not accepted here";
            return answer::problem(StatusCode::FORBIDDEN, detail);
        }
        // After DNS rebinding, a page's request names the host of the attacker.
        let host = request.headers().get(header::HOST);
        let host = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
        if host.is_some_and(|host| !self.hosts.admit(host.host())) {
            let detail =
                "use an IP address, localhost, or the host of --public-url or --allowed-host";
            return answer::problem(StatusCode::MISDIRECTED_REQUEST, detail);
        }
        const READ: &[Method] = &[Method::GET, Method::HEAD];
        const CHANGE: &[Method] = &[Method::POST];
        const KEEP: &[Method] = &[Method::GET, Method::HEAD, Method::PUT, Method::DELETE];
        let (head, body) = request.into_parts();
        let methods = match head.uri.path() {
            "/component/reload" | "/component/rollback" | "/component/promote" => CHANGE,
            "/livez" | "/readyz" | "/metrics" | "/component" => READ,
            "/shadow" => KEEP,
            _ => return answer::problem(StatusCode::NOT_FOUND, "no such endpoint"),
        };
        if !methods.contains(&head.method) {
            return answer::not_allowed(methods);
        }
        match head.uri.path() {
            "/livez" => answer::text(StatusCode::OK, "alive"),
            "/readyz" => self.readyz().await,
            "/metrics" => self.scrape().await,
            "/component" => component::status(&self.swap, &self.store.describe().engine).await,
            "/component/reload" => component::reload(&self.swap).await,
            "/component/promote" => component::promote(&self.swap).await,
            "/shadow" if head.method == Method::PUT => shadow::begin(&self.swap, body).await,
            "/shadow" if head.method == Method::DELETE => shadow::end(&self.swap).await,
            "/shadow" => shadow::status(self.swap.shadow()),
            _ => component::rollback(&self.swap).await,
        }
    }

    async fn readyz(&self) -> OpsResponse {
        match self.readiness().await {
            Ok(()) => answer::text(StatusCode::OK, &ready(self.store.damaged_files())),
            Err(reason) => answer::text(StatusCode::SERVICE_UNAVAILABLE, &reason.to_string()),
        }
    }
}

/// The response of a server that is ready. Damaged files are not a reason to send requests
/// elsewhere: all others are served.
fn ready(damaged_files: u64) -> String {
    match damaged_files {
        0 => "ready".to_owned(),
        1 => "ready; 1 damaged file found since the start, see the log".to_owned(),
        n => format!("ready; {n} damaged files found since the start, see the log"),
    }
}
