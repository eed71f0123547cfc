//! The memory that all uploads may use together, with what downloads read ahead, and why they
//! cannot deadlock.
//!
//! A buffer starts with a grant of the smallest size and moves on to a larger one when it
//! outgrows that. Each size has its own pool. An upload with the largest grant depends only on
//! its client and the service to return it, and one with a smaller grant waits only for larger
//! ones; so nothing waits in a circle. Complete small files that wait for the others of their
//! form use a pool that nothing waits for: if it is empty, they are sent to the service. A
//! download never waits for memory: it reads ahead only with grants that are to spare.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::Error;

/// The sizes of grants, in bytes.
const SIZES: [usize; 3] = [128 << 10, 1 << 20, PART];
/// How many eighths of the memory each size gets; the rest is for held files.
const EIGHTHS: [u64; 3] = [1, 1, 5];
/// The largest grant, in bytes: a part of a multipart upload, and the largest file that is
/// stored in one request.
pub(super) const PART: usize = 8 << 20;
/// Max size of a file that is held in memory while others of its form arrive, in bytes: 100
/// of them stay below 32 MiB.
pub(super) const HELD: usize = 256 << 10;
/// Queue timeout: how long an upload waits for memory before it is refused.
const PATIENCE: Duration = Duration::from_secs(30);
/// The unit in which held bytes are counted.
const UNIT: usize = 1 << 10;

/// A share of the memory; returned on drop.
#[derive(Debug)]
#[must_use]
pub(super) struct Grant {
    /// In bytes.
    pub(super) size: usize,
    _share: OwnedSemaphorePermit,
}

/// See the module's documentation.
pub(super) struct Budget {
    pots: [(usize, Arc<Semaphore>); 3],
    /// How many grants of the largest size there are.
    largest: usize,
    held: Arc<Semaphore>,
}

impl Budget {
    /// The smallest budget, in bytes.
    pub(super) const LEAST: u64 = 64 << 20;

    /// A budget of this many bytes, at least [`Budget::LEAST`].
    pub(super) fn new(bytes: u64) -> Budget {
        let eighth = bytes.max(Budget::LEAST) / 8;
        let pot = |bytes: u64, each: usize| {
            let grants = usize::try_from(bytes / each as u64).unwrap_or(usize::MAX);
            Arc::new(Semaphore::new(grants.min(Semaphore::MAX_PERMITS)))
        };
        let sized = |place: usize| {
            let size = SIZES[place];
            (size, pot(EIGHTHS[place].saturating_mul(eighth), size))
        };
        let pots = [sized(0), sized(1), sized(2)];
        Budget {
            largest: pots[2].1.available_permits(),
            pots,
            held: pot(eighth, UNIT),
        }
    }

    /// A grant of the smallest size that holds this many bytes, or else of the largest. A
    /// caller that has a grant already may only ask for a larger one.
    pub(super) async fn grant(&self, bytes: usize) -> Result<Grant, Error> {
        let [.., largest] = &self.pots;
        let fitting = self.pots.iter().find(|(size, _)| bytes <= *size);
        let (size, pot) = fitting.unwrap_or(largest);
        let waiting = tokio::time::timeout(PATIENCE, pot.clone().acquire_owned());
        match waiting.await {
            Ok(Ok(share)) => Ok(Grant {
                size: *size,
                _share: share,
            }),
            Ok(Err(closed)) => Err(Error::Unavailable(Box::new(closed))),
            Err(_) => Err(Error::Unavailable(
                "out of upload memory: other uploads use all of --s3-memory".into(),
            )),
        }
    }

    /// A grant of the largest size for bytes that need not be in memory, if there is room and
    /// half of those grants stay for uploads.
    pub(super) fn spare(&self) -> Option<Grant> {
        let [.., (size, pot)] = &self.pots;
        if pot.available_permits() <= self.largest / 2 {
            return None;
        }
        let share = pot.clone().try_acquire_owned().ok()?;
        Some(Grant {
            size: *size,
            _share: share,
        })
    }

    /// A grant for a complete file of this size that waits for others, if it is small and
    /// there is room.
    pub(super) fn held(&self, bytes: usize) -> Option<Grant> {
        if bytes > HELD {
            return None;
        }
        let units = u32::try_from(bytes.div_ceil(UNIT)).ok()?;
        let share = self.held.clone().try_acquire_many_owned(units).ok()?;
        Some(Grant {
            size: bytes,
            _share: share,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_largest_grants_stay_for_uploads() {
        for memory in [Budget::LEAST, 1 << 30] {
            let budget = Budget::new(memory);
            let spare: Vec<Grant> = std::iter::from_fn(|| budget.spare()).collect();
            assert_eq!(spare.len(), budget.largest.div_ceil(2));
            assert!(spare.iter().all(|grant| grant.size == PART));
            assert_eq!(budget.pots[2].1.available_permits(), budget.largest / 2);
            drop(spare);
            assert!(budget.spare().is_some());
        }
    }

    #[tokio::test]
    async fn grants_stay_within_the_budget_and_are_returned() {
        let budget = Budget::new(0);
        let mut given = Vec::new();
        for (place, size) in SIZES.into_iter().enumerate() {
            while budget.pots[place].1.available_permits() > 0 {
                given.push(budget.grant(size).await.expect("a grant"));
            }
        }
        while let Some(grant) = budget.held(HELD) {
            given.push(grant);
        }
        let taken: usize = given.iter().map(|grant| grant.size).sum();
        assert_eq!(taken as u64, Budget::LEAST);
        drop(given);
        assert!(budget.held(HELD).is_some() && budget.held(HELD + 1).is_none());
        for (bytes, size) in [
            (0, SIZES[0]),
            (SIZES[0], SIZES[0]),
            (SIZES[0] + 1, SIZES[1]),
            (SIZES[1] + 1, PART),
            (usize::MAX, PART),
        ] {
            assert_eq!(budget.grant(bytes).await.expect("a grant").size, size);
        }
    }
}
