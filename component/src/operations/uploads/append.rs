//! Appending to an upload.

use super::access::{self, Found};
use super::dialect::{Dialect, State};
use super::turn::{Ending, Turn};
use super::{ietf, tus};
use crate::bindings::coffer::storage::uploads::Digest;
use crate::fields::body::content_length;
use crate::http::{Answer, Request};
use crate::operations::receipt::Receipt;
use crate::operations::{Context, upload};
use crate::problem::Problem;
use crate::url::UploadPlace;

/// What a request appends.
pub(super) struct Appended {
    pub(super) offset: u64,
    /// How many bytes there will be in all, if the request says so.
    pub(super) length: Option<u64>,
    pub(super) ending: Ending,
    pub(super) digest: Option<Digest>,
}

/// Appends a request's body.
pub(crate) fn append(
    context: &Context<'_>,
    request: Request,
    place: UploadPlace,
    id: String,
) -> Result<Answer, Problem> {
    let dialect = Dialect::of_request(&request.headers)?;
    let refused = |problem| dialect.refused(problem, false);
    let appended = match dialect {
        Dialect::Tus => tus::appended(&request.headers),
        Dialect::Ietf(version) => ietf::appended(version, &request.headers),
    };
    // Before the fields: who may not know of an upload learns nothing of it.
    let found = access::find(context, place, &id).map_err(refused)?;
    let appended = appended.map_err(refused)?;
    upload::whole_and_plain(&request.headers).map_err(refused)?;
    if found.progress.finished {
        return repeated(dialect, &appended, &found, request).map_err(refused);
    }
    let content = content_length(&request.headers);
    let said = check(&appended, &found, content).map_err(refused)?;
    let turn = Turn {
        place,
        begun: found.begun,
        caller: found.caller,
        base_url: context.base_url(&request).map_err(refused)?,
        offset: appended.offset,
        length: found.progress.length,
        said,
        ending: appended.ending,
        dialect,
        begins: false,
        expires: found.progress.expires.seconds,
        shared: Receipt::fields(context.shared),
        id,
    };
    turn.run(context, request, true, appended.digest)
}

/// Refuses what does not continue the upload. Returns the length if it is said for the first time.
fn check(appended: &Appended, found: &Found, content: Option<u64>) -> Result<Option<u64>, Problem> {
    let offset = found.progress.offset;
    if appended.offset != offset {
        return Err(Problem::MismatchingOffset {
            expected: offset,
            provided: appended.offset,
        });
    }
    // A body that ends the file says how long it is, too.
    let ends_at = content
        .filter(|_| appended.ending == Ending::Now)
        .map(|content| offset.saturating_add(content));
    let mut known = found.progress.length;
    for said in [appended.length, ends_at].into_iter().flatten() {
        if said < offset || known.is_some_and(|known| known != said) {
            return Err(Problem::InconsistentLength);
        }
        known = Some(said);
    }
    Ok(known.filter(|_| found.progress.length.is_none()))
}

/// The answer to a client that appends to a complete upload, since it did not get the last one.
fn repeated(
    dialect: Dialect,
    appended: &Appended,
    found: &Found,
    request: Request,
) -> Result<Answer, Problem> {
    let offset = found.progress.offset;
    if dialect != Dialect::Tus {
        return Err(if is_empty(request)? {
            Problem::CompletedUpload
        } else {
            Problem::InconsistentLength
        });
    }
    if appended.offset != offset {
        return Err(Problem::MismatchingOffset {
            expected: offset,
            provided: appended.offset,
        });
    }
    if !is_empty(request)? {
        return Err(Problem::TooLarge(
            "the upload is complete: there can be no more bytes".to_owned(),
        ));
    }
    Ok(Answer::Whole(tus::repeated(&State {
        url: String::new(),
        offset,
        length: Some(offset),
        max_size: offset,
        expires: found.progress.expires.seconds,
    })))
}

/// Whether the body is empty, whose length need not be announced.
fn is_empty(request: Request) -> Result<bool, Problem> {
    if let Some(length) = content_length(&request.headers) {
        return Ok(length == 0);
    }
    let mut body = request.into_reader()?;
    loop {
        match body.next_chunk() {
            Ok(None) => return Ok(true),
            Ok(Some(bytes)) if bytes.is_empty() => {}
            Ok(Some(_)) | Err(_) => return Ok(false),
        }
    }
}
