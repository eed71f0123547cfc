//! `DELETE /v1/{area}/files/{name}`

use http::StatusCode;

use super::Context;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs;
use crate::fields::conditions::conditions;
use crate::http::{Answer, Request, Response};
use crate::permit::{self, Delete};
use crate::problem::Problem;
use crate::url::Name;

/// Deletes a file.
pub(crate) fn answer(
    context: &Context<'_>,
    request: &Request,
    area: Area,
    name: Name,
) -> Result<Answer, Problem> {
    let permit = permit::delete(context.policy, &context.caller, area, name)?;
    remove(request, &permit)
}

/// Deletes the file of this permit.
pub(super) fn remove(request: &Request, permit: &Delete) -> Result<Answer, Problem> {
    let conditions = conditions(&request.headers)?;
    blobs::remove(permit.key().as_str(), &permit.may_remove(), &conditions)
        .map_err(|error| permit.problem(error))?;
    Ok(Answer::Whole(Response::empty(StatusCode::NO_CONTENT)))
}
