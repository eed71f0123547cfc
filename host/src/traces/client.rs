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
/// program's begins later and ends sooner. The exporter decides by the status what
/// to retry and what to drop (OTLP/HTTP, Failures). Logs once when exports begin to fail, and once when
/// they succeed again.
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
        let response = self.client.execute(request).await?;
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        *answer.body_mut() = response.bytes().await?;
        Ok(answer)
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.runtime.block_on(self.send(request));
        let error = match &sent {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("the collector responded {}", response.status())),
            Err(error) => Some(coffer_port::error::causes(error)),
        };
        let failed = self.is_failing.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) if !failed => tracing::warn!(
                error,
                "traces cannot be exported (--otlp-endpoint) and are dropped if retries fail too"
            ),
            None if failed => tracing::info!("traces are exported again"),
            _ => {}
        }
        Ok(sent?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn the_exporter_sees_the_status_to_decide_whether_to_retry() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let collector = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let _ = stream.read(&mut [0; 1024]);
            let answer =
                "HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer.as_bytes()).expect("sent");
        });
        let client = Client::new().expect("a client");
        let request = Request::post(url).body(Bytes::new()).expect("a request");
        let sent = client.send_bytes(request).now_or_never();
        let response = sent.expect("it blocks").expect("a response");
        assert_eq!(response.status(), http::StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["retry-after"], "7");
        assert!(client.is_failing.load(Ordering::Relaxed));
        collector.join().expect("answered");
    }
}
