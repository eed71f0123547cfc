//! Discarding an upload.

use http::StatusCode;

use super::access;
use super::dialect::Dialect;
use crate::bindings::coffer::storage::uploads;
use crate::http::{Answer, Request, Response};
use crate::operations::Context;
use crate::problem::Problem;
use crate::url::UploadPlace;

/// Discards an upload and its bytes. The file of a finished one stays.
pub(crate) fn discard(
    context: &Context<'_>,
    request: &Request,
    place: UploadPlace,
    id: &str,
) -> Result<Answer, Problem> {
    if let Dialect::Ietf(version) = Dialect::of_request(&request.headers)? {
        version.check_stateless(&request.headers)?;
    }
    access::find(context, place, id)?;
    uploads::discard(id).map_err(access::problem)?;
    Ok(Answer::Whole(Response::empty(StatusCode::NO_CONTENT)))
}
