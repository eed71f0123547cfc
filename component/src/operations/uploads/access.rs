//! Finding an upload: another caller's does not exist.

use super::begun::{Begun, Holder};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::Error;
use crate::bindings::coffer::storage::uploads::{self, Progress};
use crate::operations::Context;
use crate::permit;
use crate::problem::Problem;
use crate::token::Caller;
use crate::url::UploadPlace;

/// An upload of the caller.
pub(super) struct Found {
    /// With whose rights it goes on.
    pub(super) caller: Caller,
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
    let caller = match (&begun.holder, &reachable) {
        (Holder::Area { mark }, Some(reachable)) if reachable.includes(mark) => {
            let caller = as_whom(&begun, context);
            caller.ok_or(Problem::NoUpload)?
        }
        (Holder::Link { .. }, None) => &context.caller,
        _ => return Err(Problem::NoUpload),
    };
    Ok(Found {
        caller: caller.clone(),
        begun,
        progress,
    })
}

/// With whose rights an upload of this caller's scope goes on, if it is theirs. In the public area,
/// which is one scope for all, it is theirs who began it; one that began without a token is theirs
/// who know its id, and nobody lends it the rights of a token. In an organization's area,
/// members who may store the file can continue it too; a path that is closed to a member also hides
/// its uploads.
fn as_whom<'c>(begun: &Begun, context: &'c Context<'_>) -> Option<&'c Caller> {
    let caller = &context.caller;
    let began = || begun.caller == permit::identity(caller);
    let theirs = match (begun.area, begun.caller.as_str()) {
        (Area::Public, "") => return Some(&Caller::Anonymous),
        (Area::Public, _) => began(),
        (Area::User, _) => true,
        (Area::Org, _) => {
            let permit = || begun.permit(context.policy, context.settings, caller);
            began() || permit().is_ok_and(|permit| permit.is_not_only_for_own())
        }
    };
    theirs.then_some(caller)
}

/// What the store's error means for an upload as such.
pub(super) fn problem(error: Error) -> Problem {
    match error {
        Error::NotFound => Problem::NoUpload,
        error => error.into(),
    }
}
