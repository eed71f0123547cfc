//! An answer's body on its way out: counted, and missed where it breaks off.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use prometheus_client::metrics::counter::Counter;
use tracing::Span;
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

/// A body that counts its bytes, and that has a line in the log of its request where it
/// does not come to its end.
pub struct Sent {
    body: HyperOutgoingBody,
    bytes: Counter,
    request: Span,
}

impl Sent {
    /// Counts what is sent in answer to the request of this span.
    pub(super) fn new(body: HyperOutgoingBody, bytes: Counter, request: Span) -> Self {
        Self {
            body,
            bytes,
            request,
        }
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
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.bytes.inc_by(bytes as u64);
            }
            Some(Err(error)) => self
                .request
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
