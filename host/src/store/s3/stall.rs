//! Ends an attempt whose upload makes no progress, as the SDK does for downloads.
//!
//! The SDK's own protection of uploads does not help: it watches when a body is asked for its
//! next bytes, and one in memory is handed over at once. Here it is handed over in small pieces,
//! the next when the connection has room.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_sdk_s3::config::http::HttpRequest;
use aws_sdk_s3::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_sdk_s3::error::ConnectorError;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// How much is handed over at once.
const PIECE: usize = 64 << 10;

/// No byte was sent for this long, and no answer came.
#[derive(Debug, thiserror::Error)]
#[error("the upload made no progress for {0:?}")]
struct Stalled(Duration);

/// This client, but an attempt to store or send a part fails after this time without progress,
/// which includes the wait for the answer. It is retried as after a broken connection.
///
/// Other requests have nothing to send that could stall. How long the service takes to copy or to
/// complete a large file is its own affair.
pub(super) fn watched(client: SharedHttpClient, limit: Duration) -> SharedHttpClient {
    http_client_fn(
        move |settings: &HttpConnectorSettings, components: &RuntimeComponents| {
            SharedHttpConnector::new(Watched {
                connector: client.http_connector(settings, components),
                limit,
            })
        },
    )
}

#[derive(Debug)]
struct Watched {
    connector: SharedHttpConnector,
    limit: Duration,
}

impl HttpConnector for Watched {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        if request.method() != "PUT" || request.headers().contains_key("x-amz-copy-source") {
            return self.connector.call(request);
        }
        let progress = Progress::default();
        let body = request.take_body();
        *request.body_mut() = SdkBody::from_body_1_x(Pieces {
            body,
            rest: Bytes::new(),
            progress: progress.clone(),
        });
        let (answer, limit) = (self.connector.call(request), self.limit);
        HttpConnectorFuture::new(async move {
            let mut answer = pin!(answer);
            loop {
                let end = progress.last() + limit;
                tokio::select! {
                    answer = &mut answer => return answer,
                    () = tokio::time::sleep_until(end) => {}
                }
                if progress.last() + limit <= Instant::now() {
                    return Err(ConnectorError::timeout(Box::new(Stalled(limit))));
                }
            }
        })
    }
}

/// When bytes were last handed over.
#[derive(Debug, Clone)]
struct Progress(Arc<Mutex<Instant>>);

impl Default for Progress {
    fn default() -> Progress {
        Progress(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Progress {
    fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

/// A body in small pieces.
struct Pieces {
    body: SdkBody,
    /// Taken from the body, not yet handed over.
    rest: Bytes,
    progress: Progress,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = aws_sdk_s3::error::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => self.rest = bytes,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        self.progress.note();
        let length = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, hint) = (self.rest.len() as u64, self.body.size_hint());
        let mut all = SizeHint::new();
        all.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            all.set_upper(upper + rest);
        }
        all
    }
}
