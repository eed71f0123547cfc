//! What the store, its uploads and its downloads have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{MutexGuard, OnceCell};
use tokio_util::task::TaskTracker;

use super::bucket::Bucket;
use super::budget::Budget;
use super::conditional::Conditional;
use super::copy::Sizes;
use super::health::Health;
use super::locks::Locks;
use super::resumable::Turns;
use crate::store::Key;

/// Lives as long as the last of its users.
pub(super) struct Shared {
    pub(super) bucket: Bucket,
    pub(super) conditional: Conditional,
    pub(super) health: Health,
    pub(super) redirect: bool,
    pub(super) sizes: Sizes,
    /// The service has refused to remove many objects in one request.
    pub(super) one_by_one: AtomicBool,
    pub(super) budget: Budget,
    pub(super) locks: Locks,
    /// The turns of resumable uploads on this host.
    pub(super) turns: Arc<Turns>,
    /// How long they last on all hosts without being renewed.
    pub(super) lease: Duration,
    /// Whether the numbers of a multipart upload's parts may have gaps.
    pub(super) skips_numbers: OnceCell<bool>,
    /// Work that outlives the request that started it, and that a graceful shutdown waits for.
    pub(super) tasks: TaskTracker,
    /// Downloads whose bytes did not match their checksum.
    pub(super) mismatches: AtomicU64,
}

impl Shared {
    /// The bytes of a download did not match their checksum.
    pub(super) fn count_mismatch(&self) {
        self.mismatches.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits for the turn to change this key, if the service does not evaluate every condition.
    /// Whatever the change: one that the service checks must not come between the look and the
    /// write of one that it does not.
    pub(super) async fn turn(&self, key: &Key) -> Option<MutexGuard<'_, ()>> {
        match self.conditional.is_complete() {
            true => None,
            false => Some(self.locks.lock(key.as_str()).await),
        }
    }

    /// The same for several keys at once.
    pub(super) async fn turns(&self, keys: &[&Key]) -> Vec<MutexGuard<'_, ()>> {
        match self.conditional.is_complete() {
            true => Vec::new(),
            false => {
                self.locks
                    .lock_all(keys.iter().map(|key| key.as_str()))
                    .await
            }
        }
    }
}
