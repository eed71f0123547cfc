//! The web page at `/`: static files below `/page/`, and in development mode a route that makes
//! tokens. All else is the component's.

mod asset;
mod token;

use std::path::PathBuf;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use super::service::Connection;
use crate::problem::Problem;
use asset::{Asset, Assets};
use token::TokenMaker;

/// Where the files of the page are, besides `/` itself.
const FOLDER: &str = "/page/";
/// The page loads nothing from elsewhere, runs no inline script, parses no HTML at run time, and is
/// framed by nobody. It frames files to show them.
const SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; media-src 'self'; connect-src 'self'; frame-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// The page, if it is served.
pub struct Page {
    assets: Assets,
    settings: Bytes,
    tokens: Option<TokenMaker>,
}

/// What is at one of the page's own paths.
pub(super) enum Place<'p> {
    Asset(&'p Asset),
    Settings,
    Tokens(&'p TokenMaker),
    Nothing,
}

impl Page {
    /// A page that makes tokens with the development key in this directory, or that asks for one.
    pub fn new(development_key: Option<PathBuf>) -> Self {
        let settings = serde_json::json!({ "development": development_key.is_some() });
        Self {
            assets: Assets::new(),
            settings: settings.to_string().into(),
            tokens: development_key.map(TokenMaker::new),
        }
    }

    /// What is at this path, unless it is the component's.
    pub(super) fn find(&self, path: &str) -> Option<Place<'_>> {
        let name = match path {
            "/" => "index.html",
            path => path.strip_prefix(FOLDER)?,
        };
        Some(match (name, &self.tokens) {
            ("settings.json", _) => Place::Settings,
            ("token", Some(tokens)) => Place::Tokens(tokens),
            (name, _) => self.assets.find(name).map_or(Place::Nothing, Place::Asset),
        })
    }

    /// The response to a request for it.
    pub(super) async fn answer(
        &self,
        place: Place<'_>,
        request: Request<WasiBody>,
        connection: &Connection,
    ) -> Response<HyperOutgoingBody> {
        let response = match (place, request.method()) {
            (Place::Nothing, _) => NOT_FOUND.response(),
            (Place::Tokens(tokens), &Method::POST) => {
                let made = tokens.answer(request, connection.peer.ip()).await;
                made.unwrap_or_else(|problem| problem.response())
            }
            (Place::Tokens(_), method) => wrong_method(method, "POST"),
            (Place::Asset(asset), &Method::GET | &Method::HEAD) => {
                asset.response(request.headers())
            }
            (Place::Settings, &Method::GET | &Method::HEAD) => json(self.settings.clone()),
            (Place::Asset(_) | Place::Settings, method) => wrong_method(method, "GET, HEAD"),
        };
        let mut response = response.map(|body| body.map_err(|never| match never {}).boxed_unsync());
        let fields = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, SECURITY_POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ] {
            fields.insert(name, HeaderValue::from_static(value));
        }
        for (name, value) in [
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            fields.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

const NOT_FOUND: Problem<'static> = Problem {
    slug: Some("not-found"),
    status: StatusCode::NOT_FOUND,
    title: "Not found",
    detail: "the page has no such file",
};

/// 405 (RFC 9110, 15.5.6), or to OPTIONS what is allowed.
fn wrong_method(method: &Method, allowed: &'static str) -> Response<Full<Bytes>> {
    let mut response = if method == Method::OPTIONS {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    } else {
        let problem = Problem {
            slug: Some("method-not-allowed"),
            status: StatusCode::METHOD_NOT_ALLOWED,
            title: "Method not allowed",
            detail: "this path does not support this method",
        };
        problem.response()
    };
    let allowed = HeaderValue::from_static(allowed);
    response.headers_mut().insert(header::ALLOW, allowed);
    response
}

/// A document that no cache keeps.
fn json(document: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(document));
    let fields = response.headers_mut();
    let text = HeaderValue::from_static;
    fields.insert(header::CONTENT_TYPE, text("application/json"));
    fields.insert(header::CACHE_CONTROL, text("no-store"));
    response
}
