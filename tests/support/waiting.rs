//! Waiting for what is not there at once.

use std::thread;
use std::time::{Duration, Instant};

/// Waits for what happens on its own, soon: fails after half a minute.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}
