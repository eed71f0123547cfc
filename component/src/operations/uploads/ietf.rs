//! The IETF's resumable uploads over the core.
//!
//! HTTP/1.1 here has no interim responses (hyper refuses to send them), so a client that sends the
//! whole file at once cannot learn where to continue, and its request is a plain upload.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::append::Appended;
use super::begin::{Destination, First, Plan, begin as begin_upload};
use super::begun::Holder;
use super::dialect::{Dialect, State, insert, no_store};
use super::preconditions::Preconditions;
use super::turn::{Ending, Finished, Turn};
use crate::bindings::wasi::clocks::wall_clock;
use crate::fields::body::content_length;
use crate::fields::resumable::{self, Append, Creation, Version, content_digest};
use crate::fields::{ContentType, metadata};
use crate::http::{Answer, Request, Response};
use crate::multipart::FormData;
use crate::operations::file::{location, location_by_link};
use crate::operations::managed::Managed;
use crate::operations::{Context, upload};
use crate::permit::Store;
use crate::problem::Problem;
use crate::url::query::{UploadQuery, refuse_chunks};

/// `POST`.
pub(super) fn begin(
    context: &Context<'_>,
    request: Request,
    destination: Destination<'_, '_>,
) -> Result<Answer, Problem> {
    let creation = Creation::of_request(&request.headers)?.ok_or_else(|| {
        Problem::InvalidRequest(
            "this begins a resumable upload: send Tus-Resumable (tus), or Upload-Complete (the \
             IETF's); to upload a form, POST it to /v1/{area}/files"
                .to_owned(),
        )
    })?;
    let Destination { holder, spot } = destination;
    let query = UploadQuery::parse(context.query)?;
    let replaces = spot.is_named() || query.replace;
    let spot = if replaces {
        spot
    } else {
        spot.creating_only()?
    };
    let path = match query.name {
        Some(name) => Some(name),
        None => filename(&request.headers)?,
    };
    let permit = spot.permit(query.folder, path.as_deref())?;
    if creation.complete {
        let is_link = matches!(holder, Holder::Link { .. });
        let (permit, managed) = Managed::begin(context, permit)?;
        let (area, name) = (permit.area(), permit.name());
        let location = |base_url: &str| {
            if is_link {
                location_by_link(base_url, area, name)
            } else {
                Some(location(base_url, area, name))
            }
        };
        return upload::store(context, request, &permit, managed, location);
    }
    begin_part(context, request, permit, holder, replaces, creation)
}

/// `PUT` of a part of this file.
pub(in crate::operations) fn begin_put(
    context: &Context<'_>,
    request: Request,
    permit: Store<'_>,
    holder: Holder,
    creation: Creation,
) -> Result<Answer, Problem> {
    begin_part(context, request, permit, holder, true, creation)
}

fn begin_part(
    context: &Context<'_>,
    request: Request,
    permit: Store<'_>,
    holder: Holder,
    replaces: bool,
    creation: Creation,
) -> Result<Answer, Problem> {
    let headers = &request.headers;
    upload::whole_and_plain(headers)?;
    refuse_chunks(context.query)?;
    let digest = content_digest(headers)?;
    let dialect = Dialect::Ietf(creation.version);
    let max_size = permit.max_size();
    let max_age = context.policy.uploads().max_age;
    let plan = Plan {
        dialect,
        content_type: ContentType::of_request(headers, permit.name())?,
        permit,
        holder,
        metadata: metadata::of_request(headers)?,
        replaces,
        preconditions: Preconditions::of_request(headers),
        length: creation.length,
        upload_metadata: None,
    };
    let first = (content_length(headers) != Some(0)).then_some(First {
        has_body: true,
        digest,
        ending: Ending::Later,
    });
    let limit = creation.version.limit(Some(max_size), max_age);
    begin_upload(context, request, plan, first).map_err(|problem| with_limit(problem, limit))
}

/// The last component of the filename in `Content-Disposition`.
fn filename(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut fields = headers.get_all(header::CONTENT_DISPOSITION).iter();
    let Some(field) = fields.next() else {
        return Ok(None);
    };
    if fields.next().is_some() {
        return Err(Problem::InvalidRequest(
            "there is more than one Content-Disposition".to_owned(),
        ));
    }
    let filename = FormData::filename(field.as_bytes())?;
    let filename = filename.map(|filename| filename.basename().to_owned());
    Ok(filename.filter(|filename| !filename.is_empty()))
}

/// `PATCH`.
pub(super) fn appended(version: Version, headers: &HeaderMap) -> Result<Appended, Problem> {
    let append = Append::of_request(version, headers)?;
    Ok(Appended {
        offset: append.offset,
        length: append.length,
        ending: if append.complete {
            Ending::Now
        } else {
            Ending::Later
        },
        digest: append.digest,
    })
}

pub(super) fn begun(version: Version, state: &State) -> Response {
    let mut response = Response::empty(StatusCode::CREATED);
    insert(&mut response.headers, header::LOCATION, &state.url);
    insert_progress(&mut response.headers, version, state, false);
    response
}

pub(super) fn suspended(version: Version, turn: &Turn, state: &State) -> Response {
    if turn.begins {
        return begun(version, state);
    }
    let mut response = Response::empty(if version.appends_create() {
        StatusCode::CREATED
    } else {
        StatusCode::NO_CONTENT
    });
    insert_progress(&mut response.headers, version, state, false);
    response
}

pub(super) fn finished(version: Version, state: &State, finished: Finished) -> Response {
    let Finished { stored, receipt } = finished;
    let mut response = receipt.response(stored);
    let headers = &mut response.headers;
    headers.extend(version.progress(Some(state.offset), true));
    if let Some(file) = &receipt.location {
        insert(headers, header::CONTENT_LOCATION, file);
    }
    response
}

pub(super) fn looked(version: Version, state: &State, finished: bool) -> Response {
    let mut response = Response::empty(StatusCode::NO_CONTENT);
    insert_progress(&mut response.headers, version, state, finished);
    let length = state.length.map(resumable::length);
    response.headers.extend(length);
    response
}

pub(super) fn refused(version: Version, problem: Problem, complete: bool) -> Problem {
    problem.with_fields(version.progress(None, complete))
}

/// The problem of an upload in this state: what is too large is told how large it may be.
pub(super) fn limited(version: Version, problem: Problem, state: &State) -> Problem {
    with_limit(problem, limit(version, state))
}

fn with_limit(problem: Problem, limit: Option<(HeaderName, HeaderValue)>) -> Problem {
    match problem {
        Problem::TooLarge(_) => problem.with_fields(limit.into_iter().collect()),
        problem => problem,
    }
}

fn limit(version: Version, state: &State) -> Option<(HeaderName, HeaderValue)> {
    let left = state.expires.saturating_sub(wall_clock::now().seconds);
    version.limit(Some(state.max_size), left)
}

fn insert_progress(headers: &mut HeaderMap, version: Version, state: &State, complete: bool) {
    headers.extend(version.progress(Some(state.offset), complete));
    headers.extend(limit(version, state));
    no_store(headers);
}
