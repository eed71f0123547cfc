//! Who has the turn, for all hosts: a lease in the upload's state.
//!
//! The state is written on the condition that it is the version that was read or written last, so
//! of two hosts one gets the lease, and one that has lost it cannot write any more. A lease has a
//! deadline, after which others may take the turn; a task renews it. So how far clocks differ
//! decides only when a turn is lost, never whether two turns count.
//!
//! Where the service does not evaluate that condition, the state is read right before it is
//! written: turns are kept apart within a host, and by the best efforts of several.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::{Mutex, oneshot};

use super::format::Finished;
use super::id::Id;
use super::objects::Held;
use super::state::{Lease as Entry, Received, State};
use super::turns::{Loss, Lost};
use crate::store::Error;
use crate::store::s3::shared::Shared;

/// How long a lease lasts without being renewed.
pub(in crate::store::s3) const LEASE: Duration = Duration::from_secs(60);
/// How many part numbers a turn reserves at a time: half a GiB of parts.
const RESERVED: i32 = 64;
/// The shortest time between two renewals.
const LEAST_PERIOD: Duration = Duration::from_secs(1);

/// The turn of this host.
pub(super) struct Lease {
    store: Arc<Shared>,
    id: Id,
    loss: Loss,
    /// The last part number that is reserved.
    reserved: AtomicI32,
    held: Mutex<Holding>,
}

struct Holding {
    held: Held,
    /// The lease was given back.
    ended: bool,
}

/// Renews a lease until it is dropped.
pub(super) struct Renewal {
    _stop: oneshot::Sender<()>,
}

impl Lease {
    /// Takes the turn that nobody has.
    pub(super) async fn take(
        store: Arc<Shared>,
        id: Id,
        mut held: Held,
        loss: Loss,
    ) -> Result<(Arc<Lease>, Renewal, State), Error> {
        let mut state = held.state.clone();
        if let Some(lost) = &state.lease
            && state.received.upload.is_some()
            && store.may_skip_numbers().await
        {
            let behind = lost.last.saturating_add(1);
            state.received.floor = state.received.floor.max(behind);
        }
        let last = reserved_from(&state.received, state.received.next_number());
        state.lease = Some(Entry {
            until: SystemTime::now() + store.lease,
            last,
        });
        held = store.replace_state(id, &mut held, state).await?;
        let state = held.state.clone();
        let lease = Arc::new(Lease {
            store,
            id,
            loss,
            reserved: AtomicI32::new(last),
            held: Mutex::new(Holding { held, ended: false }),
        });
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(lease.clone().renew_until(stopped));
        Ok((lease, Renewal { _stop: stop }, state))
    }

    /// # Errors
    /// The turn is lost.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.loss.get() {
            Some(lost) => Err((*lost).into()),
            None => Ok(()),
        }
    }

    /// Makes sure that a part may have this number.
    pub(super) async fn reserve(&self, number: i32) -> Result<(), Error> {
        if number <= self.reserved.load(Ordering::Relaxed) {
            return self.check();
        }
        let mut holding = self.held.lock().await;
        self.write(&mut holding, |store, state| {
            let last = reserved_from(&state.received, number);
            let until = SystemTime::now() + store.lease;
            state.lease = Some(Entry { until, last });
        })
        .await
    }

    /// Changes the state and keeps the turn.
    pub(super) async fn update(&self, change: impl FnOnce(&mut State)) -> Result<(), Error> {
        let mut holding = self.held.lock().await;
        self.write(&mut holding, |store, state| {
            change(state);
            extend(store, state);
        })
        .await
    }

    /// Changes the state and ends the turn.
    pub(super) async fn end(&self, change: impl FnOnce(&mut State)) -> Result<(), Error> {
        let mut holding = self.held.lock().await;
        if mem::replace(&mut holding.ended, true) {
            return Ok(());
        }
        self.write(&mut holding, |_, state| {
            change(state);
            state.lease = None;
        })
        .await
    }

    /// Ends the turn, and the upload with it: only this is remembered.
    pub(super) async fn finish(&self, finished: &Finished) -> Result<(), Error> {
        let mut holding = self.held.lock().await;
        holding.ended = true;
        self.check()?;
        let finished = self
            .store
            .replace_by_finished(self.id, &holding.held, finished);
        self.noticed(finished.await)
    }

    /// Waits for a renewal that is under way; afterwards there are none.
    pub(super) async fn stop(&self) {
        self.held.lock().await.ended = true;
    }

    async fn renew_until(self: Arc<Self>, mut stopped: oneshot::Receiver<()>) {
        let period = (self.store.lease / 3).max(LEAST_PERIOD);
        loop {
            tokio::select! {
                _ = &mut stopped => return,
                () = tokio::time::sleep(period) => {}
            }
            let mut holding = self.held.lock().await;
            if holding.ended || self.loss.get().is_some() {
                return;
            }
            if let Err(error) = self.write(&mut holding, extend).await {
                tracing::info!(?error, "cannot renew the turn of a resumable upload");
            }
        }
    }

    async fn write(
        &self,
        holding: &mut Holding,
        change: impl FnOnce(&Shared, &mut State),
    ) -> Result<(), Error> {
        if holding.held.state.is_over(SystemTime::now()) {
            let _ = self.loss.set(Lost::Discarded);
        }
        self.check()?;
        let mut state = holding.held.state.clone();
        change(&self.store, &mut state);
        let last = state.lease.as_ref().map(|lease| lease.last);
        let written = self.store.replace_state(self.id, &mut holding.held, state);
        holding.held = self.noticed(written.await)?;
        last.inspect(|last| self.reserved.store(*last, Ordering::Relaxed));
        Ok(())
    }

    /// Remembers that the turn is lost, if this says so.
    fn noticed<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        let lost = match &outcome {
            Err(Error::NotFound) => Some(Lost::Discarded),
            Err(Error::Busy) => Some(Lost::Overtaken),
            _ => None,
        };
        if let Some(lost) = lost {
            let _ = self.loss.set(lost);
        }
        outcome
    }
}

/// The last number of those that are reserved from this one on.
fn reserved_from(received: &Received, number: i32) -> i32 {
    number
        .max(received.next_number())
        .saturating_add(RESERVED - 1)
}

fn extend(store: &Shared, state: &mut State) {
    if let Some(lease) = &mut state.lease {
        lease.until = SystemTime::now() + store.lease;
    }
}
