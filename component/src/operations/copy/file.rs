//! A single file.

use http::{HeaderValue, StatusCode, header};

use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{self, Conditions, CopyError, Error, Stored};
use crate::http::{Answer, Response};
use crate::operations::Context;
use crate::operations::file::{File, location};
use crate::operations::json_body::invalid;
use crate::operations::managed::Managed;
use crate::permit::{Copy, Copying};
use crate::problem::Problem;
use crate::url::Name;

/// How often a file is looked at that is replaced before it can be copied.
const ATTEMPTS: usize = 5;

/// Copies or moves a file that meets the conditions.
pub(super) fn answer(
    context: &Context<'_>,
    permit: &Copying<'_, '_>,
    from: &Name,
    to: &Name,
    conditions: &Conditions,
    area: Area,
    base_url: &str,
) -> Result<Answer, Problem> {
    let [source, target] = permit.keys(from.as_str(), to.as_str());
    if source == target {
        return Err(invalid("from and to are the same file"));
    }
    let (permit, managed) = Managed::begin(context, permit.of(from, to)?)?;
    let Stored { info, replaced } = copy(&permit, conditions)?;
    let manage_url = managed
        .map(|managed| managed.url(base_url, to))
        .transpose()?;
    let file = File::new(area, to, info, base_url).managed(manage_url);
    let status = if replaced {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let mut response = Response::json(status, &file);
    if let Ok(etag) = HeaderValue::try_from(file.etag()) {
        response.headers.insert(header::ETAG, etag);
    }
    if !replaced && let Ok(url) = HeaderValue::try_from(location(base_url, area, to)) {
        response.headers.insert(header::LOCATION, url);
    }
    Ok(Answer::Whole(response))
}

/// The version whose type and size are checked is the one that is copied.
fn copy(permit: &Copy<'_>, conditions: &Conditions) -> Result<Stored, Problem> {
    let (key, may_read) = (permit.read().key(), permit.read().may_read());
    for _ in 0..ATTEMPTS {
        let source = blobs::stat(key.as_str(), &may_read, conditions);
        let source = source.map_err(|error| permit.unreadable(error))?;
        let options = permit.options(source, false)?;
        match blobs::copy(&[&options]).pop() {
            Some(Ok(stored)) => return Ok(stored),
            Some(Err(CopyError::Source(Error::PreconditionFailed))) => {}
            Some(Err(error)) => return Err(permit.problem(error)),
            None => return Err(Problem::Internal),
        }
    }
    Err(Problem::SourceChanges)
}
