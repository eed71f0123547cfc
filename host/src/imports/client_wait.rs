//! Who waits for a slow client: an instance that reads a body by itself (a form) counts against a
//! separate budget while it waits, so that it does not block others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime_wasi_http::Error;

use crate::metrics::GaugeGuard;
use crate::observed_body::{Polled, Watch, Watched};

/// A slot in the sandbox, for as long as it is held.
pub struct Slot {
    /// Among the running instances or, later, among those that wait.
    permit: OwnedSemaphorePermit,
    _counted: GaugeGuard,
}

impl Slot {
    /// A slot that counts for as long as it is held.
    pub fn new(permit: OwnedSemaphorePermit, counted: GaugeGuard) -> Self {
        Self {
            permit,
            _counted: counted,
        }
    }
}

/// One request's wait for its client.
#[derive(Default)]
pub struct ClientWait {
    slot: Mutex<Option<Slot>>,
    /// Room for instances that wait.
    waiting: Option<Arc<Semaphore>>,
    /// No instance waits: the host receives the body.
    by_host: AtomicBool,
    /// An instance is already waiting.
    waits: AtomicBool,
    refused: AtomicBool,
}

impl ClientWait {
    /// The wait of an instance in this slot.
    pub fn new(slot: Slot, waiting: Arc<Semaphore>) -> Self {
        Self {
            slot: Mutex::new(Some(slot)),
            waiting: Some(waiting),
            ..Self::default()
        }
    }

    /// From now on the host receives the body, which needs no instance.
    pub fn host_waits(&self) {
        self.by_host.store(true, Ordering::Relaxed);
    }

    /// The instance waits for its client, so others get its slot. Returns whether it may wait.
    fn instance_waits(&self) -> bool {
        if self.by_host.load(Ordering::Relaxed) || self.waits.swap(true, Ordering::Relaxed) {
            return true;
        }
        let Some(waiting) = &self.waiting else {
            return true;
        };
        let Ok(permit) = Arc::clone(waiting).try_acquire_owned() else {
            self.refused.store(true, Ordering::Relaxed);
            return false;
        };
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slot.as_mut() {
            slot.permit = permit;
        }
        true
    }

    /// Releases the slot, once the instance has ended.
    pub fn end(&self) {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = None;
    }

    /// Whether this instance could not wait because too many others did.
    pub fn was_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

/// Notices when more of a request's body is awaited.
pub struct Awaited(Arc<ClientWait>);

impl Awaited {
    /// A body that reports it to `client`.
    pub fn body<B>(body: B, client: &Arc<ClientWait>) -> Watched<B, Self> {
        Watched::new(body, Self(Arc::clone(client)))
    }
}

impl Watch<Error> for Awaited {
    fn polled(&mut self, polled: Polled<Error>) -> Polled<Error> {
        match polled {
            Poll::Pending if !self.0.instance_waits() => {
                Poll::Ready(Some(Err(Error::InternalError(None))))
            }
            polled => polled,
        }
    }
}
