//! Writers take turns, so that they need not try again and again. It is a courtesy: a
//! turn that lasts too long is taken away, and what keeps writers apart is the link that
//! makes a generation.

use std::time::Duration;

use coffer_adapter::platform::{below, pause};

use crate::disk::Directory;

/// The file of the writer whose turn it is.
const TURN: &str = "turn";
/// A turn lasts milliseconds; one of this age was left behind.
const FORGOTTEN: Duration = Duration::from_secs(3);
/// The longest wait for a turn, in milliseconds.
const PATIENCE: u64 = 20_000;

/// A turn. Its end lets the next one go.
pub struct Turn<'a>(Option<&'a Directory>);

impl<'a> Turn<'a> {
    /// Waits for it, for a bounded time.
    pub fn take(root: &'a Directory) -> Turn<'a> {
        let mut waited = 0;
        while waited < PATIENCE {
            match root.create(TURN) {
                Ok(_) => return Turn(Some(root)),
                Err(failure) if failure.is_presence() => {}
                // Then without: writing itself will say what is wrong.
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
