//! Exports spans by OTLP over HTTP, in batches, on a thread of its own.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry::{Key, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;

use super::client::Client;
use super::{REQUEST, TRACER};
use crate::process::log::SpanLayer;

/// How long a shutdown waits for the last batch.
const LAST: Duration = Duration::from_secs(5);

/// Where the collector receives traces: the base URL, to which `/v1/traces` is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(String);

/// Not a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an http or https URL, such as http://127.0.0.1:4318")]
pub struct EndpointError;

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let url: http::Uri = text.parse().map_err(|_| EndpointError)?;
        let is_http = matches!(url.scheme_str(), Some("http" | "https"));
        if !is_http || url.host().is_none_or(str::is_empty) || text.contains(['?', '#', '@']) {
            return Err(EndpointError);
        }
        Ok(Self(format!("{}/v1/traces", text.trim_end_matches('/'))))
    }
}

/// Why traces cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// No thread for it.
    #[error("the async runtime for traces cannot be started: {0}")]
    NoRuntime(io::Error),
    /// Its HTTP client, such as for want of certificates.
    #[error("the HTTP client for traces cannot be started: {0}")]
    NoClient(reqwest::Error),
    /// Its own settings, in variables `OTEL_…`.
    #[error("traces cannot be exported: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

/// Exports until it is dropped, and then what is left.
pub struct Exporter(SdkTracerProvider);

impl Drop for Exporter {
    fn drop(&mut self) {
        // That the collector is gone has been logged.
        let _ = self.0.shutdown_with_timeout(LAST);
    }
}

/// Starts the export. The layer takes the spans of requests from the log.
///
/// # Errors
/// See [`TracesError`].
pub fn start(endpoint: &Endpoint) -> Result<(Exporter, SpanLayer), TracesError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new()?)
        .with_endpoint(&endpoint.0)
        .with_protocol(Protocol::HttpBinary)
        .build()?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource())
        .build();
    let tracer = provider.tracer("coffer");
    let layer = OpenTelemetryLayer::new(tracer.clone())
        // Spans are found by the log's own means, which tasks carry along.
        .with_context_activation(false)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(|about| {
            about.is_span() && about.name() == REQUEST
        }));
    // There is only one.
    let _ = TRACER.set(tracer);
    Ok((Exporter(provider), layer.boxed()))
}

/// What exports: `coffer`, unless `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` name it.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version);
    let named = Resource::builder().build().get(&Key::new("service.name"));
    match named {
        Some(name) if !name.as_str().starts_with("unknown_service") => resource.build(),
        _ => resource.with_service_name("coffer").build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_url_below_which_traces_are_sent() {
        for (text, expected) in [
            (
                "http://127.0.0.1:4318",
                Some("http://127.0.0.1:4318/v1/traces"),
            ),
            (
                "https://otel.example/in/",
                Some("https://otel.example/in/v1/traces"),
            ),
            ("127.0.0.1:4318", None),
            ("ftp://otel.example", None),
            ("http://otel.example/?a", None),
            ("http://user@otel.example", None),
            ("", None),
        ] {
            let read = text.parse::<Endpoint>().map(|endpoint| endpoint.0);
            assert_eq!(read.ok().as_deref(), expected, "{text}");
        }
    }
}
