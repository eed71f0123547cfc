//! What must hold for the version that is read, replaced or removed: the preconditions
//! in the order of RFC 9110, 13.2.2, and the guards of a write.

use crate::platform::Datetime;
use crate::{Conditions, CreateOptions, Error, Etags, Info, OpenOptions, Span, Validator, Whose};

/// Whether this version may be read.
///
/// # Errors
/// [`Error::PreconditionFailed`], [`Error::NotModified`].
pub fn check_read(conditions: &Conditions, info: &Info) -> Result<(), Error> {
    check_unchanged(conditions, Some(info))?;
    let not_modified = match (&conditions.if_none_match, &conditions.if_modified_since) {
        (Some(etags), _) => matches(etags, info),
        (None, Some(date)) => info.modified.seconds <= date.seconds,
        (None, None) => false,
    };
    match not_modified {
        true => Err(Error::NotModified(info.clone())),
        false => Ok(()),
    }
}

/// Whether a file may be stored in place of `current`: the guards, then the conditions.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Protected`], [`Error::PreconditionFailed`].
pub fn check_create(options: &CreateOptions, current: Option<&Info>) -> Result<(), Error> {
    match current {
        None if !options.may_create => return Err(Error::NotFound),
        Some(info) if !includes(&options.may_replace, info.uploader.as_deref()) => {
            return Err(Error::Protected);
        }
        _ => {}
    }
    check_write(&options.conditions, current)
}

/// Whether `current` may be removed: existence, the guard, then the conditions.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Protected`], [`Error::PreconditionFailed`].
pub fn check_remove(
    current: Option<&Info>,
    may_remove: &Whose,
    conditions: &Conditions,
) -> Result<(), Error> {
    let info = current.ok_or(Error::NotFound)?;
    if !includes(may_remove, info.uploader.as_deref()) {
        return Err(Error::Protected);
    }
    check_write(conditions, current)
}

/// The span that counts for this version (RFC 9110, 13.1.5).
#[must_use]
pub fn span_for<'a>(options: &'a OpenOptions, info: &Info) -> &'a Span {
    let holds = match &options.span_only_if {
        None => true,
        Some(Validator::Etag(tag)) => *tag == info.etag,
        Some(Validator::Modified(Datetime { seconds, .. })) => *seconds == info.modified.seconds,
    };
    if holds { &options.span } else { &Span::All }
}

/// Whether nothing is asked.
#[must_use]
pub fn is_none(conditions: &Conditions) -> bool {
    conditions.if_match.is_none()
        && conditions.if_unmodified_since.is_none()
        && conditions.if_none_match.is_none()
        && conditions.if_modified_since.is_none()
}

fn check_write(conditions: &Conditions, current: Option<&Info>) -> Result<(), Error> {
    check_unchanged(conditions, current)?;
    match (&conditions.if_none_match, current) {
        (Some(etags), Some(info)) if matches(etags, info) => Err(Error::PreconditionFailed),
        _ => Ok(()),
    }
}

/// `If-Match`, or `If-Unmodified-Since` where that is not given.
fn check_unchanged(conditions: &Conditions, current: Option<&Info>) -> Result<(), Error> {
    let holds = match (
        &conditions.if_match,
        &conditions.if_unmodified_since,
        current,
    ) {
        (Some(etags), _, Some(info)) => matches(etags, info),
        (Some(_), _, None) => false,
        (None, Some(date), Some(info)) => info.modified.seconds <= date.seconds,
        (None, _, _) => true,
    };
    if holds {
        Ok(())
    } else {
        Err(Error::PreconditionFailed)
    }
}

fn matches(etags: &Etags, info: &Info) -> bool {
    match etags {
        Etags::Any => true,
        Etags::These(tags) => tags.contains(&info.etag),
    }
}

fn includes(whose: &Whose, uploader: Option<&str>) -> bool {
    match whose {
        Whose::Nobodys => false,
        Whose::Uploaders(name) => uploader == Some(name),
        Whose::Anyones => true,
    }
}

#[cfg(test)]
mod tests;
