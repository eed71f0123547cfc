//! Traces of requests, exported by OTLP if `--otlp-endpoint` is given. Without it, nothing here is
//! installed, and each request asks one variable that is not set.
//!
//! | span | is | attributes |
//! |---|---|---|
//! | `OPERATION AREA` | a request, to the end of its response | method, status, bytes, client, `coffer.operation`, `coffer.area`, and the log's `id`, `path`, `component` |
//! | `sandbox` | its time in the component | `coffer.outcome` |
//! | `engine CALL` | a call of the storage engine | `coffer.outcome` |
//!
//! The log has no spans of its own, so that its lines are the same with and without traces.

mod client;
mod exporter;

use std::sync::OnceLock;

use http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Span as _, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, Span as SdkSpan};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::process::log::RequestFields;

pub use exporter::{Endpoint, TracesError, start};

/// The name of the span of a request, the only `tracing` span that is exported.
pub const REQUEST: &str = "request";

/// Set once, before the first request, if traces are exported.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Starts the span of a request: a child of the span in its `traceparent` field if that is valid,
/// else the root of a new trace. If traces are not exported, the span is disabled.
pub fn begin(request: &mut RequestFields, fields: &HeaderMap) -> Span {
    if TRACER.get().is_none() {
        return Span::none();
    }
    let span = tracing::info_span!(
        "request",
        id = %request.id.simple(),
        method = %request.method,
        path = request.path,
        component = request.component,
        trace = request.trace,
    );
    if request.trace.is_some() {
        let caller = TraceContextPropagator::new().extract(&HeaderExtractor(fields));
        // Only a span that is new can be without it, which this one is.
        let _ = span.set_parent(caller);
    } else {
        let context = span.context();
        let trace = context.span().span_context().trace_id().to_string();
        span.record("trace", &trace);
        request.trace = Some(trace);
    }
    span
}

/// What is known at the end of a request.
pub struct Answered {
    /// What it did.
    pub operation: &'static str,
    /// On whose files.
    pub area: &'static str,
    /// The response's status.
    pub status: u16,
    /// Bytes of the request's body.
    pub received: u64,
    /// Bytes of the response's body.
    pub sent: u64,
    /// Who asked.
    pub client: std::net::IpAddr,
}

/// Ends the span of a request.
pub fn end(span: &Span, answered: &Answered) {
    if TRACER.get().is_none() {
        return;
    }
    let context = span.context();
    let span = context.span();
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    span.update_name(format!("{} {}", answered.operation, answered.area));
    span.set_attributes([
        KeyValue::new("coffer.operation", answered.operation),
        KeyValue::new("coffer.area", answered.area),
        KeyValue::new("http.response.status_code", i64::from(answered.status)),
        KeyValue::new("http.request.body.size", count(answered.received)),
        KeyValue::new("http.response.body.size", count(answered.sent)),
        KeyValue::new("client.address", answered.client.to_string()),
    ]);
    if answered.status >= 500 {
        span.set_status(Status::error(""));
    }
    span.end();
}

/// A part of a request, which ends when this is dropped.
pub struct Part(Box<SdkSpan>);

impl Part {
    /// Has the request, whose span is the current one, wait for the component.
    pub fn sandbox() -> Option<Self> {
        Self::begin(|| "sandbox".to_owned(), SpanKind::Internal)
    }

    /// Has it wait for the storage engine.
    pub fn engine(call: &'static str) -> Option<Self> {
        Self::begin(|| format!("engine {call}"), SpanKind::Client)
    }

    fn begin(name: impl FnOnce() -> String, kind: SpanKind) -> Option<Self> {
        let tracer = TRACER.get()?;
        let parent: Context = Span::current().context();
        // What nobody asked for, such as a sweep, has no trace.
        if !parent.span().span_context().is_sampled() {
            return None;
        }
        let part = tracer.span_builder(name()).with_kind(kind);
        Some(Self(Box::new(part.start_with_context(tracer, &parent))))
    }

    /// Says how it went.
    pub fn outcome(&mut self, outcome: &'static str, failed: bool) {
        self.0
            .set_attribute(KeyValue::new("coffer.outcome", outcome));
        if failed {
            self.0.set_status(Status::error(""));
        }
    }
}
