//! Writers take turns, so that they need not retry again and again. It is a courtesy: a turn
//! that lasts too long is ended by others, and what protects writers from each other is the
//! link that creates a generation.

use std::time::Duration;

use coffer_adapter::platform::{below, pause};

use crate::disk::Directory;

/// The file of the writer whose turn it is.
const TURN: &str = "turn";
/// A turn lasts milliseconds; one of this age was left behind by a crash.
const FORGOTTEN: Duration = Duration::from_secs(3);
/// Queue timeout: max wait for a turn, in milliseconds.
const PATIENCE: u64 = 20_000;

/// A turn. Dropping it lets the next writer start.
pub struct Turn<'a>(Option<&'a Directory>);

impl<'a> Turn<'a> {
    /// Waits for a turn, for a bounded time.
    pub fn take(root: &'a Directory) -> Turn<'a> {
        let mut waited = 0;
        while waited < PATIENCE {
            match root.create(TURN) {
                Ok(_) => return Turn(Some(root)),
                Err(failure) if failure.is_presence() => {}
                // Continue without one: the write itself will report the error.
                Err(_) => break,
            }
            if root.age(TURN).is_some_and(|age| age >= FORGOTTEN) {
                let _ = root.remove(TURN);
            }
            let wait = 1 + below(4 + waited / 8);
            pause(Duration::from_millis(wait));
            waited += wait;
        }
        Turn(None)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(root) = self.0 {
            let _ = root.remove(TURN);
        }
    }
}
