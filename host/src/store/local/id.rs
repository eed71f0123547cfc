//! The name of a version's bytes on disk.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::{NoContext, Timestamp, Uuid};

/// A name that no version had before, mostly a random number of 122 bits; it reveals nothing about
/// the key, and serves as the version's entity tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(u128);

impl Id {
    pub(super) fn fresh() -> Id {
        Id(Uuid::new_v4().as_u128())
    }

    /// A time and 74 random bits (UUIDv7), for bytes that are in the index: what is stored at about
    /// the same time lies together in its tree, so a transaction writes fewer pages.
    pub(super) fn at(time: SystemTime) -> Id {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = Timestamp::from_unix(NoContext, since.as_secs(), since.subsec_nanos());
        Id(Uuid::new_v7(time).as_u128())
    }

    /// A random number of 128 bits: nobody guesses it.
    pub(super) fn secret() -> Id {
        // Each has 6 bits that are fixed, in other places.
        let (one, other) = (Uuid::new_v4().as_u128(), Uuid::new_v4().as_u128());
        Id(one ^ other.rotate_left(32))
    }

    pub(super) fn from_u128(number: u128) -> Id {
        Id(number)
    }

    pub(super) fn as_u128(self) -> u128 {
        self.0
    }

    /// Reads what [`fmt::Display`] wrote; nothing else is an id.
    pub(super) fn parse(text: &str) -> Option<Id> {
        let id = Id(u128::from_str_radix(text, 16).ok()?);
        (id.to_string() == text).then_some(id)
    }

    /// Which of the 256 folders it belongs to.
    pub(super) fn folder(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// Reads what [`Id::etag`] wrote.
    pub(super) fn of_etag(etag: &str) -> Option<Id> {
        Id::parse(etag.strip_prefix('"')?.strip_suffix('"')?)
    }

    /// A strong entity tag (RFC 9110, 8.8.3).
    pub(super) fn etag(self) -> String {
        format!("\"{self}\"")
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ids_of_a_time_are_in_its_order_and_never_the_same() {
        let times = [0, 1, 1_000, 1_800_000_000_000, 1_800_000_000_001];
        let at = |milliseconds| UNIX_EPOCH + Duration::from_millis(milliseconds);
        let ids: Vec<Id> = times.map(|time| Id::at(at(time))).to_vec();
        assert!(ids.is_sorted(), "{ids:?}");
        assert_ne!(Id::at(at(7)), Id::at(at(7)));
        let before = Id::at(UNIX_EPOCH - Duration::from_secs(1));
        assert!(before < ids[2], "{before:?}");
    }
}
