//! The HTTP client of the exporter.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Runtime;

/// How long the collector may take.
const TIME: Duration = Duration::from_secs(10);

/// Sends what the exporter has, from the exporter's own thread, with a runtime of its own: the
/// program's begins later and ends sooner. Says in the log when the collector does not take it, and
/// when it does again, once each.
#[derive(Debug)]
pub(super) struct Client {
    runtime: Runtime,
    client: reqwest::Client,
    is_failing: AtomicBool,
}

impl Client {
    pub(super) fn new() -> Result<Self, super::TracesError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(super::TracesError::NoRuntime)?;
        let client = reqwest::Client::builder()
            // The proxies of the environment are meant for S3.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIME)
            .build()
            .map_err(super::TracesError::NoClient)?;
        let is_failing = AtomicBool::new(false);
        Ok(Self {
            runtime,
            client,
            is_failing,
        })
    }

    async fn send(&self, request: Request<Bytes>) -> reqwest::Result<Response<Bytes>> {
        let request = reqwest::Request::try_from(request)?;
        let response = self.client.execute(request).await?.error_for_status()?;
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.body_mut() = response.bytes().await?;
        Ok(answer)
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.runtime.block_on(self.send(request));
        let fails = sent.is_err();
        let failed = self.is_failing.swap(fails, Ordering::Relaxed);
        match &sent {
            Err(error) if !failed => tracing::warn!(
                error = coffer_port::error::causes(error),
                "traces are dropped: they cannot be exported (--otlp-endpoint)"
            ),
            Ok(_) if failed => tracing::info!("traces are exported again"),
            _ => {}
        }
        Ok(sent?)
    }
}
