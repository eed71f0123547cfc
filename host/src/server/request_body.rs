//! A request's body on its way to the sandbox: its limits, and how an unwanted body is drained.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{HeaderMap, header};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tower_http::timeout::{TimeoutBody, TimeoutError};
use wasmtime_wasi_http::{Error, WasiBody};

use super::limits::ServerLimits;
use crate::observed_body::{Polled, Watch, Watched};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How long an unwanted body is drained, so that the client reads its refusal instead of a reset
/// connection.
const LINGER: Duration = Duration::from_secs(30);
/// The longest pause of a client during that time.
const LINGER_IDLE: Duration = Duration::from_secs(2);

/// The body with its limits applied: its size, the idle timeout and the minimum rate.
pub(super) fn limited(body: Incoming, fields: &HeaderMap, limits: &ServerLimits) -> WasiBody {
    if body.is_end_stream() {
        return Empty::new().map_err(|never| match never {}).boxed_unsync();
    }
    let lingering = Lingering {
        body: Some(body),
        asked: !fields.contains_key(header::EXPECT),
    };
    let size = limits.body_size;
    let size_limit = usize::try_from(size).unwrap_or(usize::MAX);
    let limited = Limited::new(lingering, size_limit);
    let paced = Watched::new(limited, Pace::new(limits.min_rate, limits.idle_time));
    // Boxed, since the timeout's own state must not move.
    TimeoutBody::new(limits.idle_time, paced)
        .map_err(move |error| meaning(error, size))
        .boxed_unsync()
}

/// The error of the layer that failed, in the sandbox's terms.
fn meaning(error: BoxError, limit: u64) -> Error {
    if error.is::<TimeoutError>() || error.is::<TooSlow>() {
        return Error::ConnectionReadTimeout;
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error.as_ref());
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return Error::HttpRequestBodySize(Some(limit));
        }
        cause = error.source();
    }
    Error::HttpProtocolError
}

/// A client that is slower than the minimum rate.
#[derive(Debug, thiserror::Error)]
#[error("the client sends too slowly")]
struct TooSlow;

/// Fails a body whose client sends too slowly, averaged over the time spent waiting for it. Time
/// that the store needs does not count.
struct Pace {
    /// In bytes per second; 0 is no minimum.
    rate: u64,
    /// The minimum time over which the rate is averaged.
    window: Duration,
    since: Option<Instant>,
    waited: Duration,
    arrived: u64,
}

impl Pace {
    fn new(rate: u64, window: Duration) -> Self {
        Self {
            rate,
            window,
            since: None,
            waited: Duration::ZERO,
            arrived: 0,
        }
    }

    /// Whether the rate is kept with these bytes and the time spent waiting for them.
    fn is_kept(&mut self, bytes: usize) -> bool {
        self.arrived += bytes as u64;
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
        if self.waited < self.window {
            return true;
        }
        let due = u128::from(self.rate) * self.waited.as_millis() / 1000;
        let enough = u128::from(self.arrived) >= due;
        (self.waited, self.arrived) = (Duration::ZERO, 0);
        enough
    }
}

impl Watch<BoxError> for Pace {
    fn polled(&mut self, polled: Polled<BoxError>) -> Polled<BoxError> {
        match &polled {
            Poll::Pending => _ = self.since.get_or_insert_with(Instant::now),
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                if self.rate > 0 && !self.is_kept(bytes) {
                    return Poll::Ready(Some(Err(TooSlow.into())));
                }
            }
            Poll::Ready(_) => {}
        }
        polled
    }
}

/// A body that, dropped before its end, is still drained for a while.
///
/// Otherwise hyper closes the connection on a client that is still sending, and
/// the client sees a reset rather than the response.
struct Lingering {
    body: Option<Incoming>,
    /// Whether the client sends without waiting for 100 Continue (RFC 9110, 10.1.1): one that waits
    /// must not get it for an unwanted body.
    asked: bool,
}

impl Body for Lingering {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.asked = true;
        let Some(body) = self.body.as_mut() else {
            return Poll::Ready(None);
        };
        let frame = Pin::new(body).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let Some(mut body) = self.body.take() else {
            return;
        };
        if !self.asked || body.is_end_stream() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        runtime.spawn(tokio::time::timeout(LINGER, async move {
            while let Ok(Some(Ok(_))) = tokio::time::timeout(LINGER_IDLE, body.frame()).await {}
        }));
    }
}
