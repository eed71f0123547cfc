//! A response body on its way out: counted, logged if it is cut short, and followed by the
//! request's log line.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use tracing::Span;
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use super::stream::Phase;
use super::unread::UnreadGuard;
use crate::observed_body::{Polled, Watch, Watched};
use crate::process::log::RequestLog;
use crate::traces::{self, Answered};

/// A body that counts its bytes, and whose end is the end of the request.
pub type Sent = Watched<HyperOutgoingBody, Sending>;

/// Counts in `total`, too, and notifies the connection at the body's end. Until then `held` is
/// kept.
pub(super) fn observed(
    body: HyperOutgoingBody,
    total: Counter,
    line: Line,
    phase: Arc<Phase>,
    held: Option<UnreadGuard>,
) -> Sent {
    let sending = Sending {
        total,
        sent: 0,
        line,
        phase,
        _held: held,
    };
    Watched::new(body, sending)
}

/// A request whose response is being sent.
pub struct Sending {
    total: Counter,
    sent: u64,
    line: Line,
    phase: Arc<Phase>,
    _held: Option<UnreadGuard>,
}

/// The log line of a finished request.
pub(super) struct Line {
    /// Logs for it.
    pub(super) log: RequestLog,
    /// Its trace's span.
    pub(super) span: Span,
    /// Who sent it.
    pub(super) client: IpAddr,
    /// Its operation.
    pub(super) operation: &'static str,
    /// The area that it was about.
    pub(super) area: &'static str,
    /// The status of its response.
    pub(super) status: u16,
    /// When its header had arrived.
    pub(super) start: Instant,
    /// From then to the header of its response.
    pub(super) time: Duration,
    /// Bytes of its body.
    pub(super) received: Arc<AtomicU64>,
}

impl Line {
    fn write(&self, sent: u64) {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let received = self.received.load(Ordering::Relaxed);
        self.log.in_scope(|| {
            tracing::info!(client = %self.client, operation = self.operation, area = self.area,
                status = self.status, received, sent,
                micros = micros(self.time), total_micros = micros(self.start.elapsed()),
                "answered");
        });
        let answered = Answered {
            operation: self.operation,
            area: self.area,
            status: self.status,
            received,
            sent,
            client: self.client,
        };
        traces::end(&self.span, &answered);
    }
}

impl Watch<Error> for Sending {
    fn polled(&mut self, polled: Polled<Error>) -> Polled<Error> {
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
                self.total.inc_by(bytes);
                self.sent += bytes;
            }
            Poll::Ready(Some(Err(error))) => self.line.log.in_scope(
                || tracing::error!(kind = "broken", %error, "the response was cut short"),
            ),
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.line.write(self.sent);
        self.phase.request_ends();
    }
}
