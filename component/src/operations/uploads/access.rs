//! Finding an upload: another caller's does not exist.

use super::begun::{Begun, Holder};
use crate::bindings::coffer::storage::blobs::Error;
use crate::bindings::coffer::storage::uploads::{self, Progress};
use crate::operations::Context;
use crate::permit;
use crate::problem::Problem;
use crate::url::UploadPlace;

/// An upload of the caller.
pub(super) struct Found {
    pub(super) begun: Begun,
    pub(super) progress: Progress,
}

/// Finds the upload with this id at this place.
///
/// # Errors
/// [`Problem::NoUpload`] also for one that is somebody else's, so that nobody learns of it.
pub(super) fn find(context: &Context<'_>, place: UploadPlace, id: &str) -> Result<Found, Problem> {
    let reachable = match place {
        UploadPlace::Area(area) => {
            let reachable = permit::unfinished(context.policy, &context.caller, area)?;
            Some(reachable)
        }
        UploadPlace::Link => None,
    };
    let progress = uploads::look(id).map_err(problem)?;
    let begun = Begun::read(&progress.note).ok_or(Problem::NoUpload)?;
    let is_reachable = match (&begun.holder, &reachable) {
        (Holder::Area { mark }, Some(reachable)) => reachable.includes(mark),
        (Holder::Link { .. }, None) => true,
        _ => false,
    };
    if !is_reachable {
        return Err(Problem::NoUpload);
    }
    Ok(Found { begun, progress })
}

/// What the store's error means for an upload as such.
pub(super) fn problem(error: Error) -> Problem {
    match error {
        Error::NotFound => Problem::NoUpload,
        error => error.into(),
    }
}
