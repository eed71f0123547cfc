//! Responses that are in memory until their clients read them: their total size is bounded, so
//! that clients that do not read harm only themselves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Up to this size a response is not counted: connections are bounded, too.
const SMALL: u64 = 4 << 10;

/// All responses in memory.
pub(super) struct Unread {
    /// Their max total size, in bytes.
    room: u64,
    answers: Mutex<Answers>,
}

#[derive(Default)]
struct Answers {
    /// Their total size, in bytes.
    total: u64,
    /// By age.
    held: BTreeMap<u64, (u64, Arc<Notify>)>,
    next: u64,
}

/// One response in memory, until it is dropped.
pub(super) struct UnreadGuard {
    unread: Arc<Unread>,
    age: u64,
}

impl Unread {
    pub(super) fn new(room: u64) -> Arc<Self> {
        Arc::new(Self {
            room,
            answers: Mutex::default(),
        })
    }

    /// Counts a response of this size. If there is no room for it, the oldest are dropped: their
    /// connections are closed.
    pub(super) fn hold(self: &Arc<Self>, size: u64, close: &Arc<Notify>) -> Option<UnreadGuard> {
        if size <= SMALL {
            return None;
        }
        // As large as all of them is as good as larger: the sum of stated sizes has its limits.
        let size = size.min(self.room);
        let mut answers = self.answers();
        let age = answers.next;
        answers.next += 1;
        answers.total += size;
        while answers.total > self.room {
            let Some((_, (size, close))) = answers.held.pop_first() else {
                break;
            };
            answers.total -= size;
            close.notify_one();
        }
        answers.held.insert(age, (size, Arc::clone(close)));
        let unread = Arc::clone(self);
        Some(UnreadGuard { unread, age })
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnreadGuard {
    fn drop(&mut self) {
        let mut answers = self.unread.answers();
        if let Some((size, _)) = answers.held.remove(&self.age) {
            answers.total -= size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn is_closed(close: &Notify) -> bool {
        tokio::select! {
            biased;
            () = close.notified() => true,
            () = std::future::ready(()) => false,
        }
    }

    #[tokio::test]
    async fn the_oldest_responses_are_dropped_for_room() {
        let unread = Unread::new(100 << 10);
        let closes = [(); 4].map(|()| Arc::new(Notify::new()));
        assert!(unread.hold(SMALL, &closes[0]).is_none());
        let first = unread.hold(40 << 10, &closes[0]);
        let second = unread.hold(40 << 10, &closes[1]);
        assert!(!is_closed(&closes[0]).await);
        let third = unread.hold(40 << 10, &closes[2]);
        assert!(is_closed(&closes[0]).await);
        assert!(!is_closed(&closes[1]).await);
        drop((first, second));
        let fourth = unread.hold(50 << 10, &closes[3]);
        assert!(!is_closed(&closes[2]).await);
        drop((third, fourth));
        assert_eq!(unread.answers().total, 0);
    }

    #[tokio::test]
    async fn one_that_is_larger_than_all_room_is_still_sent() {
        for size in [1 << 20, u64::MAX] {
            let unread = Unread::new(10 << 10);
            let closes = [(); 2].map(|()| Arc::new(Notify::new()));
            let first = unread.hold(8 << 10, &closes[0]);
            let large = unread.hold(size, &closes[1]);
            assert!(is_closed(&closes[0]).await);
            assert!(!is_closed(&closes[1]).await);
            drop((first, large));
            assert_eq!(unread.answers().total, 0);
        }
    }
}
