//! Which uploads have a turn on this host. It spares requests to the service, and keeps turns apart
//! where the service does not evaluate conditions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::watch;

use super::id::Id;
use crate::store::Error;

/// Why a turn is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// The upload was discarded, or has expired.
    Discarded,
    /// Another host has taken the turn.
    Overtaken,
}

/// Set once a turn is lost.
pub(super) type Loss = Arc<OnceLock<Lost>>;

impl From<Lost> for Error {
    fn from(lost: Lost) -> Error {
        match lost {
            Lost::Discarded => Error::NotFound,
            Lost::Overtaken => Error::Busy,
        }
    }
}

/// The uploads that have a turn.
#[derive(Default)]
pub(in crate::store::s3) struct Turns(Mutex<HashMap<Id, Entry>>);

struct Entry {
    loss: Loss,
    /// Whether it was dropped and is being given back.
    ends: bool,
    ended: watch::Receiver<()>,
}

/// Nobody else on this host has a turn while this exists.
pub(super) struct Guard {
    turns: Arc<Turns>,
    id: Id,
    loss: Loss,
    _ended: watch::Sender<()>,
}

impl Turns {
    /// Takes the turn; waits for one that was dropped just now.
    pub(super) async fn begin(self: &Arc<Self>, id: Id) -> Result<Guard, Error> {
        loop {
            let mut ended = match self.try_begin(id)? {
                Ok(guard) => return Ok(guard),
                Err(ended) => ended,
            };
            // An error once it has ended.
            while ended.changed().await.is_ok() {}
        }
    }

    fn try_begin(self: &Arc<Self>, id: Id) -> Result<Result<Guard, watch::Receiver<()>>, Error> {
        let mut turns = self.lock();
        if let Some(other) = turns.get(&id) {
            return match other.loss.get() {
                _ if other.ends => Ok(Err(other.ended.clone())),
                Some(Lost::Discarded) => Err(Error::NotFound),
                _ => Err(Error::Busy),
            };
        }
        let (sender, ended) = watch::channel(());
        let loss = Loss::default();
        let entry = Entry {
            loss: loss.clone(),
            ends: false,
            ended,
        };
        turns.insert(id, entry);
        Ok(Ok(Guard {
            turns: self.clone(),
            id,
            loss,
            _ended: sender,
        }))
    }

    /// The upload was discarded.
    pub(super) fn discarded(&self, id: Id) {
        if let Some(entry) = self.lock().get(&id) {
            let _ = entry.loss.set(Lost::Discarded);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guard {
    pub(super) fn loss(&self) -> Loss {
        self.loss.clone()
    }

    /// The turn was dropped: the next one waits until this is dropped too.
    pub(super) fn ends(&self) {
        if let Some(entry) = self.turns.lock().get_mut(&self.id) {
            entry.ends = true;
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.turns.lock().remove(&self.id);
    }
}
