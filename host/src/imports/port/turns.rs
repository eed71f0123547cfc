//! Turns of resumable uploads on this host. One whose client has fallen silent gives way to the
//! next: whose line broke comes back long before the connection times out. All give way to the end
//! of the host.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coffer_port::resumable::UploadId;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// How long a client is silent before others need not wait for it.
const SILENCE: Duration = Duration::from_secs(1);
/// How long the next turn waits for the end of one that gives way.
const PATIENCE: Duration = Duration::from_secs(1);

/// The turns that last.
#[derive(Clone, Default)]
pub struct Turns {
    lasting: Arc<Mutex<HashMap<UploadId, Arc<Lasting>>>>,
    closing: CancellationToken,
}

#[derive(Default)]
struct Lasting {
    /// Since when its client is being waited for.
    silent: Mutex<Option<Instant>>,
    gives_way: CancellationToken,
    ended: CancellationToken,
}

/// A turn that lasts while this exists.
pub(super) struct Turn {
    turns: Turns,
    id: UploadId,
    lasting: Arc<Lasting>,
}

impl Turns {
    pub(super) fn begin(&self, id: UploadId) -> Turn {
        let lasting = Arc::new(Lasting {
            gives_way: self.closing.child_token(),
            ..Lasting::default()
        });
        lock(&self.lasting).insert(id.clone(), Arc::clone(&lasting));
        Turn {
            turns: self.clone(),
            id,
            lasting,
        }
    }

    /// Has every turn end before it receives more, also those that begin later. What has arrived
    /// is kept.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Ends the turn of an upload if its client is silent. Returns whether it has ended.
    pub(super) async fn end_silent(&self, id: &UploadId) -> bool {
        let Some(lasting) = lock(&self.lasting).get(id).cloned() else {
            return false;
        };
        if !lock(&lasting.silent).is_some_and(|since| since.elapsed() >= SILENCE) {
            return false;
        }
        lasting.gives_way.cancel();
        // Otherwise the client comes back once more.
        timeout(PATIENCE, lasting.ended.cancelled()).await.is_ok()
    }
}

impl Turn {
    /// Whether the turn has to end.
    pub(super) fn gives_way(&self) -> bool {
        self.lasting.gives_way.is_cancelled()
    }

    /// Whether it has to end because the next one begins.
    pub(super) fn is_overtaken(&self) -> bool {
        self.gives_way() && !self.turns.closing.is_cancelled()
    }

    /// Waits for the client; `None` if the turn has to give way.
    pub(super) async fn wait<T>(&self, client: impl Future<Output = T>) -> Option<T> {
        *lock(&self.lasting.silent) = Some(Instant::now());
        let heard = tokio::select! {
            biased;
            heard = client => Some(heard),
            () = self.lasting.gives_way.cancelled() => None,
        };
        *lock(&self.lasting.silent) = None;
        heard
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = lock(&self.turns.lasting);
        // The store may have begun the next one already.
        if turns
            .get(&self.id)
            .is_some_and(|last| Arc::ptr_eq(last, &self.lasting))
        {
            turns.remove(&self.id);
        }
        self.lasting.ended.cancel();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    fn id(text: &str) -> UploadId {
        UploadId::new(text.to_owned()).expect("an id")
    }

    #[tokio::test]
    async fn only_a_silent_turn_gives_way() {
        let turns = Turns::default();
        assert!(!turns.end_silent(&id("a")).await);
        let turn = turns.begin(id("a"));
        let lasting = Arc::clone(&turn.lasting);
        // Its bytes are on their way to the store.
        assert!(!turns.end_silent(&id("a")).await);
        assert_eq!(turn.wait(ready(7)).await, Some(7));
        assert!(lock(&lasting.silent).is_none());

        let waiting = async move { (turn.wait(pending::<()>()).await, turn.is_overtaken()) };
        let waiting = tokio::spawn(waiting);
        while lock(&lasting.silent).is_none() {
            tokio::task::yield_now().await;
        }
        *lock(&lasting.silent) = Instant::now().checked_sub(SILENCE);
        assert!(!turns.end_silent(&id("b")).await);
        assert!(turns.end_silent(&id("a")).await);
        assert_eq!(waiting.await.expect("a turn"), (None, true));
        assert!(lock(&turns.lasting).is_empty());
    }

    #[tokio::test]
    async fn the_end_of_a_turn_is_not_that_of_the_next() {
        let turns = Turns::default();
        let first = turns.begin(id("a"));
        let _next = turns.begin(id("a"));
        drop(first);
        assert!(lock(&turns.lasting).contains_key(&id("a")));
    }

    #[tokio::test]
    async fn every_turn_gives_way_to_the_end_of_the_host() {
        let turns = Turns::default();
        let before = turns.begin(id("a"));
        assert!(!before.gives_way());
        turns.clone().close();
        assert_eq!(before.wait(pending::<()>()).await, None);
        for turn in [before, turns.begin(id("b"))] {
            assert!(turn.gives_way() && !turn.is_overtaken());
        }
    }
}
