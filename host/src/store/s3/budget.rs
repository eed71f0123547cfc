//! The memory that uploads may take together, and why they cannot wait for each
//! other in a circle.
//!
//! A buffer begins with a grant of the first size and moves on to a larger one when it
//! outgrows that. Each size has a pot of its own. Who has a grant of the largest needs
//! nothing but its client and the service to give it back, and who has a smaller one
//! waits only for larger ones; so the order is one-way. What a form's small files take
//! that are complete and wait for the others comes from a pot for which nobody waits:
//! where it is empty, they go to the service.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::Error;

/// What a buffer may hold with one grant or the next, in bytes.
const SIZES: [usize; 3] = [128 << 10, 1 << 20, PART];
/// The eighths of the memory that they get; what is left is for held files.
const EIGHTHS: [u64; 3] = [1, 1, 5];
/// The largest grant, in bytes: a part of a multipart upload, and the largest file that
/// is stored in one piece.
pub(super) const PART: usize = 8 << 20;
/// The largest file that is held in memory while others of its form arrive, in
/// bytes: 100 of them stay below 32 MiB.
pub(super) const HELD: usize = 256 << 10;
/// How long an upload waits for memory before it is refused.
const PATIENCE: Duration = Duration::from_secs(30);
/// Held bytes are counted in units of so many.
const UNIT: usize = 1 << 10;

/// A share of the memory; given back on drop.
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
    held: Arc<Semaphore>,
}

impl Budget {
    /// The least that can be shared out, in bytes.
    pub(super) const LEAST: u64 = 64 << 20;

    /// Shares out so many bytes, at least [`Budget::LEAST`].
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
        Budget {
            pots: [sized(0), sized(1), sized(2)],
            held: pot(eighth, UNIT),
        }
    }

    /// Of the smallest size that holds so many bytes, or of the largest. Whoever has a
    /// grant already may only ask for a larger one.
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
                "other uploads have taken all of --s3-memory".into(),
            )),
        }
    }

    /// For a file of so many bytes that waits for others, if it is small and there is
    /// room.
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

    #[tokio::test]
    async fn what_is_given_out_stays_within_the_budget_and_comes_back() {
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
