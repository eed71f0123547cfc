//! Keeping what a turn has received.

use bytes::Bytes;
use coffer_port::object::Pin;
use uuid::Uuid;

use super::objects::tail_key;
use super::sealed::{Outcome, Sealed};
use super::state::{Received, Tail};
use super::turn::Turn;
use crate::store::Error;

/// Up to this many bytes the tail is in the state itself: that costs less than three requests.
const FEW: usize = 64 << 10;

impl Turn {
    /// Ends the turn, and keeps what it has received.
    ///
    /// # Errors
    /// The reason why nothing could be kept, unless a write has already returned it.
    pub(super) async fn suspend(mut self: Box<Self>, length: Option<u64>) -> Result<u64, Error> {
        match self.seal(false).await {
            Ok(_) if self.is_forgotten => Err(self.forgotten().await),
            Ok(Outcome::Whole(sealed) | Outcome::Part(sealed)) if self.received > 0 => {
                if let Some(error) = self.failure.take() {
                    tracing::warn!(?error, "a part of a resumable upload could not be sent");
                }
                self.keep(&sealed, length).await
            }
            Ok(_) => {
                self.end_without(length).await?;
                match self.failure.take() {
                    Some(error) if self.received > 0 => Err(error),
                    _ => Ok(self.begun.received.offset()),
                }
            }
            Err(error) => {
                self.give_back().await;
                Err(error)
            }
        }
    }

    /// Gives the lease back without more bytes. Where given, `length` is how many there will be.
    pub(super) async fn end_without(&self, length: Option<u64>) -> Result<(), Error> {
        let ended = self
            .lease
            .end(|state| state.length = state.length.or(length));
        let ended = ended.await;
        if let Err(error) = &ended {
            self.lost(error, None).await;
        }
        ended
    }

    /// Records these bytes and gives the lease back; returns how many there are.
    pub(super) async fn keep(&self, sealed: &Sealed, length: Option<u64>) -> Result<u64, Error> {
        let tail = match self.store_tail(&sealed.rest).await {
            Ok(tail) => tail,
            Err(error) => {
                let _ = self.lease.end(|_| {}).await;
                self.abort_new(sealed).await;
                return Err(error);
            }
        };
        let received = Received {
            upload: sealed.upload.clone(),
            parts: sealed.parts.clone(),
            floor: self.begun.received.floor,
            tail: tail.clone(),
        };
        let ended = self.lease.end(|state| {
            state.received = received;
            state.length = state.length.or(length);
        });
        match ended.await {
            Ok(()) => {
                self.store
                    .drop_tail(self.id, &self.begun.received.tail)
                    .await;
                Ok(sealed.size())
            }
            Err(error) => {
                if self.lost(&error, Some(sealed)).await {
                    self.store.drop_tail(self.id, &tail).await;
                }
                Err(error)
            }
        }
    }

    /// Cleans up if the turn is lost; of other errors it is not known what was recorded. Returns
    /// whether it is.
    pub(super) async fn lost(&self, error: &Error, sealed: Option<&Sealed>) -> bool {
        let is_lost = matches!(error, Error::NotFound | Error::Busy);
        if is_lost && let Some(sealed) = sealed {
            self.abort_new(sealed).await;
        }
        if matches!(error, Error::NotFound) {
            self.discarded().await;
        }
        is_lost
    }

    /// Aborts the multipart upload if this turn has started it.
    async fn abort_new(&self, sealed: &Sealed) {
        if let (None, Some(id)) = (&self.begun.received.upload, &sealed.upload) {
            self.store.abort_upload(&self.begun.target.key, id).await;
        }
    }

    async fn store_tail(&self, rest: &Bytes) -> Result<Tail, Error> {
        if rest.len() <= FEW {
            return Ok(Tail::Here(rest.to_vec()));
        }
        let turn = Uuid::new_v4().to_string();
        let key = tail_key(self.id, &turn)?;
        let stored = self.store.write_small(&key, rest.clone(), &Pin::None);
        match stored.await {
            Ok(_) => Ok(Tail::There {
                turn,
                size: rest.len() as u64,
            }),
            Err(failure) => {
                // It may be there, if only the answer was lost.
                self.store.drop_object(&key).await;
                Err(failure.into())
            }
        }
    }
}
