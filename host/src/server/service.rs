//! One request: an id, the host's own limits, the sandbox, a log line.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Version, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Incoming};
use tokio::sync::Notify;
use tracing::Instrument;
use uuid::Uuid;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use super::limits::ServerLimits;
use super::page::Page;
use super::reply::Reply;
use super::response_body::{self, Line, Sent};
use super::stream::Phase;
use super::unread::Unread;
use super::{client, host_field, logged_path, request_body, trace_context};
use crate::imports::port::FromStore;
use crate::imports::telemetry::Subject;
use crate::metrics::Metrics;
use crate::process::clock;
use crate::process::log::{RequestFields, RequestLog};
use crate::sandbox::SandboxFailure;
use crate::swap::{InForce, Swap};
use crate::traces;

/// Correlates a response with the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// Answers requests through the sandbox.
pub(super) struct Service {
    swap: Arc<Swap>,
    metrics: Arc<Metrics>,
    limits: ServerLimits,
    page: Option<Page>,
    unread: Arc<Unread>,
    /// The `Keep-Alive` field: how long an idle connection is kept.
    keep_alive: HeaderValue,
}

/// What requests of one connection share.
pub(super) struct Connection {
    /// The address that opened it.
    pub(super) peer: SocketAddr,
    /// The address that it was opened to.
    pub(super) here: SocketAddr,
    /// What it is doing.
    pub(super) phase: Arc<Phase>,
    /// Closes it.
    close: Arc<Notify>,
}

impl Connection {
    /// One that `close` closes.
    pub(super) fn new(peer: SocketAddr, here: SocketAddr, close: Arc<Notify>) -> Self {
        Self {
            peer,
            here,
            phase: Arc::default(),
            close,
        }
    }
}

impl Service {
    pub(super) fn new(
        swap: Arc<Swap>,
        metrics: Arc<Metrics>,
        limits: ServerLimits,
        page: Option<Page>,
    ) -> Self {
        let unread = Unread::new(limits.unread_size);
        let keep_alive = format!("timeout={}", limits.keep_alive_time.as_secs());
        Self {
            swap,
            metrics,
            limits,
            page,
            unread,
            keep_alive: HeaderValue::try_from(keep_alive)
                .unwrap_or(HeaderValue::from_static("timeout=5")),
        }
    }

    /// Answers one request of this connection, whatever happens.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        connection: &Connection,
    ) -> Response<Sent> {
        connection.phase.request_begins();
        let id = clock::request_id();
        let in_force = self.swap.in_force();
        let mut fields = RequestFields {
            id,
            method: request.method().clone(),
            path: logged_path::loggable(request.uri().path()).to_owned(),
            component: in_force.digests.component.to_string(),
            trace: trace_context::id(request.headers()).map(str::to_owned),
        };
        let span = traces::begin(&mut fields, request.headers());
        let log = RequestLog::new(fields);
        let start = Instant::now();
        let origin = request.headers().get(header::ORIGIN).cloned();
        let peer = connection.peer.ip();
        let client = client::address(peer, request.headers(), &self.limits.trusted_proxies);
        let keeps_alive = keeps_alive(&request);
        let is_head = request.method() == Method::HEAD;
        let received = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&received);
        let watch = self.swap.shadow().watch(request.headers());
        let subject = Arc::new(Subject::new(watch.is_some()));
        let answering = self.forward(request, connection, &in_force, counter, &subject);
        let answering = answering.instrument(span.clone());
        let answered = log.clone().scope(answering).await;
        let mut response = answered.unwrap_or_else(|reply| {
            let mut response = reply.response();
            let fields = response.headers_mut();
            let origins = &in_force.cors_origins;
            fields.extend(coffer_cors::response_fields(origins, origin.as_ref()));
            response
        });
        let (status, time) = (response.status().as_u16(), start.elapsed());
        let (operation, area) = (subject.operation(), subject.area());
        self.metrics.answered(operation, area, status, time);
        let fields = response.headers_mut();
        let mut digits = Uuid::encode_buffer();
        let id = id.simple().encode_lower(&mut digits);
        if let Ok(id) = HeaderValue::from_str(id) {
            fields.insert(REQUEST_ID, id);
        }
        if keeps_alive {
            fields.insert(KEEP_ALIVE, self.keep_alive.clone());
        }
        if let Some(watch) = watch {
            watch.compare(subject.take_decisions(), log.clone());
        }
        let line = Line {
            log,
            span,
            client,
            operation: operation.0,
            area: area.0,
            status,
            start,
            time,
            received,
        };
        let phase = Arc::clone(&connection.phase);
        let size = in_memory(&response).filter(|_| !is_head);
        let held = size.and_then(|size| self.unread.hold(size, &connection.close));
        response.map(|body| response_body::observed(body, self.metrics.sent(), line, phase, held))
    }

    async fn forward(
        &self,
        request: Request<Incoming>,
        connection: &Connection,
        in_force: &InForce,
        received: Arc<AtomicU64>,
        subject: &Arc<Subject>,
    ) -> Result<Response<HyperOutgoingBody>, Reply> {
        // The body is wrapped first, because a refusal, too, must reach its client.
        let (mut head, body) = request.into_parts();
        let announced = body.size_hint().lower();
        let limits = &self.limits;
        let body = request_body::limited(body, &head.headers, limits);
        let total = self.metrics.received();
        let body = body.inspect_frame(move |frame| {
            let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
            received.fetch_add(bytes, Ordering::Relaxed);
            total.inc_by(bytes);
        });
        if size(&head.headers) > limits.header_size {
            return Err(Reply::HeadersTooLarge);
        }
        if announced > limits.body_size {
            return Err(Reply::TooLarge);
        }
        host_field::settle(
            &mut head.uri,
            head.version,
            &mut head.headers,
            connection.here,
            &limits.hosts,
        )?;
        if !is_understood(&head.headers) {
            return Err(Reply::UnknownCoding);
        }
        if let Some(page) = &self.page
            && let Some(place) = page.find(head.uri.path())
        {
            subject.set_page();
            let request = Request::from_parts(head, body.boxed_unsync());
            return Ok(page.answer(place, request, connection).await);
        }
        let mut part = traces::Part::sandbox();
        let request = Request::from_parts(head, body);
        let answered = in_force.sandbox.handle(request, subject).await;
        if let Some(part) = &mut part {
            let failed = answered.as_ref().err();
            part.outcome(
                failed.map_or("done", SandboxFailure::kind),
                failed.is_some(),
            );
        }
        match answered {
            Ok(response) => Ok(response),
            Err(SandboxFailure::Busy) => {
                tracing::warn!("queue timeout: no instance became free");
                Err(Reply::Unavailable)
            }
            Err(failure) => {
                tracing::error!(
                    kind = failure.kind(),
                    error = failure.to_string(),
                    "no response from the component"
                );
                Err(Reply::Internal)
            }
        }
    }
}

/// Whether the client may send another request on this connection (RFC 9112, 9.3).
fn keeps_alive<B>(request: &Request<B>) -> bool {
    let closes = |value: &HeaderValue| {
        let mut options = value.as_bytes().split(|byte| *byte == b',');
        options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
    };
    let mut connection = request.headers().get_all(header::CONNECTION).iter();
    request.version() == Version::HTTP_11 && !connection.any(closes)
}

/// The size of a body that is entirely in memory, if its header says: all except those that the
/// store sends, and those that are only described (RFC 9110, 8.6).
fn in_memory(response: &Response<HyperOutgoingBody>) -> Option<u64> {
    if response.extensions().get::<FromStore>().is_some() || response.body().is_end_stream() {
        return None;
    }
    let length = response.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// The size of the fields on the wire, in bytes.
fn size(fields: &HeaderMap) -> usize {
    // ": " and the line ending.
    fields
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum()
}

/// Whether the body is sent without a transfer coding or chunked once (RFC 9112, 6.1 and 7): with
/// any other coding, what arrives is not the file.
fn is_understood(fields: &HeaderMap) -> bool {
    let mut codings = fields.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}
