//! Resumable uploads, which the adapters do not have.

use crate::bindings::exports::coffer::storage::uploads::{
    BeginOptions, Error, Guest, Progress, Stored, Terms, Turn, TurnOptions, Upload,
};
use crate::{Port, Store};

impl<S: Store> Guest for Port<S> {
    fn begin(_: String, _: BeginOptions) -> Result<String, Error> {
        Err(Error::Unsupported)
    }

    fn look(_: String) -> Result<Progress, Error> {
        Err(Error::Unsupported)
    }

    fn resume(_: String, _: TurnOptions) -> Result<Turn, Error> {
        Err(Error::Unsupported)
    }

    fn suspend(_: Upload, _: Option<u64>) -> Result<u64, Error> {
        Err(Error::Unsupported)
    }

    fn finish(_: Upload, _: Terms) -> Result<Stored, Error> {
        Err(Error::Unsupported)
    }

    fn discard(_: String) -> Result<(), Error> {
        Err(Error::Unsupported)
    }
}
