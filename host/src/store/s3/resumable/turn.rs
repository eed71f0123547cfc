//! A turn: bytes on their way to an upload.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use coffer_port::resumable::{TurnHash, TurnOptions};
use tokio::runtime::Handle;

use super::id::Id;
use super::lease::{Lease, Renewal};
use super::objects::{Held, tail_key};
use super::state::{State, Tail};
use super::turns::Guard;
use crate::store::s3::gathered::Gathered;
use crate::store::s3::multipart::Multipart;
use crate::store::s3::shared::Shared;
use crate::store::{Error, Size, Upload};

/// A turn, as long as it lasts. Dropped before its end, nothing of it is kept: its parts stay at
/// the service, count for nothing, and go when the upload is completed or aborted.
pub(in crate::store::s3) struct S3Turn(Option<Box<Turn>>);

pub(super) struct Turn {
    pub(super) store: Arc<Shared>,
    pub(super) id: Id,
    pub(super) lease: Arc<Lease>,
    /// What was there before.
    pub(super) begun: State,
    pub(super) gathered: Gathered,
    /// How many parts were sent.
    pub(super) sent: i32,
    /// How many bytes this turn has brought.
    pub(super) received: u64,
    pub(super) hash: TurnHash,
    /// Sending a part failed, or was given up: the gathered bytes do not follow the parts.
    pub(super) is_torn: bool,
    /// Receiving has failed.
    pub(super) has_failed: bool,
    /// Why received bytes could not be sent, unless a call has already returned it.
    pub(super) failure: Option<Error>,
    /// The service has forgotten the multipart upload.
    pub(super) is_forgotten: bool,
    size: Size,
    /// Whether the tail is among the gathered bytes.
    has_tail: bool,
    _renewal: Renewal,
    guard: Guard,
    runtime: Handle,
}

impl S3Turn {
    /// Takes the turn of an upload that is not finished.
    pub(super) async fn take(
        store: &Arc<Shared>,
        id: Id,
        guard: Guard,
        held: Held,
        options: TurnOptions,
    ) -> Result<S3Turn, Error> {
        let (lease, renewal, begun) = Lease::take(store.clone(), id, held, guard.loss()).await?;
        Ok(S3Turn(Some(Box::new(Turn {
            store: store.clone(),
            id,
            lease,
            gathered: Gathered::default(),
            sent: 0,
            received: 0,
            hash: TurnHash::expecting(options.digest),
            is_torn: false,
            has_failed: false,
            failure: None,
            is_forgotten: false,
            size: Size::up_to(begun.room(&options)),
            has_tail: begun.received.tail.size() == 0,
            begun,
            _renewal: renewal,
            guard,
            runtime: Handle::current(),
        }))))
    }

    /// The turn, to be ended.
    ///
    /// # Errors
    /// It has ended.
    pub(super) fn into_turn(mut self) -> Result<Box<Turn>, Error> {
        self.0.take().ok_or_else(already_ended)
    }
}

impl Drop for S3Turn {
    fn drop(&mut self) {
        let Some(turn) = self.0.take() else { return };
        turn.guard.ends();
        let (tasks, runtime) = (turn.store.tasks.clone(), turn.runtime.clone());
        tasks.spawn_on(turn.give_back(), &runtime);
    }
}

#[async_trait::async_trait]
impl Upload for S3Turn {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let turn = self.0.as_mut().ok_or_else(already_ended)?;
        // Also if the call is cancelled.
        if mem::replace(&mut turn.has_failed, true) {
            return Err(already_failed());
        }
        turn.append(bytes).await?;
        turn.has_failed = false;
        Ok(())
    }

    /// The rest stays in memory until the turn ends, which follows.
    async fn complete(&mut self) -> Result<(), Error> {
        let turn = self.0.as_mut().ok_or_else(already_ended)?;
        match turn.has_failed {
            true => Err(already_failed()),
            false => turn.lease.check(),
        }
    }
}

impl Turn {
    async fn append(&mut self, mut bytes: Bytes) -> Result<(), Error> {
        self.lease.check()?;
        self.size.add(bytes.len())?;
        self.fetch_tail().await?;
        while !bytes.is_empty() {
            if self.gathered.is_full() {
                self.spill().await?;
            }
            let piece = self.gathered.fill(&self.store.budget, &mut bytes).await?;
            self.hash.update(&piece);
            self.received = self.received.saturating_add(piece.len() as u64);
        }
        Ok(())
    }

    /// Begins with the bytes that are less than a part.
    pub(super) async fn fetch_tail(&mut self) -> Result<(), Error> {
        if self.has_tail {
            return Ok(());
        }
        let tail = &self.begun.received.tail;
        let size = usize::try_from(tail.size()).map_err(Error::unavailable)?;
        let gathered = &mut self.gathered;
        gathered.make_room(&self.store.budget, size).await?;
        match tail {
            Tail::Here(bytes) => gathered.buffer.extend_from_slice(bytes),
            Tail::There { turn, size } => {
                let key = tail_key(self.id, turn)?;
                let read = self.store.read_into(&key, *size, &mut gathered.buffer);
                if let Err(error) = read.await {
                    gathered.buffer.clear();
                    return Err(error);
                }
            }
        }
        self.has_tail = true;
        Ok(())
    }

    /// Sends the gathered bytes as a part.
    pub(super) async fn spill(&mut self) -> Result<(), Error> {
        let first = self.begun.received.next_number();
        self.lease.reserve(first.saturating_add(self.sent)).await?;
        // Until the part is on its way.
        self.is_torn = true;
        if self.gathered.multipart.is_none() {
            let target = &self.begun.target;
            let key = target.key.clone();
            self.gathered.multipart = Some(match self.begun.received.upload.clone() {
                None => Multipart::start(&self.store, key, target.metadata(), HashMap::new()),
                Some(id) => Multipart::go_on(&self.store, key, id, Vec::new(), first - 1),
            });
        }
        if let Err(error) = self.gathered.send_on().await {
            self.is_forgotten = matches!(error, Error::NotFound);
            return Err(error);
        }
        self.sent += 1;
        self.is_torn = false;
        Ok(())
    }

    /// Ends the turn without keeping anything of it.
    pub(super) async fn give_back(mut self: Box<Self>) {
        // First, so that no part is in flight whose number others may use.
        if let Some(multipart) = self.gathered.multipart.take()
            && let (Some(released), _) = multipart.release().await
            && self.begun.received.upload.is_none()
        {
            self.store
                .abort_upload(&self.begun.target.key, &released.id)
                .await;
        }
        match self.lease.end(|_| {}).await {
            Ok(()) => {}
            Err(Error::NotFound) => self.discarded().await,
            Err(error) => {
                tracing::info!(
                    ?error,
                    "cannot release the lease of a resumable upload; it expires by itself"
                );
            }
        }
    }

    /// Cleans up after an upload that was discarded during the turn: a part that arrives after the
    /// upload was aborted could stay.
    pub(super) async fn discarded(&self) {
        if let Some(id) = &self.begun.received.upload {
            self.store.abort_upload(&self.begun.target.key, id).await;
        }
    }
}

fn already_ended() -> Error {
    Error::Unavailable("this turn has ended".into())
}

pub(super) fn already_failed() -> Error {
    Error::Unavailable("this turn has already failed".into())
}
