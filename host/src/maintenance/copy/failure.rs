//! Why a file was not copied, and whether the source or the target failed.

use std::io;

use coffer_port::error::Cause;
use rustix::io::Errno;

use crate::maintenance::error::MaintenanceError;
use crate::store::local::Damage;
use crate::store::{Error, causes};

/// Why a file was not copied.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("cannot be read: {}", causes(.0))]
    Source(Error),
    #[error("cannot be stored: {}", causes(.0))]
    Target(Error),
    #[error("the target has another file of this name: --replace replaces it")]
    Conflict,
    #[error("the bytes read back are not those that were written; it was removed from the target")]
    Mismatch,
    #[error("the target stored a different {0}; the copy was removed from the target")]
    Described(&'static str),
    #[error("its bytes are not those that were backed up")]
    Damaged,
    #[error("cannot be copied: {0}")]
    Lost(Damage),
    #[error("it kept changing at the source or at the target")]
    KeptChanging,
    #[error(transparent)]
    State(#[from] MaintenanceError),
}

impl FileError {
    /// Whether others would fail too.
    pub(super) fn is_fatal(&self) -> bool {
        match self {
            FileError::Target(error) => {
                matches!(error, Error::NoSpace | Error::Misconfigured(_))
            }
            FileError::Source(error) => matches!(error, Error::Misconfigured(_)),
            FileError::State(_) => true,
            _ => false,
        }
    }

    /// Whether it is damaged at the source.
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, FileError::Damaged | FileError::Lost(_))
    }
}

/// Why an attempt ended.
pub(super) enum Ended {
    SourceChanged,
    TargetChanged,
    Failed(FileError),
}

impl From<FileError> for Ended {
    fn from(error: FileError) -> Ended {
        Ended::Failed(error)
    }
}

/// How an attempt ends after an error of the source.
pub(super) fn of_source(error: Error) -> Ended {
    match error {
        Error::NotFound | Error::PreconditionFailed => Ended::SourceChanged,
        Error::Unavailable(cause) => Ended::Failed(match damage(cause) {
            Ok(damage) => FileError::Lost(damage),
            Err(cause) => FileError::Source(Error::Unavailable(cause)),
        }),
        error => Ended::Failed(FileError::Source(error)),
    }
}

/// What is wrong with the bytes of this one file, if that is the cause.
fn damage(cause: Cause) -> Result<Damage, Cause> {
    let bad_sectors = Some(Errno::IO.raw_os_error());
    match cause.downcast_ref::<io::Error>() {
        Some(error) if error.raw_os_error() == bad_sectors => {
            Ok(Damage::Unreadable(error.to_string()))
        }
        _ => cause.downcast().map(|damage| *damage),
    }
}

/// How an attempt ends after an error of the target.
pub(super) fn of_target(error: Error) -> Ended {
    match error {
        Error::NotFound | Error::PreconditionFailed => Ended::TargetChanged,
        Error::DigestMismatch => Ended::Failed(FileError::Damaged),
        error => Ended::Failed(FileError::Target(error)),
    }
}
