//! Every answer is held against the OpenAPI document that the server itself gives: whether it
//! describes the operation, the status, the header fields, the type and the document.
//!
//! Left out are
//! - answers of servers with a component of the test's own, and of anything but Coffer;
//! - answers to what is not below `/v1/`;
//! - answers of the HTTP layer to what it cannot parse: they have no `X-Request-Id`, or on another
//!   platform no `X-Content-Type-Options`;
//! - requests that a [`Connection`](super::Connection) sends in pieces.
//!
//! `COFFER_TEST_ANSWERS=FILE` lists the others there.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

use http::Extensions;
use reqwest::header::HeaderMap;
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next};

use super::document::Document;
use super::{Platform, Setup, raw};

/// What the shipped component says of itself.
static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let server = Setup::public_only().undescribed().start();
    let request = "GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let (status, _, body) = raw(server.address(), request.as_bytes());
    assert_eq!(status, 200);
    Document::new(serde_json::from_slice(&body).unwrap())
});

/// The addresses (`ADDR:PORT`) of running servers whose answers are checked.
static SERVERS: Mutex<Option<HashSet<String>>> = Mutex::new(None);

fn servers<T>(act: impl FnOnce(&mut HashSet<String>) -> T) -> T {
    let mut servers = SERVERS.lock().unwrap_or_else(PoisonError::into_inner);
    act(servers.get_or_insert_default())
}

/// From now on the answers of the server at this address are checked.
pub(super) fn begin(address: &str) {
    servers(|servers| servers.insert(address.to_owned()));
}

/// Another server may get this address.
pub(super) fn end(address: &str) {
    servers(|servers| servers.remove(address));
}

/// Whether this answer of the server at this address is to be checked.
fn concerns(address: &str, path: &str, status: u16, headers: &HeaderMap) -> bool {
    let own = if Platform::is_ours() {
        "x-request-id"
    } else {
        "x-content-type-options"
    };
    let is_own = headers.contains_key(own) || status < 400;
    path.starts_with("/v1/") && is_own && servers(|servers| servers.contains(address))
}

/// Checks the answer to a request that was sent as bytes.
pub(super) fn check_raw(address: &str, request: &[u8], answer: &(u16, HeaderMap, Vec<u8>)) {
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or(&[]);
    let Ok(line) = std::str::from_utf8(line) else {
        return;
    };
    let [method, target, _] = line.split(' ').collect::<Vec<_>>()[..] else {
        return;
    };
    let path = target.split('?').next().unwrap_or_default();
    let (status, headers, body) = answer;
    if concerns(address, path, *status, headers) {
        let found = DOCUMENT.response(method, path, *status);
        let found = found.and_then(|response| {
            response.check_fields(headers)?;
            response.check_body(headers, body)
        });
        settle(method, path, *status, found);
    }
}

/// Checks the answers to the requests of a client.
pub(super) struct Described;

#[async_trait::async_trait]
impl Middleware for Described {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let (method, url) = (meant(&request), request.url().clone());
        let response = next.run(request, extensions).await?;
        let address = format!(
            "{}:{}",
            url.host_str().unwrap_or_default(),
            url.port().unwrap_or_default()
        );
        let (path, status) = (url.path(), response.status().as_u16());
        // One that was followed to somewhere else is not Coffer's.
        if *response.url() != url || !concerns(&address, path, status, response.headers()) {
            return Ok(response);
        }
        let found = DOCUMENT.response(&method, path, status);
        let found = found.and_then(|described| {
            described.check_fields(response.headers())?;
            Ok(described)
        });
        let described = match found {
            Ok(described) if described.reads_body(response.headers()) => described,
            found => {
                settle(&method, path, status, found.map(drop));
                return Ok(response);
            }
        };
        let headers = response.headers().clone();
        let mut rebuilt = http::Response::builder().status(status);
        rebuilt.headers_mut().unwrap().clone_from(&headers);
        let body = response.bytes().await?;
        let found = described.check_body(&headers, &body);
        settle(&method, path, status, found);
        Ok(Response::from(rebuilt.body(body).unwrap()))
    }
}

/// The method of a request, which tus clients may have to say in a field.
fn meant(request: &Request) -> String {
    let field = |name| request.headers().get(name)?.to_str().ok();
    match field("x-http-method-override") {
        Some(meant @ ("HEAD" | "PATCH" | "DELETE"))
            if field("tus-resumable").is_some() && request.url().path().contains("/uploads/") =>
        {
            meant.to_owned()
        }
        _ => request.method().to_string(),
    }
}

fn settle(method: &str, path: &str, status: u16, found: Result<(), String>) {
    if let Err(deviation) = found {
        panic!("openapi.json does not describe {method} {path}: {status}, {deviation}");
    }
    if let Some(file) = std::env::var_os("COFFER_TEST_ANSWERS") {
        let operation = DOCUMENT.operation(method, path).unwrap_or("none");
        let line = format!("{operation} {status}\n");
        let file = OpenOptions::new().append(true).create(true).open(file);
        file.unwrap().write_all(line.as_bytes()).unwrap();
    }
}
