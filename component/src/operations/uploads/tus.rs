//! tus 1.0.0 over the core.

use http::{HeaderMap, StatusCode, header};

use super::append::Appended;
use super::begin::{Destination, First, Plan, begin as begin_upload};
use super::dialect::{Dialect, State, insert, no_store};
use super::preconditions::Preconditions;
use super::turn::{Ending, Finished, Turn};
use crate::bindings::wasi::clocks::wall_clock::Datetime;
use crate::fields::ContentType;
use crate::fields::disposition::last_component;
use crate::fields::tus::{self, Append, Creation, Described};
use crate::http::{Answer, Request, Response};
use crate::operations::{Context, upload};
use crate::problem::Problem;
use crate::time;
use crate::url::query::parse_folder;

/// `POST`: creation, perhaps with the first bytes.
pub(super) fn begin(
    context: &Context<'_>,
    request: Request,
    destination: Destination<'_, '_>,
) -> Result<Answer, Problem> {
    tus::check_version(&request.headers)?;
    upload::whole_and_plain(&request.headers)?;
    let creation = Creation::of_request(&request.headers)?;
    let (raw, described) = creation.metadata.described()?;
    let Destination { holder, spot } = destination;
    let replaces = spot.is_named() || described.replace;
    let spot = if replaces {
        spot
    } else {
        spot.creating_only()?
    };
    let folder = described.folder.as_deref().map_or(Ok(None), parse_folder)?;
    let permit = spot.permit(folder, path(&described).as_deref())?;
    let content_type = described.filetype.as_deref().map(str::as_bytes);
    let plan = Plan {
        dialect: Dialect::Tus,
        content_type: ContentType::of_part(content_type, permit.name()),
        permit,
        holder,
        metadata: described.metadata,
        replaces,
        preconditions: Preconditions::default(),
        length: creation.length,
        upload_metadata: Some(raw),
    };
    // An empty file is complete at once.
    let first = creation.with_upload || creation.length == Some(0);
    let first = first.then_some(First {
        has_body: creation.with_upload,
        digest: creation.checksum,
        ending: Ending::AtLength,
    });
    begin_upload(context, request, plan, first).map_err(refused)
}

/// Where the file goes: its name's last component, or the path below the folder that was chosen.
fn path(described: &Described) -> Option<String> {
    let filename = described.filename.as_deref().map(last_component);
    // Some clients begin it with the root of what was dropped.
    let path = described.relative_path.as_deref();
    let path = path.map(|path| path.strip_prefix('/').unwrap_or(path));
    let path = match (path, filename) {
        (None, filename) => filename?.to_owned(),
        (Some(path), None) => path.to_owned(),
        // The user may have renamed the file since it was chosen.
        (Some(path), Some(filename)) => match path.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{filename}"),
            None => filename.to_owned(),
        },
    };
    Some(path)
}

/// `PATCH`.
pub(super) fn appended(headers: &HeaderMap) -> Result<Appended, Problem> {
    let append = Append::of_request(headers)?;
    Ok(Appended {
        offset: append.offset,
        length: append.length,
        ending: Ending::AtLength,
        digest: append.checksum,
    })
}

pub(super) fn begun(state: &State) -> Response {
    let mut response = Response::empty(StatusCode::CREATED);
    insert(&mut response.headers, header::LOCATION, &state.url);
    insert_progress(&mut response.headers, state);
    response
}

pub(super) fn suspended(turn: &Turn, state: &State) -> Response {
    if turn.begins {
        return begun(state);
    }
    let mut response = Response::empty(StatusCode::NO_CONTENT);
    insert_progress(&mut response.headers, state);
    response
}

pub(super) fn finished(turn: &Turn, state: &State, finished: &Finished) -> Response {
    let mut response = repeated(state);
    let headers = &mut response.headers;
    if turn.begins {
        response.status = StatusCode::CREATED;
        insert(headers, header::LOCATION, &state.url);
    }
    insert(headers, header::ETAG, &finished.stored.info.etag);
    if let Some(file) = &finished.receipt.location {
        insert(headers, header::CONTENT_LOCATION, file);
    }
    if let Some(url) = &finished.receipt.manage_url {
        // There is no body to say it in.
        insert(headers, header::LINK, &format!("<{url}>; rel=\"edit\""));
    }
    response
}

/// The answer to a client that did not get the one to its last request.
pub(super) fn repeated(state: &State) -> Response {
    let mut response = Response::empty(StatusCode::NO_CONTENT);
    tus::insert_offset(&mut response.headers, state.offset);
    no_store(&mut response.headers);
    response
}

pub(super) fn looked(state: &State, upload_metadata: Option<&str>) -> Response {
    let mut response = Response::empty(StatusCode::OK);
    let headers = &mut response.headers;
    insert_progress(headers, state);
    tus::insert_length(headers, state.length);
    tus::insert_metadata(headers, upload_metadata.unwrap_or_default());
    response
}

pub(super) fn refused(problem: Problem) -> Problem {
    match problem {
        Problem::DigestMismatch => Problem::ChecksumMismatch,
        problem => problem,
    }
}

fn insert_progress(headers: &mut HeaderMap, state: &State) {
    tus::insert_offset(headers, state.offset);
    let expires = Datetime {
        seconds: state.expires,
        nanoseconds: 0,
    };
    tus::insert_expiry(headers, &time::http_date(expires));
    no_store(headers);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_kept_only_if_it_is_below_the_chosen_folder() {
        for (relative_path, filename, expected) in [
            (None, None, None),
            (None, Some("a.txt"), Some("a.txt")),
            (None, Some("C:\\fakepath\\a.txt"), Some("a.txt")),
            (None, Some("../../a.txt"), Some("a.txt")),
            (Some("b/a.txt"), Some("a.txt"), Some("b/a.txt")),
            (Some("/b/a.txt"), Some("a.txt"), Some("b/a.txt")),
            (
                Some("b/c/a.txt"),
                Some("renamed.txt"),
                Some("b/c/renamed.txt"),
            ),
            (Some("a.txt"), Some("renamed.txt"), Some("renamed.txt")),
            (Some("../a.txt"), None, Some("../a.txt")),
            (Some("../a.txt"), Some("a.txt"), Some("../a.txt")),
        ] {
            let described = Described {
                filename: filename.map(str::to_owned),
                relative_path: relative_path.map(str::to_owned),
                ..Described::default()
            };
            assert_eq!(path(&described).as_deref(), expected);
        }
    }
}
