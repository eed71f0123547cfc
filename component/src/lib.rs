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

// Nothing here is public: its documentation is for those who work on it.
#![allow(rustdoc::private_intra_doc_links)]

mod area;
mod bindings;
mod claims;
mod conditions;
mod content_type;
mod cors;
mod cursor;
mod digest;
mod disposition;
mod http;
mod json;
mod keyring;
mod keys;
mod link;
mod memo;
mod multipart;
mod name;
mod operations;
mod owner;
mod percent;
mod permit;
mod policy;
mod problem;
mod query;
mod range;
mod refusal;
mod route;
mod settings;
mod time;
mod token;
mod web_url;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use bindings::coffer::storage::blobs::Upload;
use bindings::coffer::storage::signals;
use bindings::exports::coffer::storage::continuation;
use bindings::exports::coffer::storage::self_check::{self, Opening, Report};
use bindings::exports::wasi::http::incoming_handler;
use bindings::wasi::clocks::wall_clock;
use bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};

use http::{Answer, Request, Response};
use operations::receipt::Receipt;
use operations::{Context, delete, download, form, list, upload, url};
use policy::{Iam, Policy};
use problem::Problem;
use route::Route;
use settings::Settings;
use web_url::WebUrl;

pub(crate) struct Coffer;

impl incoming_handler::Guest for Coffer {
    fn handle(incoming: IncomingRequest, out: ResponseOutparam) {
        let settings = Settings::default();
        let policy = settings.remembered_policy(&memo::Lent);
        match (policy, Request::read(incoming)) {
            (Ok(policy), Ok(request)) => serve(&settings, policy, request, out),
            (Ok(_), Err(problem)) => Answer::from(problem).send(out, false),
            (Err(error), _) => {
                eprintln!("no request can be served: {error}");
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
        let mut answer = answer.unwrap_or_else(Answer::from);
        answer.headers_mut().extend(receipt.shared());
        answer.send(out, false);
    }
}

impl self_check::Guest for Coffer {
    fn check() -> Result<Report, String> {
        let settings = Settings::default();
        let policy = settings.policy()?;
        policy
            .check(&|name| settings.secret(name))
            .map_err(|error| format!("the policy: {error}"))?;
        Ok(Report {
            notices: policy.notices(),
            cors_origins: policy.origins().listed().map(str::to_owned).collect(),
            iam_origins: policy
                .iam()
                .and_then(Iam::asks)
                .map(WebUrl::origin)
                .into_iter()
                .collect(),
            openings: policy.openings().into_iter().map(opening).collect(),
        })
    }
}

fn opening(opening: policy::Opening) -> Opening {
    Opening {
        what: opening.what,
        stated: opening.stated,
        statement: opening.statement,
    }
}

fn serve(settings: &Settings, policy: &Policy, request: Request, out: ResponseOutparam) {
    let head_only = request.method == Method::HEAD;
    let shared = cors::response_fields(policy.origins(), &request.headers);
    let answer = dispatch(settings, policy, request, &shared);
    let mut answer = answer.unwrap_or_else(Answer::from);
    let headers = answer.headers_mut();
    for (name, value) in &shared {
        headers.append(name, value.clone());
    }
    answer.send(out, head_only);
}

fn dispatch(
    settings: &Settings,
    policy: &Policy,
    request: Request,
    shared: &[(HeaderName, HeaderValue)],
) -> Result<Answer, Problem> {
    let target = request.target.clone();
    let (route, query) = Route::parse(&request.method, &target)?;
    let now = wall_clock::now().seconds;
    let route = match route {
        Route::Preflight { allow } => return Ok(preflight(&request.headers, allow)),
        Route::FollowLink { token, basename } => {
            let key = settings.link_key().ok_or(Problem::LinkInvalid)?;
            let basename = percent::decode(&basename).map_err(|_| Problem::LinkInvalid)?;
            let permit = permit::by_link(link::verify(&token, &basename, &key, now)?);
            return download::by_link(&permit, &request, query);
        }
        route => route,
    };
    let lent = token::Lent {
        secrets: &|name| settings.secret(name),
        fetch: &http::outgoing::get,
        memo: &memo::Lent,
        tell: &signals::token,
    };
    let context = Context {
        policy,
        settings,
        caller: token::authenticate(&request.headers, policy, &lent, now)?,
        query,
        shared,
    };
    match route {
        Route::List { area } => list::answer(&context, area),
        Route::Form { area } => form::answer(&context, request, area),
        Route::Download { area, name } => download::answer(&context, &request, area, name),
        Route::Upload { area, name } => upload::answer(&context, request, area, &name),
        Route::Delete { area, name } => delete::answer(&context, &request, area, &name),
        Route::MakeUrl { area, name } => url::answer(&context, request, area, name),
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
