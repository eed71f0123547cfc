//! Maps errors of the index to errors of the contract.

use crate::store::Error;

/// The contract's error for a failure of the index.
pub(super) fn failed(error: redb::Error) -> Error {
    match error {
        redb::Error::Io(error) => error.into(),
        error => Error::unavailable(error),
    }
}
