//! From what the index says to what the contract says.

use crate::store::Error;

/// What the index failed with.
pub(super) fn failed(error: redb::Error) -> Error {
    match error {
        redb::Error::Io(error) => error.into(),
        error => Error::unavailable(error),
    }
}
