//! What the store, its uploads and its downloads have in common.

use tokio_util::task::TaskTracker;

use super::bucket::Bucket;
use super::budget::Budget;
use super::locks::Locks;
use super::probe::Conditional;

/// Lives as long as the last that uses it.
pub(super) struct Shared {
    pub(super) bucket: Bucket,
    pub(super) conditional: Conditional,
    pub(super) redirect: bool,
    pub(super) budget: Budget,
    pub(super) locks: Locks,
    /// Work that goes on without the request it began with, and that a shutdown waits for.
    pub(super) tasks: TaskTracker,
}
