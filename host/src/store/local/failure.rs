//! From what the system says to what the contract says.

use std::io;

use crate::store::Error;

/// Whether there was no room: on the disk, or in this user's share of it.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        if is_full(&error) {
            Error::NoSpace
        } else {
            Error::Unavailable(Box::new(error))
        }
    }
}

impl From<redb::Error> for Error {
    fn from(error: redb::Error) -> Error {
        match error {
            redb::Error::Io(error) => error.into(),
            error => Error::Unavailable(Box::new(error)),
        }
    }
}

/// A task of ours panicked, or the runtime is being shut down.
impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Error {
        Error::Unavailable(Box::new(error))
    }
}
