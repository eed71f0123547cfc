//! How far an upload is; `GET` of a finished one leads to its file.

use http::{Method, StatusCode, header};

use super::access::{self, Found};
use super::dialect::{Dialect, State, insert, no_store};
use super::{ietf, tus};
use crate::http::{Answer, Request, Response};
use crate::operations::Context;
use crate::operations::file::{location, location_by_link};
use crate::problem::Problem;
use crate::url::UploadPlace;

/// Says how far an upload is.
pub(crate) fn look(
    context: &Context<'_>,
    request: &Request,
    place: UploadPlace,
    id: &str,
) -> Result<Answer, Problem> {
    let dialect = Dialect::of_request(&request.headers)?;
    if let Dialect::Ietf(version) = dialect {
        version.check_stateless(&request.headers)?;
    }
    let Found {
        caller,
        begun,
        progress,
    } = access::find(context, place, id)?;
    let base_url = context.base_url(request)?;
    let state = State {
        url: place.url(&base_url, id),
        offset: progress.offset,
        length: progress.length,
        max_size: begun.max_size(context.policy, context.settings, &caller),
        expires: progress.expires.seconds,
    };
    let mut response = match dialect {
        Dialect::Tus => tus::looked(&state, begun.upload_metadata.as_deref()),
        Dialect::Ietf(version) => ietf::looked(version, &state, progress.finished),
    };
    no_store(&mut response.headers);
    if !progress.finished {
        return Ok(Answer::Whole(response));
    }
    let file = match place {
        UploadPlace::Area(area) => Some(location(&base_url, area, &begun.name)),
        UploadPlace::Link => location_by_link(&base_url, begun.area, &begun.name),
    };
    if let Some(file) = file {
        insert(&mut response.headers, header::CONTENT_LOCATION, &file);
        if request.method == Method::GET {
            insert(&mut response.headers, header::LOCATION, &file);
            response = Response {
                status: StatusCode::SEE_OTHER,
                ..response
            };
        }
    }
    Ok(Answer::Whole(response))
}
