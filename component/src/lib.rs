//! Coffer's decisions, as a `wasi:http` component: who may do what, and what is
//! done then. It owns no files; it names them to the store behind
//! `coffer:storage/blobs`, and the bytes go past it.
//!
//! | method and path | operation |
//! |---|---|
//! | `PUT /v1/{area}/files/{name}` | [`operations::upload`] |
//! | `POST /v1/{area}/files` | [`operations::form`] |
//! | `GET`, `HEAD /v1/{area}/files/{name}` | [`operations::download`] |
//! | `DELETE /v1/{area}/files/{name}` | [`operations::delete`] |
//! | `GET /v1/{area}/files` | [`operations::list`] |
//! | `POST /v1/{area}/urls/{name}` | [`operations::url`] |
//! | `GET`, `HEAD /v1/links/{token}/{basename}` | [`operations::download`] |
//! | `OPTIONS` anything | [`cors`] |
//!
//! A request goes [`http`] → [`route`] → [`token`] (who asks: a [`token::Caller`]) →
//! [`permit`] (may they, by the [`policy`]) → an operation, which gets the permit
//! and nothing else that opens a file. Every refusal is a [`problem`].

//! The component is the `cdylib`. As a library it gives what decides without a host to
//! `examples/pure.rs`, and is no interface for anybody else.

// Its documentation is for those who work on it.
#![allow(rustdoc::private_intra_doc_links)]

pub mod area;
mod bindings;
pub mod fields;
mod http;
mod json;
mod log;
pub mod memo;
mod multipart;
mod operations;
pub mod permit;
pub mod policy;
mod probes;
mod problem;
mod settings;
mod time;
pub mod token;
pub mod url;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use bindings::coffer::storage::blobs::Upload;
use bindings::coffer::storage::telemetry;
use bindings::exports::coffer::storage::continuation;
use bindings::exports::coffer::storage::explain::{self, Identity};
use bindings::exports::coffer::storage::self_check::{self, Opening, Report};
use bindings::exports::wasi::http::incoming_handler;
use bindings::wasi::clocks::wall_clock;
use bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};

use fields::cors;
use http::{Answer, Request, Response};
use operations::receipt::Receipt;
use operations::{Context, delete, download, form, list, upload};
use permit::link;
use policy::{Iam, Policy, WebUrl};
use problem::Problem;
use settings::Settings;
use token::keyring::{self, Keyring};
use url::{Route, Subject};

pub(crate) struct Coffer;

impl incoming_handler::Guest for Coffer {
    fn handle(incoming: IncomingRequest, out: ResponseOutparam) {
        let settings = Settings::default();
        let policy = settings.remembered_policy(&memo::HostMemo);
        match (policy, Request::read(incoming)) {
            (Ok(policy), Ok(request)) => serve(&settings, policy, request, out),
            (Ok(_), Err(problem)) => Answer::from(problem).send(out, false),
            (Err(error), _) => {
                log::failed(&format_args!("no request can be served: {error}"));
                Answer::from(Problem::Internal).send(out, false);
            }
        }
    }
}

impl continuation::Guest for Coffer {
    fn resume(note: Vec<u8>, out: ResponseOutparam) {
        let (upload, received) = Upload::received();
        let Some(receipt) = Receipt::read(&note) else {
            return Answer::from(Problem::Internal).send(out, false);
        };
        let answer = receipt.answer(upload, received);
        let answer = answer.unwrap_or_else(|problem| {
            match Settings::default().remembered_policy(&memo::HostMemo) {
                Ok(policy) => refused(problem, policy),
                Err(_) => Answer::from(problem),
            }
        });
        let mut answer = answer.bounded();
        answer.headers_mut().extend(receipt.shared());
        answer.send(out, false);
    }
}

impl self_check::Guest for Coffer {
    fn check() -> Result<Report, String> {
        let settings = Settings::default();
        let policy = settings.policy()?;
        keyring::check(&policy, &|name| settings.secret(name))
            .map_err(|error| format!("the policy: {error}"))?;
        Ok(Report {
            notices: policy.notices(settings.policy_document()),
            cors_origins: policy
                .origins()
                .listed()
                .iter()
                .map(|origin| origin.as_ref().to_owned())
                .collect(),
            iam_origins: policy
                .iam()
                .and_then(Iam::asks)
                .map(WebUrl::origin)
                .into_iter()
                .collect(),
            openings: policy.openings().into_iter().map(opening).collect(),
            probes: probes::all(),
        })
    }
}

impl explain::Guest for Coffer {
    fn token(token: String) -> Result<Identity, String> {
        let settings = Settings::default();
        let policy = settings.policy()?;
        let iam = policy
            .iam()
            .ok_or("the policy has no [iam], so no token is looked at")?;
        let keyring = Keyring {
            iam,
            secrets: &|name| settings.secret(name),
            fetch: &http::outgoing::get,
        };
        let now = wall_clock::now().seconds;
        let found = token::identity::identify(&token, iam, &keyring, now);
        let found = found.map_err(|refused| refused.to_string())?;
        Ok(Identity {
            user: found.user.map_err(|absent| absent.user(iam)),
            organization: found.org.map_err(|absent| absent.org(iam)),
            roles: found.roles.map_err(|absent| absent.roles(iam)),
            seconds_left: found.seconds_left,
        })
    }
}

fn opening(opening: policy::openings::Opening) -> Opening {
    Opening {
        what: opening.what,
        stated: opening.stated,
        statement: opening.statement,
    }
}

fn serve(settings: &Settings, policy: &Policy, request: Request, out: ResponseOutparam) {
    let head_only = request.method == Method::HEAD;
    let origin = request.headers.get(header::ORIGIN);
    let shared = coffer_cors::response_fields(policy.origins().listed(), origin);
    let answer = dispatch(settings, policy, request, &shared);
    let answer = answer.unwrap_or_else(|problem| refused(problem, policy));
    let mut answer = answer.bounded();
    let headers = answer.headers_mut();
    for (name, value) in &shared {
        headers.append(name, value.clone());
    }
    answer.send(out, head_only);
}

/// The answer to a request that is refused; the log gets the reason.
fn refused(problem: Problem, policy: &Policy) -> Answer {
    if let Some(reason) = problem.reason(policy) {
        log::refused(&reason);
    }
    Answer::from(problem)
}

fn dispatch(
    settings: &Settings,
    policy: &Policy,
    request: Request,
    shared: &[(HeaderName, HeaderValue)],
) -> Result<Answer, Problem> {
    let target = request.target.clone();
    let (subject, route) = Route::parse(&request.method, &target);
    if let Some(Subject { operation, area }) = subject {
        telemetry::request(operation, area);
    }
    let (route, query) = route?;
    let now = wall_clock::now().seconds;
    let route = match route {
        Route::Preflight { allow } => return Ok(preflight(&request.headers, allow)),
        Route::FollowLink { token, basename } => {
            let key = settings.link_key().ok_or(Problem::LinkInvalid)?;
            let basename = url::percent::decode(&basename).map_err(|_| Problem::LinkInvalid)?;
            let permit = permit::by_link(link::verify(&token, &basename, &key, now)?);
            return download::by_link(&permit, &request, query);
        }
        route => route,
    };
    let imports = token::Imports {
        secrets: &|name| settings.secret(name),
        fetch: &http::outgoing::get,
        memo: &memo::HostMemo,
        tell: &telemetry::token,
    };
    let context = Context {
        policy,
        settings,
        caller: token::authenticate(&request.headers, policy, &imports, now)?,
        query,
        shared,
    };
    match route {
        Route::List { area } => list::answer(&context, area),
        Route::Form { area } => form::answer(&context, request, area),
        Route::Download { area, name } => download::answer(&context, &request, area, name),
        Route::Upload { area, name } => upload::answer(&context, request, area, &name),
        Route::Delete { area, name } => delete::answer(&context, &request, area, &name),
        Route::MakeUrl { area, name } => operations::url::answer(&context, request, area, name),
        Route::FollowLink { .. } | Route::Preflight { .. } => Err(Problem::Internal),
    }
}

/// `OPTIONS`: which methods are taken here, and what scripts of other origins may.
fn preflight(headers: &HeaderMap, allow: &'static str) -> Answer {
    let mut response = Response::empty(StatusCode::NO_CONTENT);
    response
        .headers
        .insert(header::ALLOW, HeaderValue::from_static(allow));
    response.headers.extend(cors::preflight(headers));
    Answer::Whole(response)
}
