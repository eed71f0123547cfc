//! Accepts connections and speaks HTTP/1.1 on them, within limits.

mod cors;
mod label;
mod reply;
mod request_body;
mod sent;
mod service;
mod trace;

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;

use crate::metrics::Metrics;
use crate::swap::Swap;
use service::Service;

/// How long accepting rests after it failed, as it does without file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Room for the request line, in bytes: hyper takes targets of up to 64 KiB.
const REQUEST_LINE: usize = 64 << 10;

/// What clients may ask of the server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once; more wait in the listener's backlog.
    pub connections: usize,
    /// All header fields of a request together, in bytes.
    pub header_size: usize,
    /// From the first byte of a request to the end of its header.
    pub header_time: Duration,
    /// A request's body, in bytes.
    pub body_size: u64,
    /// The longest pause of a client that sends or takes a body.
    pub idle_time: Duration,
    /// How long requests in progress may go on after shutdown was asked for.
    pub shutdown_time: Duration,
}

/// Serves until `shutdown` resolves; then lets go of the listener, finishes what
/// runs, and breaks off what is not done within [`Limits::shutdown_time`].
///
/// Returns whether everything was finished.
pub async fn run(
    listener: TcpListener,
    swap: Arc<Swap>,
    metrics: Arc<Metrics>,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> bool {
    let room = Arc::new(Semaphore::new(limits.connections));
    let service = Arc::new(Service::new(swap, Arc::clone(&metrics), limits.clone()));
    let open = GracefulShutdown::new();
    let (break_off, broken_off) = watch::channel(());
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let next = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = next => match accepted {
                (Ok(place), Ok((stream, _))) => {
                    let connection = connection(stream, &service, &limits);
                    let counted = metrics.connection();
                    let mut broken_off = broken_off.clone();
                    let connection = open.watch(connection);
                    tokio::spawn(async move {
                        tokio::select! {
                            ended = connection => {
                                if let Err(error) = ended {
                                    tracing::debug!(%error, "a connection ended early");
                                }
                            }
                            _ = broken_off.changed() => {}
                        }
                        drop((place, counted));
                    });
                }
                (_, Err(error)) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                (Err(_), Ok(_)) => break,
            },
        }
    }
    drop(listener);
    tracing::info!(connections = open.count(), "shutting down");
    let finished = tokio::time::timeout(limits.shutdown_time, open.shutdown()).await;
    drop(break_off);
    finished.is_ok()
}

/// HTTP/1.1 on one connection.
fn connection(
    stream: TcpStream,
    service: &Arc<Service>,
    limits: &Limits,
) -> impl GracefulConnection<Error = hyper::Error> + Send + use<> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.idle_time));
    let service = Arc::clone(service);
    http1::Builder::new()
        .timer(TokioTimer::new())
        // A client may have said all it has to say and still wait for the answer.
        .half_close(true)
        // Holds the largest header, and is what a connection may cost in memory.
        .max_buf_size(limits.header_size.saturating_add(REQUEST_LINE))
        .header_read_timeout(limits.header_time)
        .serve_connection(
            TokioIo::new(Box::pin(stream)),
            service_fn(move |request| {
                let service = Arc::clone(&service);
                async move { Ok::<_, std::convert::Infallible>(service.answer(request).await) }
            }),
        )
}
