//! Which uploads have a turn now. The directory belongs to one process, so memory suffices.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::store::Error;
use crate::store::local::id::Id;
use crate::store::local::layout::Layout;

/// Set when an upload no longer exists while it has a turn: the name of its bytes, which the
/// turn removes at its end.
pub(super) type Gone = Arc<OnceLock<Id>>;

/// The uploads that have a turn.
#[derive(Default)]
pub(in crate::store::local) struct Turns(Mutex<HashMap<Id, Gone>>);

/// Nobody else appends to the upload while this exists.
pub(super) struct Turn {
    turns: Arc<Turns>,
    layout: Arc<Layout>,
    upload: Id,
    gone: Gone,
}

impl Turns {
    /// Takes the turn.
    pub(super) fn begin(self: &Arc<Self>, layout: Arc<Layout>, upload: Id) -> Result<Turn, Error> {
        let gone = Gone::default();
        let mut turns = self.lock();
        if let Some(other) = turns.get(&upload) {
            return Err(match other.get() {
                Some(_) => Error::NotFound,
                None => Error::Busy,
            });
        }
        turns.insert(upload, gone.clone());
        Ok(Turn {
            turns: self.clone(),
            layout,
            upload,
            gone,
        })
    }

    /// The upload no longer exists. Returns whether it has a turn, which then removes the bytes.
    pub(in crate::store::local) fn end(&self, upload: Id, blob: Id) -> bool {
        let turns = self.lock();
        // Ids are never used again, so it is set once.
        turns
            .get(&upload)
            .is_some_and(|gone| gone.set(blob).is_ok())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id, Gone>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    pub(super) fn gone(&self) -> Gone {
        self.gone.clone()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // From here on, somebody else removes the bytes.
        self.turns.lock().remove(&self.upload);
        if let Some(blob) = self.gone.get() {
            self.layout.unlink(*blob);
        }
    }
}
