//! The end of a turn: which of its bytes can be kept.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use coffer_port::resumable::TurnHash;

use super::state::Kept;
use super::turn::Turn;
use crate::store::Error;
use crate::store::s3::bucket::PartsId;
use crate::store::s3::budget::{Grant, PART};
use crate::store::s3::multipart::Released;

/// All bytes of an upload at the end of a turn, none of which is in flight.
pub(super) struct Sealed {
    /// What has the parts.
    pub(super) upload: Option<PartsId>,
    /// Those from before, too.
    pub(super) parts: Arc<Vec<Kept>>,
    /// What comes behind the parts: at most one part.
    pub(super) rest: Bytes,
    pub(super) _grant: Option<Grant>,
}

/// What can be kept.
pub(super) enum Outcome {
    /// All that was received.
    Whole(Sealed),
    /// What came before an error.
    Part(Sealed),
    /// Nothing but what was there before.
    Nothing,
}

impl Sealed {
    /// How many bytes there are.
    pub(super) fn size(&self) -> u64 {
        let parts: u64 = self.parts.iter().map(|part| part.size).sum();
        parts.saturating_add(self.rest.len() as u64)
    }
}

impl Turn {
    /// Ends receiving. A full part is sent if it is not to be the rest.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`]; nothing of the turn is kept.
    pub(super) async fn seal(&mut self, full_as_rest: bool) -> Result<Outcome, Error> {
        let hash = mem::replace(&mut self.hash, TurnHash::None);
        let is_digested = !matches!(hash, TurnHash::None);
        if !self.is_torn {
            if let Err(error) = hash.verify() {
                let released = self.end_sending().await;
                self.abort_own(released.as_ref()).await;
                return Err(error);
            }
            if self.gathered.is_full() && !full_as_rest {
                self.failure = self.spill().await.err();
            }
        }
        let released = self.end_sending().await;
        let added = self.in_order(released.as_ref());
        let is_whole = !self.is_torn && usize::try_from(self.sent) == Ok(added.len());
        // A digest is one of all bytes.
        if !is_whole && (added.is_empty() || is_digested) {
            self.abort_own(released.as_ref()).await;
            return Ok(Outcome::Nothing);
        }
        let (rest, grant) = match is_whole {
            true => self.gathered.take(),
            false => (Bytes::new(), None),
        };
        let begun = &self.begun.received;
        let sealed = Sealed {
            upload: begun.upload.clone().or(released.map(|own| own.id)),
            parts: match added.is_empty() {
                true => begun.parts.clone(),
                false => Arc::new([begun.parts.as_slice(), &added].concat()),
            },
            rest,
            _grant: grant,
        };
        Ok(match is_whole && !self.has_failed {
            true => Outcome::Whole(sealed),
            false => Outcome::Part(sealed),
        })
    }

    /// Waits for the parts in flight.
    async fn end_sending(&mut self) -> Option<Released> {
        let (released, failure) = self.gathered.multipart.take()?.release().await;
        self.is_forgotten |= matches!(failure, Some(Error::NotFound));
        self.failure = self.failure.take().or(failure);
        released
    }

    /// The parts that have arrived, up to the first that is missing.
    fn in_order(&self, released: Option<&Released>) -> Vec<Kept> {
        let first = self.begun.received.next_number();
        let parts = released.map_or(&[][..], |released| &released.parts);
        let numbered = parts.iter().zip(first..);
        numbered
            .take_while(|(part, number)| part.part_number() == Some(*number))
            .map(|(part, _)| Kept::new(part, PART as u64))
            .collect()
    }

    /// Aborts the multipart upload if this turn has started it.
    async fn abort_own(&self, released: Option<&Released>) {
        if let Some(released) = released
            && self.begun.received.upload.is_none()
        {
            let key = &self.begun.target.key;
            self.store.abort_upload(key, &released.id).await;
        }
    }
}
