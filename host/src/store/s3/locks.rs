//! One writer per key at a time within this host, for services that do not evaluate every
//! condition: then a check and the write after it must not be interrupted.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use tokio::sync::{Mutex, MutexGuard};

/// Few enough to cost nothing, many enough that writers rarely collide.
const STRIPES: usize = 1024;

/// Keys that share a lock merely wait for each other. No task may hold some and wait for more.
pub(super) struct Locks {
    stripes: Vec<Mutex<()>>,
    hasher: RandomState,
}

impl Locks {
    pub(super) fn new() -> Locks {
        Locks {
            stripes: (0..STRIPES).map(|_| Mutex::new(())).collect(),
            hasher: RandomState::new(),
        }
    }

    pub(super) async fn lock(&self, key: &str) -> MutexGuard<'_, ()> {
        self.stripes[self.stripe(key)].lock().await
    }

    /// Those of all these keys, in an order that is the same for all who want several.
    pub(super) async fn lock_all(
        &self,
        keys: impl Iterator<Item = &str>,
    ) -> Vec<MutexGuard<'_, ()>> {
        let stripes: BTreeSet<usize> = keys.map(|key| self.stripe(key)).collect();
        let mut locked = Vec::with_capacity(stripes.len());
        for stripe in stripes {
            locked.push(self.stripes[stripe].lock().await);
        }
        locked
    }

    fn stripe(&self, key: &str) -> usize {
        usize::try_from(self.hasher.hash_one(key) % STRIPES as u64).unwrap_or(0)
    }
}
