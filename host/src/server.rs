//! Accepts connections and speaks HTTP/1.1 on them, within limits.

mod client;
mod host_field;
mod limits;
mod logged_path;
mod page;
mod reply;
mod request_body;
mod response_body;
mod service;
mod stream;
mod trace_context;
mod unread;
mod workers;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;

use crate::metrics::Metrics;
use crate::swap::Swap;
use service::{Connection, Service};
use stream::{ClientStream, Times};

pub use host_field::Hosts;
pub use limits::ServerLimits;
pub use page::Page;
pub use workers::Workers;

/// Pause before accepting again after a failure, such as running out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How much of the time for a graceful shutdown is for resumable uploads to be suspended.
const SUSPENDING: Duration = Duration::from_secs(10);

/// Room for the request line, in bytes: hyper accepts targets of up to 64 KiB.
const REQUEST_LINE: usize = 64 << 10;

/// Max bytes per connection that the kernel holds unsent: more would be memory for slow clients,
/// and would hide how slow they are.
const UNSENT: u32 = 128 << 10;

/// Serves until `shutdown` resolves. Then a graceful shutdown: the listener is closed, requests in
/// progress finish, and those that do not within [`ServerLimits::shutdown_time`] are aborted; a
/// little earlier resumable uploads are suspended.
///
/// Returns whether everything was finished.
pub async fn run(
    listener: TcpListener,
    workers: &Workers,
    swap: Arc<Swap>,
    metrics: Arc<Metrics>,
    limits: ServerLimits,
    page: Option<Page>,
    shutdown: impl Future<Output = ()>,
) -> bool {
    let here = listener.local_addr();
    let here = here.unwrap_or_else(|_| SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    let room = Arc::new(Semaphore::new(limits.connections));
    let service = Service::new(
        Arc::clone(&swap),
        Arc::clone(&metrics),
        limits.clone(),
        page,
    );
    let service = Arc::new(service);
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
                (Ok(place), Ok((socket, peer))) => {
                    let close = Arc::<Notify>::default();
                    let about = Connection::new(peer, here, Arc::clone(&close));
                    let counted = metrics.connection();
                    let broken_off = broken_off.clone();
                    let given = workers.give(socket, |socket| {
                        let connection = connection(socket, about, &service, &limits);
                        let served = serve(open.watch(connection), broken_off, close, peer);
                        async move {
                            served.await;
                            drop((place, counted));
                        }
                    });
                    if let Err(error) = given {
                        tracing::warn!(%error, "a connection could not be served");
                    }
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
    tracing::info!(connections = open.count(), "graceful shutdown started");
    let suspending = SUSPENDING.min(limits.shutdown_time / 2);
    let mut finished = std::pin::pin!(open.shutdown());
    let mut in_time = timeout(limits.shutdown_time - suspending, &mut finished).await;
    if in_time.is_err() {
        swap.suspend_uploads();
        in_time = timeout(suspending, finished).await;
    }
    drop(break_off);
    in_time.is_ok()
}

/// Serves a connection to its end, until `broken_off` changes or until it is told to `close`.
async fn serve(
    connection: impl Future<Output = hyper::Result<()>>,
    mut broken_off: watch::Receiver<()>,
    close: Arc<Notify>,
    peer: SocketAddr,
) {
    tokio::select! {
        ended = connection => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        }
        _ = broken_off.changed() => {}
        () = close.notified() => {
            tracing::warn!(
                client = %peer.ip(),
                "a response was dropped: its client did not read it (--max-unread-answers)"
            );
        }
    }
}

/// HTTP/1.1 on one connection.
fn connection(
    socket: TcpStream,
    about: Connection,
    service: &Arc<Service>,
    limits: &ServerLimits,
) -> impl GracefulConnection<Error = hyper::Error> + Send + use<> {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    if let Err(error) = SockRef::from(&socket).set_tcp_notsent_lowat(UNSENT) {
        tracing::debug!(%error, "TCP_NOTSENT_LOWAT");
    }
    let times = Times {
        header: limits.header_time,
        keep_alive: limits.keep_alive_time,
    };
    let stream = ClientStream::new(socket, Arc::clone(&about.phase), times);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write_time(limits)));
    let service = Arc::clone(service);
    let connection = Arc::new(about);
    http1::Builder::new()
        // A client may close its sending side and still wait for the response.
        .half_close(true)
        // Holds the largest header, and bounds the memory of a connection.
        .max_buf_size(limits.header_size.saturating_add(REQUEST_LINE))
        .header_read_timeout(None)
        .serve_connection(
            TokioIo::new(Box::pin(stream)),
            service_fn(move |request| {
                let (service, connection) = (Arc::clone(&service), Arc::clone(&connection));
                async move {
                    let answer = service.answer(request, &connection).await;
                    Ok::<_, std::convert::Infallible>(answer)
                }
            }),
        )
}

/// How long a client may read nothing of what is ready for it. The kernel reports room again once
/// half of [`UNSENT`] is sent, which takes a slow client a while.
fn write_time(limits: &ServerLimits) -> Duration {
    let rate = limits.min_rate.max(1);
    let slowest = Duration::from_secs(u64::from(UNSENT) / 2 / rate);
    match limits.min_rate {
        0 => limits.idle_time,
        _ => limits.idle_time.max(slowest),
    }
}
