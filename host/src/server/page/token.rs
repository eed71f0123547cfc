//! `POST /page/token`: development tokens for the page, for the browser of this machine alone.
//!
//! A token opens every file of the user that it names, so nobody but the page may get one. A page of
//! another site could send this request (CSRF), or reach this port by a name of its own (DNS
//! rebinding); a proxy or a tunnel could bring requests of others here.

use std::fmt::Display;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use serde::Deserialize;
use wasmtime_wasi_http::WasiBody;

use crate::problem::Problem;
use crate::secrets::dev::{self, Bearer};

/// The maximum size of the request, in bytes.
const MAX_BODY: usize = 4096;
const LIFETIME: Duration = Duration::from_secs(3600);
/// What proxies add.
const OF_PROXIES: [&str; 5] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-real-ip",
];

/// Makes tokens with the development key.
pub(in crate::server) struct TokenMaker {
    data_dir: PathBuf,
}

/// Whom a token is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    user: String,
    org: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

impl TokenMaker {
    pub(super) fn new(data_dir: PathBuf) -> Self {
        Self { data_dir }
    }

    /// A token, in a JSON document.
    pub(super) async fn answer(
        &self,
        request: Request<WasiBody>,
        peer: IpAddr,
    ) -> Result<Response<Full<Bytes>>, Problem<'static>> {
        let (head, body) = request.into_parts();
        if !is_own(&head.headers, peer) {
            return Err(FORBIDDEN);
        }
        if !is_json(&head) {
            return Err(UNSUPPORTED);
        }
        let body = Limited::new(body, MAX_BODY).collect().await;
        let body = body.map_err(|_| INVALID)?.to_bytes();
        let asked: Asked = serde_json::from_slice(&body).map_err(|_| INVALID)?;
        if asked.user.is_empty() {
            return Err(INVALID);
        }
        let bearer = Bearer {
            user: asked.user,
            org: asked.org.filter(|org| !org.is_empty()),
            roles: asked.roles,
            claims: vec![],
        };
        let data_dir = self.data_dir.clone();
        let made = tokio::task::spawn_blocking(move || dev::token(&data_dir, bearer, LIFETIME));
        let made = made.await.map_err(internal)?;
        let document = serde_json::json!({ "token": made.map_err(internal)? });
        Ok(super::json(document.to_string().into()))
    }
}

fn internal(error: impl Display) -> Problem<'static> {
    tracing::error!(%error, "cannot make a development token");
    INTERNAL
}

/// Whether the page itself asks, in a browser on this machine.
fn is_own(fields: &HeaderMap, peer: IpAddr) -> bool {
    let field = |name: &HeaderName| fields.get(name).and_then(|value| value.to_str().ok());
    let host = field(&header::HOST).unwrap_or_default();
    let same_origin = field(&header::ORIGIN).and_then(|origin| origin.strip_prefix("http://"));
    let site = fields.get("sec-fetch-site");
    peer.to_canonical().is_loopback()
        && is_loopback(host)
        && same_origin == Some(host)
        && site.is_none_or(|site| site == "same-origin")
        && !OF_PROXIES.iter().any(|name| fields.contains_key(*name))
}

/// Whether only this machine is called so.
fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<http::uri::Authority>() else {
        return false;
    };
    let host = authority.host().to_ascii_lowercase();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

/// A form of another site cannot have this type, and a script must ask first (CORS).
fn is_json(head: &Parts) -> bool {
    let value = head.headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

const FORBIDDEN: Problem<'static> = Problem {
    slug: Some("forbidden"),
    status: StatusCode::FORBIDDEN,
    title: "Forbidden",
    detail: "development tokens are for this server's own page, in a browser on the same machine; \
             elsewhere use `coffer token`",
};
const UNSUPPORTED: Problem<'static> = Problem {
    slug: Some("unsupported-media-type"),
    status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
    title: "Unsupported media type",
    detail: "the body has to be application/json",
};
const INVALID: Problem<'static> = Problem {
    slug: Some("invalid-request"),
    status: StatusCode::BAD_REQUEST,
    title: "Invalid request",
    detail: "the body has to be {\"user\", \"org\", \"roles\"}, with a user, in at most 4 KiB",
};
const INTERNAL: Problem<'static> = Problem {
    slug: Some("internal"),
    status: StatusCode::INTERNAL_SERVER_ERROR,
    title: "Internal error",
    detail: "no token could be made; the server's log has the reason",
};

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_page_itself_on_this_machine_gets_a_token() {
        let here = "127.0.0.1";
        let own = ["host", "localhost:80", "origin", "http://localhost:80"];
        for (peer, fields, expected) in [
            (here, &own[..], true),
            ("::1", &own, true),
            ("::ffff:127.0.0.1", &own, true),
            ("192.0.2.1", &own, false),
            (
                here,
                &["host", "[::1]:80", "origin", "http://[::1]:80"],
                true,
            ),
            (
                here,
                &["host", "127.0.0.1", "origin", "http://127.0.0.1"],
                true,
            ),
            (
                here,
                &["host", "a.localhost", "origin", "http://a.localhost"],
                true,
            ),
            // DNS rebinding, and a name that others have too.
            (
                here,
                &["host", "evil.example", "origin", "http://evil.example"],
                false,
            ),
            (
                here,
                &["host", "192.0.2.1", "origin", "http://192.0.2.1"],
                false,
            ),
            // Other origins, even on this machine, and no origin.
            (
                here,
                &["host", "localhost:80", "origin", "http://localhost:3000"],
                false,
            ),
            (
                here,
                &["host", "localhost:80", "origin", "https://localhost:80"],
                false,
            ),
            (here, &["host", "localhost:80", "origin", "null"], false),
            (here, &["host", "localhost:80"], false),
        ] {
            assert_eq!(
                is_own(&map(fields), address(peer)),
                expected,
                "{peer} {fields:?}"
            );
        }
        for (name, value, expected) in [
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "cross-site", false),
            ("x-forwarded-for", "127.0.0.1", false),
            ("x-forwarded-host", "localhost", false),
            ("x-real-ip", "127.0.0.1", false),
            ("forwarded", "for=127.0.0.1", false),
            ("via", "1.1 tunnel", false),
        ] {
            let mut fields = map(&own);
            fields.insert(name, HeaderValue::from_static(value));
            assert_eq!(is_own(&fields, address(here)), expected, "{name}: {value}");
        }
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn map(fields: &[&'static str]) -> HeaderMap {
        let pairs = fields.chunks(2).map(|pair| match pair {
            [name, value] => (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            ),
            _ => unreachable!("pairs"),
        });
        pairs.collect()
    }
}
