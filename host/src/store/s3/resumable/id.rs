//! The ids of uploads: whose they are, as a hash, when they expire, and 128 random bits.
//!
//! So one list says how many unfinished uploads an owner has, and a sweep finds those that have
//! expired without reading them.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coffer_port::resumable::UploadId;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The digits of each field.
const DIGITS: [usize; 3] = [32, 12, 32];
/// The last millisecond that the digits can say.
const LAST: u64 = (1 << 48) - 1;

/// An id of this engine: `OWNER-EXPIRES-RANDOM`, hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Id {
    owner: u128,
    /// In milliseconds since 1970.
    expires: u64,
    random: u128,
}

impl Id {
    /// For an upload of this owner, which nobody guesses.
    pub(super) fn fresh(owner: &str, expires: SystemTime) -> Id {
        // Each has 6 bits that are fixed, in other places.
        let (one, other) = (Uuid::new_v4().as_u128(), Uuid::new_v4().as_u128());
        Id {
            owner: hash(owner),
            expires: millis(expires),
            random: one ^ other.rotate_left(32),
        }
    }

    /// Reads what [`fmt::Display`] wrote; nothing else is an id.
    pub(super) fn parse(text: &str) -> Option<Id> {
        let mut fields = text.split('-');
        let mut field = |digits| {
            let field = fields.next().filter(|field| field.len() == digits)?;
            u128::from_str_radix(field, 16).ok()
        };
        let [owner, expires, random] = DIGITS;
        let id = Id {
            owner: field(owner)?,
            expires: u64::try_from(field(expires)?).ok()?,
            random: field(random)?,
        };
        (id.to_string() == text).then_some(id)
    }

    /// Whether it has been over for this long.
    pub(super) fn is_over_for(&self, time: Duration, now: SystemTime) -> bool {
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        millis(now) >= self.expires.saturating_add(time)
    }

    pub(super) fn to_upload_id(self) -> Option<UploadId> {
        UploadId::new(self.to_string())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Id {
            owner,
            expires,
            random,
        } = self;
        write!(f, "{owner:032x}-{expires:012x}-{random:032x}")
    }
}

/// What the ids of this owner begin with.
pub(super) fn of_owner(owner: &str) -> String {
    format!("{:032x}-", hash(owner))
}

/// Behind those of them that have expired, and before the others.
pub(super) fn unexpired(owner: &str, now: SystemTime) -> String {
    format!("{}{:012x}~", of_owner(owner), millis(now))
}

fn hash(owner: &str) -> u128 {
    let digest: [u8; 32] = Sha256::digest(owner).into();
    digest
        .iter()
        .take(16)
        .fold(0, |number, byte| number << 8 | u128::from(*byte))
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(LAST).min(LAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_and_hides_its_owner() {
        let expires = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let id = Id::fresh("alice", expires);
        let text = id.to_string();
        assert_eq!(Id::parse(&text), Some(id));
        assert!(text.starts_with(&of_owner("alice")) && !text.contains("alice"));
        assert!(id.to_upload_id().is_some());
        assert_ne!(Id::fresh("alice", expires), id);
        assert_ne!(of_owner("alice"), of_owner("bob"));
        let (upper, longer) = (text.to_uppercase(), format!("{text}-"));
        for other in ["", ".", "..", "a", &text[1..], &upper, &longer] {
            assert_eq!(Id::parse(other), None, "{other}");
        }
    }

    #[test]
    fn what_has_expired_comes_before_what_has_not() {
        let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        let id = Id::fresh("a", at(1000)).to_string();
        assert!(unexpired("a", at(999)) < id);
        assert!(unexpired("a", at(1000)) > id);
        let id = Id::parse(&id).expect("an id");
        let (zero, minute) = (Duration::ZERO, Duration::from_secs(60));
        assert!(!id.is_over_for(zero, at(999)) && id.is_over_for(zero, at(1000)));
        assert!(!id.is_over_for(minute, at(60_999)) && id.is_over_for(minute, at(61_000)));
        let last = Id::fresh("a", at(u64::MAX >> 8));
        assert_eq!(Id::parse(&last.to_string()), Some(last));
    }
}
