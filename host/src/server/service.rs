//! One request: an id, the host's own limits, the sandbox, a line in the log.

use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header, uri};
use hyper::body::{Body, Incoming};
use tracing::{Instrument, Span};
use uuid::Uuid;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use super::reply::Reply;
use super::sent::Sent;
use super::{Limits, cors, label, request_body, trace};
use crate::clock;
use crate::counted::counted;
use crate::metrics::Metrics;
use crate::sandbox::Failure;
use crate::swap::{InForce, Swap};

/// Ties a response to the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Paths below it carry their own proof, which is nothing for a log.
const LINKS: &str = "/v1/links/";

/// Answers requests by way of a sandbox.
pub(super) struct Service {
    swap: Arc<Swap>,
    metrics: Arc<Metrics>,
    limits: Limits,
}

impl Service {
    pub(super) fn new(swap: Arc<Swap>, metrics: Arc<Metrics>, limits: Limits) -> Self {
        Self {
            swap,
            metrics,
            limits,
        }
    }

    /// Answers one request, whatever happens.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Sent> {
        let mut id = Uuid::encode_buffer();
        let id: &str = clock::request_id().simple().encode_lower(&mut id);
        let path = request.uri().path();
        let path = if path.starts_with(LINKS) { LINKS } else { path };
        let in_force = self.swap.in_force();
        let span = tracing::info_span!("request", %id, method = %request.method(), path,
            component = %in_force.digests.component, trace = trace::id(request.headers()));
        let (operation, area) = label::of(request.method(), request.uri().path());
        let start = Instant::now();
        let origin = request.headers().get(header::ORIGIN).cloned();
        let mut response = async {
            let response = match self.forward(request, &in_force).await {
                Ok(response) => response,
                Err(reply) => {
                    let mut response = reply.response();
                    cors::allow(
                        &in_force.cors_origins,
                        origin.as_ref(),
                        response.headers_mut(),
                    );
                    response
                }
            };
            let (status, time) = (response.status().as_u16(), start.elapsed());
            self.metrics.answered(operation, area, status, time);
            let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            tracing::info!(status, micros, "answered");
            response.map(|body| Sent::new(body, self.metrics.sent(), Span::current()))
        }
        .instrument(span)
        .await;
        if let Ok(id) = HeaderValue::from_str(id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }

    async fn forward(
        &self,
        request: Request<Incoming>,
        in_force: &InForce,
    ) -> Result<Response<HyperOutgoingBody>, Reply> {
        // The body is wrapped first: a refusal, too, has to reach its client.
        let (head, body) = request.into_parts();
        let announced = body.size_hint().lower();
        let limits = &self.limits;
        let body = request_body::limited(body, &head.headers, limits.body_size, limits.idle_time);
        let received = self.metrics.received();
        let body = counted(body, move |bytes| _ = received.inc_by(bytes));
        if size(&head.headers) > limits.header_size {
            return Err(Reply::HeadersTooLarge);
        }
        if announced > limits.body_size {
            return Err(Reply::TooLarge);
        }
        if !names_a_host(&head.uri, &head.headers) {
            return Err(Reply::BadRequest);
        }
        if !is_understood(&head.headers) {
            return Err(Reply::UnknownCoding);
        }
        match in_force
            .sandbox
            .handle(Request::from_parts(head, body))
            .await
        {
            Ok(response) => Ok(response),
            Err(Failure::Busy) => {
                tracing::warn!("no instance came free");
                Err(Reply::Unavailable)
            }
            Err(failure) => {
                tracing::error!(
                    kind = failure.kind(),
                    error = failure.to_string(),
                    "no answer from the component"
                );
                Err(Reply::Internal)
            }
        }
    }
}

/// What the fields take on the wire, in bytes.
fn size(fields: &HeaderMap) -> usize {
    // ": " and the line's end.
    fields
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum()
}

/// Whether the body comes as it is or in chunks (RFC 9112, 7): with any other coding
/// before them, what arrives is not the file.
fn is_understood(fields: &HeaderMap) -> bool {
    let codings = fields.get_all(header::TRANSFER_ENCODING);
    codings
        .iter()
        .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
}

/// Whether a request says whom it is for, in exactly one way (RFC 9112, 3.2).
fn names_a_host(target: &uri::Uri, fields: &HeaderMap) -> bool {
    let mut hosts = fields.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => target.authority().is_some_and(is_host),
        (Some(host), None) => {
            uri::Authority::try_from(host.as_bytes()).is_ok_and(|host| is_host(&host))
        }
        (Some(_), Some(_)) => false,
    }
}

/// Whether an authority is a host with at most a port (RFC 9110, 4.2.4: no user).
fn is_host(authority: &uri::Authority) -> bool {
    let host = authority.host();
    let rest = authority.as_str().strip_prefix(host);
    let port = rest.is_some_and(|rest| rest.is_empty() || authority.port_u16().is_some());
    !host.is_empty() && port
}
