//! Time, randomness and settings of the platform.

use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::bindings::wasi::cli::environment::get_environment;
use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::bindings::wasi::random::random::get_random_bytes;

/// The time of day.
#[must_use]
pub fn now() -> SystemTime {
    let now = wall_clock::now();
    UNIX_EPOCH + Duration::new(now.seconds, now.nanoseconds)
}

/// A unique name: 128 random bits in 32 hexadecimal digits.
#[must_use]
pub fn unique() -> String {
    get_random_bytes(16)
        .iter()
        .fold(String::with_capacity(32), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// A random number below `bound`.
#[must_use]
pub fn below(bound: u64) -> u64 {
    let number = get_random_bytes(8)
        .iter()
        .fold(0, |number, &byte| number << 8 | u64::from(byte));
    number.checked_rem(bound).unwrap_or(0)
}

/// Sleeps.
pub fn pause(time: Duration) {
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    monotonic_clock::subscribe_duration(nanoseconds).block();
}

/// A setting's value; an empty one counts as unset.
#[must_use]
pub fn setting(name: &str) -> Option<String> {
    get_environment()
        .into_iter()
        .find(|(known, value)| known == name && !value.is_empty())
        .map(|(_, value)| value)
}
