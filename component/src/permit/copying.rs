//! The permit to copy files, or to move them, within an area or from another one: what
//! reading them there needs, what storing them here needs, and for a move what deleting them
//! there needs.

use super::many::{Deleting, Reading, deleting, reading};
use super::uploader::{Anonymous, Pseudonym};
use super::{Delete, Read, Store, Storing};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{CopyError, CopyOptions, Error, Info};
use crate::fields::ContentType;
use crate::policy::Policy;
use crate::problem::Problem;
use crate::token::Caller;
use crate::url::{CopyKind, Name};

/// Permission to copy files, each of which is judged at both ends.
pub(crate) struct Copying<'p, 'c> {
    reading: Reading<'p, 'c>,
    /// For a move.
    deleting: Option<Deleting<'p, 'c>>,
    storing: Storing<'p, 'c>,
}

/// Permission to copy one file.
#[derive(Debug, Clone)]
pub(crate) struct Copy<'p> {
    read: Read,
    /// For a move.
    delete: Option<Delete>,
    store: Store<'p>,
}

/// May this caller copy files of the area `from` to where `storing` permits? Existing files
/// give way only if `replaces`.
pub(crate) fn copying<'p, 'c>(
    policy: &'p Policy,
    caller: &'c Caller,
    from: Area,
    kind: CopyKind,
    storing: Storing<'p, 'c>,
    replaces: bool,
) -> Result<Copying<'p, 'c>, Problem> {
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

impl<'p> Copying<'p, '_> {
    /// The permission to copy this file to this name.
    pub(crate) fn of(&self, from: &Name, to: &Name) -> Result<Copy<'p>, Problem> {
        let delete = self.deleting.as_ref();
        Ok(Copy {
            read: self.reading.of(from.clone())?,
            delete: delete
                .map(|deleting| deleting.of(from.clone()))
                .transpose()?,
            store: self.storing.of(to.clone())?,
        })
    }

    /// The keys of what is copied and of the copy: those of files, or the prefixes of those in
    /// folders, which end in `/`.
    pub(crate) fn keys(&self, from: &str, to: &str) -> [String; 2] {
        [self.reading.prefix(from), self.storing.prefix(to)]
    }
}

impl Copy<'_> {
    /// The permission to read the file.
    pub(crate) fn read(&self) -> &Read {
        &self.read
    }

    /// How this version of the file is copied. `or_same` is for a series that is repeated.
    ///
    /// # Errors
    /// [`Problem::UnsupportedMediaType`] and [`Problem::TooLarge`] for a file that may not be
    /// stored there.
    pub(crate) fn options(&self, source: Info, or_same: bool) -> Result<CopyOptions, Problem> {
        let content_type = ContentType::stored(&source.content_type);
        let mut target = self.store.options(&content_type, Some(source.size))?;
        target.announced = None;
        target.metadata = source.metadata;
        Ok(CopyOptions {
            from: self.read.key().as_str().to_owned(),
            etag: source.etag,
            may_read: self.read.may_read(),
            may_remove: self.delete.as_ref().map(Delete::may_remove),
            to: self.store.key().as_str().to_owned(),
            target,
            or_same,
        })
    }

    /// The problem if the file may not be read.
    pub(crate) fn unreadable(&self, error: Error) -> Problem {
        match error {
            Error::NotFound => Problem::NoSource,
            error => self.read.problem(error),
        }
    }

    /// The problem if the file, which may be read, is not copied.
    pub(crate) fn problem(&self, error: CopyError) -> Problem {
        match (error, &self.delete) {
            (CopyError::Source(Error::NotFound), _) => Problem::NoSource,
            (CopyError::Source(Error::PreconditionFailed), _) => Problem::SourceChanges,
            (CopyError::Source(error), Some(delete)) => delete.problem(error),
            (CopyError::Source(error), None) => self.read.problem(error),
            (CopyError::Target(error), _) => self.store.refusals().problem(error),
        }
    }
}

impl Anonymous for Copy<'_> {
    fn is_anonymous(&self) -> bool {
        self.store.is_anonymous()
    }

    fn under(self, pseudonym: Pseudonym) -> Self {
        Self {
            store: self.store.under(pseudonym),
            ..self
        }
    }
}
