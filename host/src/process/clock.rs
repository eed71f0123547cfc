//! The time. A clock can be before 1970: a board without a battery, a wrong setting. Many
//! libraries panic then, so such a time counts as 1970 here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::{NoContext, Timestamp, Uuid};
use wasmtime_wasi::HostWallClock;

/// The time, not before 1970.
pub fn now() -> SystemTime {
    SystemTime::now().max(UNIX_EPOCH)
}

/// The time since the start of 1970.
fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A unique request id; ids sort by time.
pub fn request_id() -> Uuid {
    id_at(SystemTime::now())
}

fn id_at(time: SystemTime) -> Uuid {
    let since = since_1970(time);
    let (seconds, nanos) = (since.as_secs(), since.subsec_nanos());
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, nanos))
}

/// The clock of the sandbox.
pub struct WallClock;

impl HostWallClock for WallClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        since_1970(SystemTime::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_1970_counts_as_1970_and_still_has_unique_ids() {
        let early = UNIX_EPOCH - Duration::from_secs(1 << 31);
        assert_eq!(since_1970(early), Duration::ZERO);
        assert_ne!(id_at(early), id_at(early));
        let earlier = id_at(UNIX_EPOCH + Duration::from_millis(1));
        let later = id_at(UNIX_EPOCH + Duration::from_millis(2));
        assert!(earlier < later);
        assert_eq!(earlier.get_version_num(), 7);
        // Within the range of a v7, and past it.
        for time in [1 << 40, 1 << 62] {
            id_at(UNIX_EPOCH + Duration::from_secs(time));
        }
    }
}
