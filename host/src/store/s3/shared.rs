//! What the store, its uploads and its downloads have in common.

use tokio_util::task::TaskTracker;

use super::bucket::Bucket;
use super::budget::Budget;
use super::health::Health;
use super::locks::Locks;
use super::probe::Conditional;

/// Lives as long as the last of its users.
pub(super) struct Shared {
    pub(super) bucket: Bucket,
    pub(super) conditional: Conditional,
    pub(super) health: Health,
    pub(super) redirect: bool,
    pub(super) budget: Budget,
    pub(super) locks: Locks,
    /// Work that outlives the request that started it, and that a graceful shutdown waits for.
    pub(super) tasks: TaskTracker,
}
