//! Coffer's decisions, as a `wasi:http` component: who may do what, and how. It does not
//! handle files itself; it names them to the store behind `coffer:storage/blobs`, and the
//! bytes bypass it.
//!
//! | method and path | operation |
//! |---|---|
//! | `PUT /v1/{area}/files/{name}` | [`operations::upload`] |
//! | `POST /v1/{area}/files` | [`operations::form`] |
//! | `GET`, `HEAD /v1/{area}/files/{name}` | [`operations::download`] |
//! | `DELETE /v1/{area}/files/{name}` | [`operations::delete`] |
//! | `GET /v1/{area}/files` | [`operations::list`] |
//! | `POST /v1/{area}/urls/{name}` | [`operations::url`] |
//! | `POST /v1/{area}/urls` | [`operations::urls`] |
//! | `POST /v1/{area}/copy`, `/move` | [`operations::copy`] |
//! | `POST /v1/{area}/delete` | [`operations::delete_many`] |
//! | `GET`, `HEAD /v1/{area}/info/{name}` | [`operations::info`] |
//! | `PATCH /v1/{area}/info/{name}` | [`operations::amend`] |
//! | `POST /v1/{area}/uploads` | [`operations::uploads`] |
//! | `GET`, `HEAD`, `PATCH`, `DELETE /v1/{area}/uploads/{id}` | [`operations::uploads`] |
//! | `GET`, `HEAD`, `PUT`, `POST`, `DELETE /v1/links/{token}/{basename}` | [`operations::link`] |
//! | `POST /v1/links/{token}/` | [`operations::link`] |
//! | `GET`, `HEAD`, `PATCH`, `DELETE /v1/links/uploads/{id}` | [`operations::uploads`] |
//! | `GET`, `HEAD /v1/openapi.json` | [`operations::openapi`] |
//! | `OPTIONS` on any path | [`fields::cors`] |
//!
//! A request goes [`http`] → [`url`] (what it asks for: a [`url::Route`]) → [`token`] (who is
//! asking: a [`token::Caller`]) → [`permit`] (are they allowed to, by the [`policy`]) → one of
//! the [`operations`], which can only open files through the permit. Every refusal is a
//! [`problem`].
//!
//! The modules, each of which depends only on those above it:
//!
//! | module | job |
//! |---|---|
//! | [`area`], [`json`], [`time`], [`log`], [`memo`] | the basis of all others |
//! | [`policy`] | the policy document: which IAM API is trusted, and who may do what |
//! | [`problem`] | why a request is refused, and how clients are told |
//! | [`random`] | random numbers of the platform |
//! | [`url`] | route, name and query of a request |
//! | [`fields`] | header fields, parsed and written |
//! | [`multipart`] | the parts of a form |
//! | [`http`] | requests and responses: `wasi:http` |
//! | [`token`] | who is asking: bearer tokens, and the keys that verify them |
//! | [`permit`] | what a caller may do, and the keys of the files concerned; links |
//! | [`settings`] | the operator's settings |
//! | [`operations`] | one file per operation |
//! | [`operator`] | for operators: the commands `check` and `token`, and policies on trial |
//!
//! The component is the `cdylib`. The library exposes the parts that need no host, only for
//! `examples/pure.rs`.

// The documentation is for contributors.
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
mod operator;
pub mod permit;
pub mod policy;
mod problem;
mod random;
mod settings;
mod time;
pub mod token;
pub mod url;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use bindings::coffer::storage::blobs::Upload;
use bindings::coffer::storage::telemetry;
use bindings::exports::coffer::storage::continuation;
use bindings::exports::wasi::http::incoming_handler;
use bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};

use fields::{cors, metadata, resumable, tus};
use http::{Answer, Request, Response};
use operations::continued::Continued;
use operations::{
    Context, amend, copy, delete, delete_many, download, form, info, link, list, openapi, upload,
    uploads,
};
use policy::Policy;
use problem::Problem;
use settings::Settings;
use token::Caller;
use url::{Route, Subject, UploadPlace};

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
        // An instance may have answered another request before.
        permit::reported::begin(false);
        let (upload, received) = Upload::received();
        let Some(continued) = Continued::read(&note) else {
            return Answer::from(Problem::Internal).send(out, false);
        };
        let settings = Settings::default();
        let answer = match settings.remembered_policy(&memo::HostMemo) {
            Ok(policy) => continued
                .answer(policy, &settings, upload, received)
                .unwrap_or_else(|problem| refused(problem, policy)),
            Err(error) => {
                log::failed(&format_args!("a request cannot be continued: {error}"));
                Answer::from(Problem::Internal)
            }
        };
        let mut answer = answer.bounded();
        answer.headers_mut().extend(continued.shared());
        answer.send(out, false);
    }
}

fn serve(settings: &Settings, policy: &Policy, request: Request, out: ResponseOutparam) {
    let head_only = request.method == Method::HEAD;
    let origin = request.headers.get(header::ORIGIN);
    let mut shared = coffer_cors::response_fields(policy.origins().listed(), origin);
    let crosses_origins = !shared.is_empty();
    let target = request.target.clone();
    let (subject, route) = route(&request, &target);
    // An instance may have answered another request before.
    permit::reported::begin(false);
    if let Some(subject) = subject {
        permit::reported::begin(telemetry::request(subject.operation, subject.area));
        shared.extend(uploads::of_every_response(subject, &request.headers));
    }
    let answer = route.and_then(|route| dispatch(settings, policy, request, route, &shared));
    let answer = answer.unwrap_or_else(|problem| refused(problem, policy));
    let mut answer = answer.bounded();
    let headers = answer.headers_mut();
    if crosses_origins {
        metadata::expose(headers);
    }
    for (name, value) in &shared {
        headers.append(name, value.clone());
    }
    answer.send(out, head_only);
}

/// The response to a refused request; the log gets the reason.
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
    (route, query): (Route, &str),
    shared: &[(HeaderName, HeaderValue)],
) -> Result<Answer, Problem> {
    let context = |caller| Context {
        policy,
        settings,
        caller,
        query,
        shared,
    };
    let route = match route {
        Route::Preflight { allow, uploads } => {
            return Ok(preflight(&request.headers, allow, uploads, policy));
        }
        // Who knows its id may continue it.
        Route::LookAtUpload {
            place: place @ UploadPlace::Link,
            id,
        } => return uploads::look(&context(Caller::Anonymous), &request, place, &id),
        Route::Append {
            place: place @ UploadPlace::Link,
            id,
        } => return uploads::append(&context(Caller::Anonymous), request, place, id),
        Route::DiscardUpload {
            place: place @ UploadPlace::Link,
            id,
        } => return uploads::discard(&context(Caller::Anonymous), &request, place, &id),
        Route::Openapi => return openapi::answer(&request.headers),
        // The link says all about what its holder may do.
        Route::Link { token, action } => {
            return link::answer(&context(Caller::Anonymous), request, &token, action);
        }
        route => route,
    };
    let imports = token::Imports {
        secrets: &|name| settings.secret(name),
        fetch: &http::outgoing::get,
        memo: &memo::HostMemo,
        tell: &telemetry::token,
    };
    let now = request.now;
    let context = context(token::authenticate(
        &request.headers,
        policy,
        &imports,
        now,
    )?);
    match route {
        Route::List { area } => list::answer(&context, area),
        Route::Form { area } => form::answer(&context, request, area),
        Route::Download { area, name } => download::answer(&context, &request, area, name),
        Route::Upload { area, name } => upload::answer(&context, request, area, &name),
        Route::Delete { area, name } => delete::answer(&context, &request, area, name),
        Route::MakeUrl { area, target } => operations::url::answer(&context, request, area, target),
        Route::MakeUrls { area } => operations::urls::answer(&context, request, area),
        Route::Copy { area, kind } => copy::answer(&context, request, area, kind),
        Route::DeleteMany { area } => delete_many::answer(&context, request, area),
        Route::Info { area, name } => info::answer(&context, &request, area, name),
        Route::Amend { area, name } => amend::answer(&context, request, area, &name),
        Route::BeginUpload { area } => uploads::begin(&context, request, area),
        Route::LookAtUpload { place, id } => uploads::look(&context, &request, place, &id),
        Route::Append { place, id } => uploads::append(&context, request, place, id),
        Route::DiscardUpload { place, id } => uploads::discard(&context, &request, place, &id),
        Route::Link { .. } | Route::Openapi | Route::Preflight { .. } => Err(Problem::Internal),
    }
}

/// The route of a request, whose method tus clients may have to say in a field.
fn route<'t>(
    request: &Request,
    target: &'t str,
) -> (Option<Subject>, Result<(Route, &'t str), Problem>) {
    let meant = tus::method(&request.method, &request.headers);
    let meant = meant.map(|method| Route::parse(&method, target));
    let of_upload = meant.filter(|(_, route)| {
        matches!(
            route,
            Ok((
                Route::LookAtUpload { .. } | Route::Append { .. } | Route::DiscardUpload { .. },
                _
            ))
        )
    });
    of_upload.unwrap_or_else(|| Route::parse(&request.method, target))
}

/// `OPTIONS`: the supported methods, what CORS allows, and what resumable uploads can do.
fn preflight(
    headers: &HeaderMap,
    allow: &'static str,
    uploads: Option<UploadPlace>,
    policy: &Policy,
) -> Answer {
    let mut response = Response::empty(StatusCode::NO_CONTENT);
    response
        .headers
        .insert(header::ALLOW, HeaderValue::from_static(allow));
    response.headers.extend(cors::preflight(headers));
    if let Some(place) = uploads {
        // That of a link is only known with its token.
        let max_size = match place {
            UploadPlace::Area(area) => Some(policy.max_file_size(area)),
            UploadPlace::Link => None,
        };
        let max_age = policy.uploads().max_age;
        response.headers.extend(tus::capabilities(max_size));
        let resumable = resumable::capabilities(max_size, max_age);
        response.headers.extend(resumable);
    }
    Answer::Whole(response)
}
