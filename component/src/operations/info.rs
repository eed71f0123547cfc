//! `GET` and `HEAD /v1/{area}/info/{name}`

use http::StatusCode;

use super::Context;
use super::file::File;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs;
use crate::fields::conditions::unconditional;
use crate::http::{Answer, Request, Response};
use crate::permit;
use crate::problem::Problem;
use crate::url::Name;

/// Describes a file. The description is a document of its own and has no validators; those of
/// the file are in it.
pub(crate) fn answer(
    context: &Context<'_>,
    request: &Request,
    area: Area,
    name: Name,
) -> Result<Answer, Problem> {
    let permit = permit::read(context.policy, &context.caller, area, name)?;
    let found = blobs::stat(permit.key().as_str(), &permit.may_read(), &unconditional());
    let info = found.map_err(|error| permit.problem(error))?;
    let file = File::new(area, permit.name(), info, &context.base_url(request)?);
    Ok(Answer::Whole(Response::json(StatusCode::OK, &file)))
}
