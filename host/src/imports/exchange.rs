//! A request's header and responses that the component makes itself (`wit/exchange.wit`).

use std::time::SystemTime;

use bytes::Bytes;
use coffer_port::exchange::content_length;
use futures_util::stream;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use wasmtime::component::{HasData, Resource};
use wasmtime::{ensure, format_err};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi_http::p2::bindings::http::types::HostIncomingRequest as _;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::p2::types::{HostIncomingRequest, HostResponseOutparam};
use wasmtime_wasi_http::{DEFAULT_FORBIDDEN_HEADERS, WasiHttpCtxView};

use crate::bindings::coffer::storage::exchange::{Head, Host};

/// How much of a body hyper is given at once, in bytes. It buffers up to 16 such pieces.
const PIECE: usize = 16 << 10;
/// The maximum size of a response's fields, in bytes: more than clients accept.
const MAX_FIELDS: usize = 128 << 10;
/// How many fields the host adds: Content-Length, X-Request-Id and Keep-Alive.
const ADDED: usize = 3;

/// Gives the linker an [`ExchangeView`] of a request's state.
pub struct Exchange;

impl HasData for Exchange {
    type Data<'a> = ExchangeView<'a>;
}

/// The request and its response, during one call of the component.
pub struct ExchangeView<'a> {
    /// The request's resources of `wasi:http`.
    pub http: WasiHttpCtxView<'a>,
}

impl Host for ExchangeView<'_> {
    fn read_head(&mut self, request: Resource<HostIncomingRequest>) -> wasmtime::Result<Head> {
        let request = || Resource::new_borrow(request.rep());
        let fields = self.http.headers(request())?;
        let fields = self.http.table.delete(fields)?;
        let headers = fields
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
        Ok(Head {
            method: self.http.method(request())?,
            target: self.http.path_with_query(request())?,
            headers: headers.collect(),
            now: datetime(SystemTime::now()),
        })
    }

    fn respond(
        &mut self,
        out: Resource<HostResponseOutparam>,
        status: u16,
        headers: Vec<(String, Vec<u8>)>,
        body: Vec<u8>,
    ) -> wasmtime::Result<()> {
        let (stated, headers) = headers
            .into_iter()
            .partition::<Vec<_>, _>(|(name, _)| name.eq_ignore_ascii_case(CONTENT_LENGTH.as_str()));
        let mut fields = fields(headers)?;
        let stated: Vec<_> = stated.into_iter().map(|(_, value)| value).collect();
        if let Some(length) = content_length(status, &stated, body.len())? {
            fields.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        let out = self.http.table.delete(out)?;
        let mut response = Response::new(whole(body.into()));
        *response.status_mut() = StatusCode::from_u16(status)?;
        *response.headers_mut() = fields;
        (out.send)(Ok(response));
        Ok(())
    }
}

/// The fields of a response whose length and framing are the host's.
///
/// # Errors
/// A field is invalid or the host's, or they are too large.
pub fn fields(headers: Vec<(String, Vec<u8>)>) -> wasmtime::Result<HeaderMap> {
    let size: usize = headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    ensure!(size <= MAX_FIELDS, "header fields of {size} bytes");
    let count = headers.len();
    let mut map = HeaderMap::try_with_capacity(count + ADDED)
        .map_err(|_| format_err!("{count} header fields"))?;
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes())?;
        let framing = DEFAULT_FORBIDDEN_HEADERS.contains(&name);
        ensure!(
            !framing && name != CONTENT_LENGTH,
            "only the host sets `{name}`"
        );
        map.try_append(name, HeaderValue::from_maybe_shared(Bytes::from(value))?)?;
    }
    Ok(map)
}

/// Bytes that are already in memory, as a body. hyper takes no more of it than it can send soon, so
/// that what its client has not read counts as unread.
pub fn whole(mut bytes: Bytes) -> HyperOutgoingBody {
    if bytes.len() <= PIECE {
        return Full::new(bytes)
            .map_err(|never| match never {})
            .boxed_unsync();
    }
    let pieces = std::iter::from_fn(move || {
        let piece = bytes.split_to(bytes.len().min(PIECE));
        (!piece.is_empty()).then_some(Ok(Frame::data(piece)))
    });
    StreamBody::new(stream::iter(pieces)).boxed_unsync()
}

/// A time before 1970, which only a wrong clock gives, counts as 1970.
pub fn datetime(time: SystemTime) -> Datetime {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Datetime {
        seconds: since.as_secs(),
        nanoseconds: since.subsec_nanos(),
    }
}
