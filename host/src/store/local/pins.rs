//! Holds back the removal of blobs while a backup reads them.
//!
//! A backup copies the blobs of one moment's index while files are replaced and removed. Their
//! bytes stay until the last pin is gone. After a crash the next start finds them orphaned.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::id::Id;
use super::layout::Layout;

/// How many pins there are, and what they hold back.
#[derive(Debug, Default)]
pub(super) struct Pins(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    pins: usize,
    held: Vec<Id>,
    /// Whether the store is closed, so that nothing is held back anymore.
    closed: bool,
}

impl Pins {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While this exists, no blob is removed that a version had when it was made.
#[derive(Debug)]
pub(super) struct Pin(Arc<Layout>);

impl Pin {
    pub(super) fn new(layout: &Arc<Layout>) -> Pin {
        layout.pins().lock().pins += 1;
        Pin(layout.clone())
    }
}

impl Drop for Pin {
    /// Blocks: the last one removes what was held back.
    fn drop(&mut self) {
        let mut state = self.0.pins().lock();
        state.pins -= 1;
        if state.pins == 0 {
            // With the lock, so that a shutdown does not overtake it.
            state.held.drain(..).for_each(|id| self.0.unlink(id));
        }
    }
}

impl Layout {
    /// Removes the bytes of a version that was replaced or removed, once nothing pins them.
    pub(super) fn release(&self, id: Id) {
        let mut state = self.pins().lock();
        if state.pins > 0 && !state.closed {
            state.held.push(id);
            return;
        }
        drop(state);
        self.unlink(id);
    }

    /// Removes what is held back, since nothing may be written after a shutdown. A backup that is
    /// being made then fails.
    pub(super) fn release_all(&self) {
        let mut state = self.pins().lock();
        state.closed = true;
        state.held.drain(..).for_each(|id| self.unlink(id));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn what_is_released_is_removed_with_the_last_pin_or_at_a_shutdown() {
        let dir = TempDir::new().expect("a directory");
        let (layout, _) = Layout::fill(dir.path()).expect("a layout");
        let layout = Arc::new(layout);
        let blob = || {
            let id = Id::fresh();
            fs::write(layout.blob(id), "bytes").expect("written");
            id
        };
        let release = |id: Id| {
            layout.release(id);
            layout.blob(id).exists()
        };
        assert!(!release(blob()));
        let (one, other) = (Pin::new(&layout), Pin::new(&layout));
        let held = blob();
        assert!(release(held));
        drop(one);
        assert!(layout.blob(held).exists());
        drop(other);
        assert!(!layout.blob(held).exists());

        let _pin = Pin::new(&layout);
        let held = blob();
        assert!(release(held));
        layout.release_all();
        assert!(!layout.blob(held).exists());
        assert!(!release(blob()));
    }
}
