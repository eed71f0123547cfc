//! An answer's body on its way out: counted, missed where it breaks off, and with the
//! request's line in the log at its end.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use prometheus_client::metrics::counter::Counter;
use tracing::Span;
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use super::stream::Phase;
use super::unread::Held;

/// A body that counts its bytes, and that ends its request where it ends.
pub struct Sent {
    body: HyperOutgoingBody,
    total: Counter,
    sent: u64,
    line: Line,
    phase: Arc<Phase>,
    _held: Option<Held>,
}

/// What the log has of a request once it is over.
pub(super) struct Line {
    /// Its id, method and path.
    pub(super) span: Span,
    /// Who sent it.
    pub(super) client: IpAddr,
    /// What it asked for.
    pub(super) operation: &'static str,
    /// Whose files it was about.
    pub(super) area: &'static str,
    /// What it was answered with.
    pub(super) status: u16,
    /// When its header was there.
    pub(super) start: Instant,
    /// From there to the head of its answer.
    pub(super) time: Duration,
    /// Bytes of its body.
    pub(super) received: Arc<AtomicU64>,
}

impl Sent {
    /// Counts in `total`, too, and tells the connection at its end. Until then `held` is
    /// held.
    pub(super) fn new(
        body: HyperOutgoingBody,
        total: Counter,
        line: Line,
        phase: Arc<Phase>,
        held: Option<Held>,
    ) -> Self {
        Self {
            body,
            total,
            sent: 0,
            line,
            phase,
            _held: held,
        }
    }
}

impl Line {
    fn write(&self, sent: u64) {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let received = self.received.load(Ordering::Relaxed);
        self.span.in_scope(|| {
            tracing::info!(client = %self.client, operation = self.operation, area = self.area,
                status = self.status, received, sent,
                micros = micros(self.time), total_micros = micros(self.start.elapsed()),
                "answered");
        });
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
                self.total.inc_by(bytes);
                self.sent += bytes;
            }
            Some(Err(error)) => self
                .line
                .span
                .in_scope(|| tracing::error!(kind = "broken", %error, "the response broke off")),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.line.write(self.sent);
        self.phase.request_ends();
    }
}
