//! A request's body on its way to the sandbox: its limits, and its end when
//! nobody wants it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, header};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tower_http::timeout::{TimeoutBody, TimeoutError};
use wasmtime_wasi_http::{Error, WasiBody};

/// How long an unwanted body is taken in, so that the client reads its refusal
/// instead of a reset connection.
const LINGER: Duration = Duration::from_secs(30);
/// The longest pause of a client meanwhile.
const LINGER_IDLE: Duration = Duration::from_secs(2);

/// The body with its limits applied: at most `size` bytes, no pause over `idle`.
pub(super) fn limited(body: Incoming, fields: &HeaderMap, size: u64, idle: Duration) -> WasiBody {
    if body.is_end_stream() {
        return Empty::new().map_err(|never| match never {}).boxed_unsync();
    }
    let lingering = Lingering {
        body: Some(body),
        asked: !fields.contains_key(header::EXPECT),
    };
    let size_limit = usize::try_from(size).unwrap_or(usize::MAX);
    let limited = Limited::new(lingering, size_limit);
    // Boxed, since the timeout's own state must not move.
    TimeoutBody::new(idle, limited)
        .map_err(move |error| meaning(error, size))
        .boxed_unsync()
}

/// The error of whichever layer failed, in the sandbox's terms.
fn meaning(error: Box<dyn std::error::Error + Send + Sync>, limit: u64) -> Error {
    if error.is::<TimeoutError>() {
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

/// A body that, dropped before its end, is still taken in for a while.
///
/// Otherwise hyper closes the connection on a client that is still sending, and
/// the client sees a reset rather than the answer.
struct Lingering {
    body: Option<Incoming>,
    /// Whether the client sends without being told to (RFC 9110, 10.1.1): one that
    /// waits for 100 (Continue) must not get it for a body that nobody wants.
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
