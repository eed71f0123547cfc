//! Outbound requests of the component: GET to the origins that the policy in force names, answered
//! from a cache, and nothing else.

mod address;
mod documents;
mod fetch;
mod freshness;

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};
use http_body_util::{BodyExt, Full};
use reqwest::Url;
use wasmtime::component::HasData;
use wasmtime::format_err;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::bindings::coffer::storage::documents as wit;
use documents::Asked;
pub use documents::Documents;
use fetch::FetchError;

/// How much of a response that a component builds itself is buffered for its client: 4 MiB, more
/// than any list. So no instance waits for a client that does not read.
const BODY_CHUNKS: usize = 1024;
/// Max bytes of it that a component writes at once.
const BODY_CHUNK: usize = 4 << 10;

/// The maximum length of a URL, in bytes: more than servers accept.
const MAX_URL: usize = 8 << 10;
/// How much of a denied one is logged, in characters: its origin, and what it is about.
const LOGGED: usize = 200;

/// RFC 9211.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const COPY: HeaderValue = HeaderValue::from_static("Coffer; hit");

type Done<T> = Box<dyn Future<Output = Result<T, Error>> + Send>;

/// Where a component may send requests.
#[derive(Clone)]
pub struct Outbound {
    documents: Arc<Documents>,
    origins: Arc<[String]>,
}

impl Outbound {
    /// Requests to these origins (RFC 6454, 6.2) only; an invalid one allows nothing.
    pub fn to(origins: &[String], documents: Arc<Documents>) -> Self {
        let urls = origins.iter().filter_map(|origin| Url::parse(origin).ok());
        Self {
            documents,
            origins: urls.map(|url| origin(&url)).collect(),
        }
    }

    /// The version of the documents that answers come from: it changes when any of them does.
    pub fn version(&self) -> u64 {
        self.documents.version()
    }

    /// The URL, if such a request is allowed; else that is logged.
    fn permitted(&self, method: &Method, text: &str) -> Result<Url, Denied> {
        let url = self.check(method, text);
        if let Err(denied) = &url {
            let uri: String = text.chars().take(LOGGED).collect();
            tracing::warn!(%method, uri, "the component's request was denied: {denied}");
        }
        url
    }

    fn check(&self, method: &Method, text: &str) -> Result<Url, Denied> {
        if text.len() > MAX_URL {
            return Err(Denied::TooLong);
        }
        let allowed = Url::parse(text).ok().filter(|url| {
            let is_plain = url.username().is_empty() && url.password().is_none();
            method == Method::GET && is_plain && self.origins.contains(&origin(url))
        });
        allowed.ok_or(Denied::Origin)
    }
}

/// Why a component's request is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Denied {
    #[error("its URL has more than {MAX_URL} bytes")]
    TooLong,
    #[error("its policy does not name this origin")]
    Origin,
}

/// Gives the linker the [`Outbound`] of a request's state.
pub struct HasOutbound;

impl HasData for HasOutbound {
    type Data<'a> = &'a mut Outbound;
}

/// What a component fetches by `wit/documents.wit`.
impl wit::Host for Outbound {
    async fn fetch(
        &mut self,
        url: String,
        freshness: wit::Freshness,
    ) -> wasmtime::Result<Result<Vec<u8>, wit::Error>> {
        let asked = match freshness {
            wit::Freshness::Cached => Asked::Any,
            wit::Freshness::Revalidated => Asked::Anew,
            wit::Freshness::InsteadOf(digest) => {
                let digest = digest.try_into();
                Asked::InsteadOf(digest.map_err(|_| format_err!("not a SHA-256"))?)
            }
        };
        let url = match self.permitted(&Method::GET, &url) {
            Ok(url) => url,
            Err(denied) => return Ok(Err(wit::Error::Unreachable(denied.to_string()))),
        };
        Ok(match self.documents.get(&url, asked).await {
            Ok(found) if asked == Asked::Anew && found.is_copy => Err(wit::Error::NotRenewed),
            Ok(found) => Ok(found.body.into()),
            Err(cause) => Err(cause.as_ref().into()),
        })
    }
}

impl From<&FetchError> for wit::Error {
    fn from(error: &FetchError) -> Self {
        match error {
            FetchError::Status(status) => Self::Status(status.as_u16()),
            FetchError::TooLarge => Self::TooLarge,
            FetchError::BrokenOff(_) => Self::BrokenOff,
            FetchError::Http(_) | FetchError::NoCopy => Self::Unreachable(error.to_string()),
        }
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Components built before `wit/documents.wit` send requests through `wasi:http/outgoing-handler`, and
/// say in header fields what they want.
impl WasiHttpHooks for Outbound {
    /// A response that a component builds itself waits for its client without the instance.
    fn p2_outgoing_body_buffer_chunks(&mut self) -> usize {
        BODY_CHUNKS
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_CHUNK
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _done: Done<()>,
    ) -> Done<(Response<WasiBody>, Done<()>)> {
        let Ok(url) = self.permitted(request.method(), &request.uri().to_string()) else {
            return Box::new(async { Err(Error::HttpRequestDenied) });
        };
        let asked = asked(request.headers());
        let documents = Arc::clone(&self.documents);
        Box::new(async move {
            let found = documents.get(&url, asked).await;
            let found = found.map_err(|cause| Error::InternalError(Some(cause.to_string())))?;
            let body = Full::new(found.body).map_err(|never| match never {});
            let mut response = Response::new(body.boxed_unsync());
            if found.is_copy {
                response.headers_mut().insert(CACHE_STATUS, COPY);
            }
            let done: Done<()> = Box::new(async { Ok(()) });
            Ok((response, done))
        })
    }
}

/// What a request wants: any copy, a revalidated one (RFC 9111, 5.2.1.4), or a different one (RFC
/// 9110, 13.1.2).
fn asked(fields: &HeaderMap) -> Asked {
    let directives = fields.get_all(header::CACHE_CONTROL);
    let no_cache = directives
        .iter()
        .any(|value| value.as_bytes().eq_ignore_ascii_case(b"no-cache"));
    if no_cache {
        return Asked::Anew;
    }
    let digest = fields.get(header::IF_NONE_MATCH).and_then(digest);
    digest.map_or(Asked::Any, Asked::InsteadOf)
}

/// The SHA-256 that an entity tag consists of.
fn digest(tag: &HeaderValue) -> Option<[u8; 32]> {
    let tag = tag.to_str().ok()?;
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    base16ct::lower::decode_vec(digits).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_fields_say_what_a_request_wants() {
        let digest = "0a".repeat(32);
        for (name, value, expected) in [
            (header::ACCEPT, "*/*", Asked::Any),
            (header::CACHE_CONTROL, "No-Cache", Asked::Anew),
            (header::CACHE_CONTROL, "max-age=0", Asked::Any),
            (
                header::IF_NONE_MATCH,
                &format!("\"{digest}\""),
                Asked::InsteadOf([10; 32]),
            ),
            (header::IF_NONE_MATCH, &digest, Asked::Any),
            (header::IF_NONE_MATCH, "\"0a\"", Asked::Any),
            (header::IF_NONE_MATCH, "*", Asked::Any),
        ] {
            let field = (name, HeaderValue::from_str(value).expect("a value"));
            assert_eq!(asked(&[field].into_iter().collect()), expected, "{value}");
        }
    }

    #[test]
    fn requests_are_allowed_to_exactly_the_origins_that_were_named() {
        let origins = ["https://iam.example", "http://127.0.0.1:3000", "nonsense"];
        let documents = Documents::default();
        let outbound = Outbound::to(&origins.map(str::to_owned), Arc::new(documents));
        for (method, url, allowed) in [
            ("GET", "https://iam.example/keys?a=b", true),
            ("GET", "https://IAM.example:443/", true),
            ("GET", "http://127.0.0.1:3000/keys", true),
            ("POST", "https://iam.example/keys", false),
            ("HEAD", "https://iam.example/keys", false),
            ("GET", "http://iam.example/keys", false),
            ("GET", "https://iam.example:8443/keys", false),
            ("GET", "https://iam.example.evil/keys", false),
            ("GET", "https://a.iam.example/keys", false),
            ("GET", "https://iam.example@evil.example/keys", false),
            ("GET", "https://user@iam.example/keys", false),
            ("GET", "http://127.0.0.1/keys", false),
            ("GET", "http://169.254.169.254/latest/meta-data", false),
            ("GET", "http://localhost:3000/keys", false),
            (
                "GET",
                &format!("https://iam.example/{}", "a".repeat(8000)),
                true,
            ),
        ] {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            assert_eq!(
                outbound.permitted(&method, url).is_ok(),
                allowed,
                "{method} {url}"
            );
        }
        let none = Outbound::to(&[], Arc::clone(&outbound.documents));
        let denied = none.permitted(&Method::GET, "https://iam.example/");
        assert_eq!(denied, Err(Denied::Origin));
        let long = format!("https://iam.example/{}", "a".repeat(MAX_URL));
        let denied = outbound.permitted(&Method::GET, &long);
        assert_eq!(denied, Err(Denied::TooLong));
    }
}
