//! Waiting for something asynchronous.

use std::thread;
use std::time::{Duration, Instant};

/// Waits for something asynchronous; fails after half a minute.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}
