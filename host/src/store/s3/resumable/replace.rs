//! Replacing an upload's state on the condition that it is the version that was read or written
//! last, although the answer to a write may be lost.

use std::time::Duration;

use bytes::Bytes;
use coffer_port::object::Pin;

use super::format::{self, Finished};
use super::id::Id;
use super::objects::{Held, STATES, key};
use super::state::{self, State};
use crate::store::Error;
use crate::store::s3::failure::S3Failure;
use crate::store::s3::shared::Shared;

/// How often a write is tried again whose outcome is not known.
const ROUNDS: u32 = 4;
/// The backoff between them; it grows by as much each time.
const PAUSE: Duration = Duration::from_millis(100);

impl Shared {
    /// Replaces the state that is held; after an error, or if it is cancelled, it is remembered
    /// that it may be replaced.
    ///
    /// # Errors
    /// As [`Shared::replace`].
    pub(super) async fn replace_state(
        &self,
        id: Id,
        held: &mut Held,
        mut state: State,
    ) -> Result<Held, Error> {
        state.revision = state::revision();
        let bytes = format::write(&state);
        held.tried.push(state.revision.clone());
        let etag = self.replace(id, held, bytes, &state.revision).await?;
        Ok(Held::new(state, etag))
    }

    /// Ends an upload that has become a file.
    ///
    /// # Errors
    /// As [`Shared::replace`].
    pub(super) async fn replace_by_finished(
        &self,
        id: Id,
        held: &Held,
        finished: &Finished,
    ) -> Result<(), Error> {
        let bytes = format::write_finished(finished);
        self.replace(id, held, bytes, &finished.revision)
            .await
            .map(drop)
    }

    /// Writes this revision in place of the state that is held; returns its entity tag.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none any more, [`Error::Busy`] if it is another one.
    async fn replace(
        &self,
        id: Id,
        held: &Held,
        bytes: Vec<u8>,
        revision: &str,
    ) -> Result<String, Error> {
        let (key, bytes) = (key(STATES, id)?, Bytes::from(bytes));
        let _turn = self.turn(&key).await;
        let if_match = self.conditional.put.version;
        let mut etag = held.etag.clone();
        let mut round = 0;
        loop {
            let pin = match if_match.is_evaluated() {
                true => if_match.form(Pin::Version(etag.clone())),
                false => match self.look_again(id, held, revision).await? {
                    Stored::AsBefore(_) => Pin::None,
                    Stored::Written(etag) => return Ok(etag),
                },
            };
            let failure = match self.write_small(&key, bytes.clone(), &pin).await {
                Ok(written) => return Ok(written.etag),
                Err(failure) => failure,
            };
            round += 1;
            match failure {
                S3Failure::Conflict if round < ROUNDS => {}
                S3Failure::Precondition | S3Failure::NotFound | S3Failure::Unconfirmed(_) => {
                    match self.look_again(id, held, revision).await? {
                        Stored::Written(etag) => return Ok(etag),
                        Stored::AsBefore(found) if round < ROUNDS => etag = found,
                        Stored::AsBefore(_) => return Err(failure_of(failure)),
                    }
                }
                failure => return Err(failure.into()),
            }
            tokio::time::sleep(PAUSE * round).await;
        }
    }

    /// Whether the state is still one of this turn, or this revision already.
    async fn look_again(&self, id: Id, held: &Held, revision: &str) -> Result<Stored, Error> {
        let found = self.find(id).await?.ok_or(Error::NotFound)?;
        match found.known.revision() {
            found_revision if found_revision == revision => Ok(Stored::Written(found.etag)),
            found_revision if held.may_be(found_revision) => Ok(Stored::AsBefore(found.etag)),
            _ => Err(Error::Busy),
        }
    }
}

/// Which state is there, with its entity tag.
enum Stored {
    AsBefore(String),
    Written(String),
}

/// That of a write which goes on failing.
fn failure_of(failure: S3Failure) -> Error {
    match failure {
        S3Failure::Unconfirmed(error) => error,
        failure => Error::unavailable(format!("the state cannot be replaced: {failure:?}")),
    }
}
