//! The permit to copy files, or to move them, within an area or from another one: what
//! reading them there needs, what storing them here needs, and for a move what deleting them
//! there needs.

use super::many::{Deleting, deleting};
use super::{Reading, Store, reading};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{CopyError, CopyOptions, Error, Info};
use crate::fields::ContentType;
use crate::policy::Policy;
use crate::problem::Problem;
use crate::token::Caller;
use crate::url::{CopyKind, Name};

/// Permission to copy files.
pub(crate) struct Copying<'p> {
    reading: Reading,
    /// For a move.
    deleting: Option<Deleting>,
    storing: Store<'p>,
}

/// May this caller copy files of the area `from` to where `storing` permits? Existing files
/// give way only if `replaces`.
pub(crate) fn copying<'p>(
    policy: &Policy,
    caller: &Caller,
    from: Area,
    kind: CopyKind,
    storing: Store<'p>,
    replaces: bool,
) -> Result<Copying<'p>, Problem> {
    let reading = reading(policy, caller, from)?;
    let deleting = match kind {
        CopyKind::Copy => None,
        CopyKind::Move => Some(deleting(policy, caller, from)?),
    };
    let storing = if replaces {
        storing
    } else {
        storing.creating_only()?
    };
    Ok(Copying {
        reading,
        deleting,
        storing,
    })
}

impl Copying<'_> {
    /// The permission to read the files.
    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The keys of what is copied and of the copy: those of files, or the prefixes of those in
    /// folders, which end in `/`.
    pub(crate) fn keys(&self, from: &str, to: &str) -> [String; 2] {
        [self.reading.prefix(from), self.storing.scope.prefix(to)]
    }

    /// How this version of a file is copied. `or_same` is for a series that is repeated.
    ///
    /// # Errors
    /// [`Problem::UnsupportedMediaType`] and [`Problem::TooLarge`] for a file that may not be
    /// stored there.
    pub(crate) fn options(
        &self,
        from: &Name,
        to: &Name,
        source: Info,
        or_same: bool,
    ) -> Result<CopyOptions, Problem> {
        let content_type = ContentType::stored(&source.content_type);
        let mut target = self.storing.options(&content_type, Some(source.size))?;
        target.announced = None;
        target.metadata = source.metadata;
        Ok(CopyOptions {
            from: self.reading.key(from).as_str().to_owned(),
            etag: source.etag,
            may_read: self.reading.may_read(),
            may_remove: self.deleting.as_ref().map(Deleting::may_remove),
            to: self.storing.key(to).as_str().to_owned(),
            target,
            or_same,
        })
    }

    /// The problem of the file with this name if it may not be read.
    pub(crate) fn unreadable(&self, name: &Name, error: Error) -> Problem {
        match error {
            Error::NotFound => Problem::NoSource,
            error => self.reading.problem(name, error),
        }
    }

    /// The problem of the file with this name, which may be read, if the store does not
    /// copy it.
    pub(crate) fn problem(&self, name: &Name, error: CopyError) -> Problem {
        match (error, &self.deleting) {
            (CopyError::Source(Error::NotFound), _) => Problem::NoSource,
            (CopyError::Source(Error::PreconditionFailed), _) => Problem::SourceChanges,
            (CopyError::Source(error), Some(deleting)) => deleting.problem(name, error),
            (CopyError::Source(error), None) => self.reading.problem(name, error),
            (CopyError::Target(error), _) => self.storing.refusals().problem(error),
        }
    }
}
