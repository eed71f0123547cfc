//! `DELETE /v1/{area}/files/{name}`

use http::StatusCode;

use super::Context;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{self, Error};
use crate::conditions::conditions;
use crate::http::{Answer, Request, Response};
use crate::name::Name;
use crate::permit;
use crate::problem::Problem;

/// Deletes a file.
pub(crate) fn answer(
    context: &Context<'_>,
    request: &Request,
    area: Area,
    name: &Name,
) -> Result<Answer, Problem> {
    let permit = permit::delete(context.policy, &context.caller, area, name)?;
    let conditions = conditions(&request.headers)?;
    match blobs::remove(permit.key().as_str(), &permit.whose(), &conditions) {
        Ok(()) => Ok(Answer::Whole(Response::empty(StatusCode::NO_CONTENT))),
        Err(Error::Protected) => Err(permit.if_protected()),
        Err(error) => Err(error.into()),
    }
}
