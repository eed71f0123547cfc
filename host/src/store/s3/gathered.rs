//! Bytes of an upload that are gathered in memory until they are a part.

use std::mem;

use bytes::Bytes;

use super::budget::{Budget, Grant, PART};
use super::multipart::Multipart;
use crate::store::Error;

/// At most one part. No call that is cancelled loses bytes, but for [`Gathered::send_on`].
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) buffer: Vec<u8>,
    /// The memory that the buffer may use.
    pub(super) grant: Option<Grant>,
    /// Has the parts that precede the buffer.
    pub(super) multipart: Option<Multipart>,
}

impl Gathered {
    /// Whether the bytes are a part.
    pub(super) fn is_full(&self) -> bool {
        self.buffer.len() == PART
    }

    /// Takes as many of these bytes as there is room for, and returns them; waits for memory.
    pub(super) async fn fill(
        &mut self,
        budget: &Budget,
        bytes: &mut Bytes,
    ) -> Result<Bytes, Error> {
        let room = self.make_room(budget, bytes.len()).await?;
        let piece = bytes.split_to(room.min(bytes.len()));
        self.buffer.extend_from_slice(&piece);
        Ok(piece)
    }

    /// Makes room for at least one byte, and for `more` if they fit in a part; returns for
    /// how many.
    pub(super) async fn make_room(&mut self, budget: &Budget, more: usize) -> Result<usize, Error> {
        let filled = self.buffer.len();
        let granted = self.grant.as_ref().map_or(0, |grant| grant.size);
        let wanted = match self.multipart {
            None => filled.saturating_add(more),
            Some(_) => PART,
        };
        if granted < wanted.min(PART) {
            self.grant = Some(budget.grant(wanted).await?);
        }
        let room = self.grant.as_ref().map_or(0, |grant| grant.size);
        // No more than needed, since a small file often arrives all at once.
        let whole = match wanted <= room / 2 {
            true => wanted.next_power_of_two(),
            false => room,
        };
        self.buffer.reserve_exact(whole.saturating_sub(filled));
        Ok(room - filled)
    }

    /// Sends the bytes as a part of the multipart upload, which must be there.
    pub(super) async fn send_on(&mut self) -> Result<(), Error> {
        let (bytes, grant) = (mem::take(&mut self.buffer), self.grant.take());
        match &self.multipart {
            Some(multipart) if !bytes.is_empty() => multipart.send(bytes.into(), grant).await,
            _ => Ok(()),
        }
    }

    /// Gives the bytes and their memory away.
    pub(super) fn take(&mut self) -> (Bytes, Option<Grant>) {
        (mem::take(&mut self.buffer).into(), self.grant.take())
    }
}
