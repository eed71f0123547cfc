//! `POST /v1/{area}/copy` and `/move`

mod asked;
mod file;
mod folder;

use super::Context;
use super::json_body::{self, invalid};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::Conditions;
use crate::fields::conditions::conditions;
use crate::http::{Answer, Request};
use crate::permit;
use crate::problem::Problem;
use crate::url::CopyKind;
use asked::{Asked, Pair};

/// The maximum size of the body, in bytes: room for the longest names and cursor, with every
/// character escaped.
const LONGEST_BODY: usize = 16 << 10;

/// Copies or moves a file or a folder.
pub(crate) fn answer(
    context: &Context<'_>,
    request: Request,
    area: Area,
    kind: CopyKind,
) -> Result<Answer, Problem> {
    let storing = permit::storing(context.policy, &context.caller, area)?;
    let mut conditions = conditions(&request.headers)?;
    if conditions.if_none_match.is_some() {
        return Err(invalid(
            "If-None-Match is not supported here: without \"replace\" no file is replaced",
        ));
    }
    conditions.if_modified_since = None;
    let base_url = context.base_url(&request)?;
    let members = json_body::read(request.into_reader()?, LONGEST_BODY)?;
    let Asked {
        names,
        from_area,
        replace,
        cursor,
    } = Asked::of(members.unwrap_or_default())?;
    let from_area = from_area.unwrap_or(area);
    let (policy, caller) = (context.policy, &context.caller);
    let permit = permit::copying(policy, caller, from_area, kind, storing, replace)?;
    match names {
        Pair::Files { from, to } => {
            file::answer(context, &permit, &from, &to, &conditions, area, &base_url)
        }
        Pair::Folders { from, to } => {
            refuse_conditions(&conditions)?;
            let folder = format!("{from}/");
            let list = permit::list(policy, caller, from_area, &folder)?;
            folder::answer(context, &permit, &list, kind, &from, &to, cursor.as_deref())
        }
    }
}

/// Refuses conditions on what is more than one file.
pub(super) fn refuse_conditions(conditions: &Conditions) -> Result<(), Problem> {
    let is_free = conditions.if_match.is_none()
        && conditions.if_unmodified_since.is_none()
        && conditions.if_none_match.is_none();
    if is_free {
        return Ok(());
    }
    Err(invalid("conditions such as If-Match are for a single file"))
}
