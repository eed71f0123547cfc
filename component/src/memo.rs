//! What earlier requests worked out: `coffer:storage/memo`.

use crate::bindings::coffer::storage::memo;

/// A memory that may forget anything at any time.
pub trait Memo {
    /// What is remembered under this key.
    fn recall(&self, key: &[u8]) -> Option<Vec<u8>>;

    /// Remembers a value for so many seconds, or less.
    fn remember(&self, key: &[u8], value: &[u8], seconds: u32);
}

/// The memory that the host provides.
pub(crate) struct HostMemo;

impl Memo for HostMemo {
    fn recall(&self, key: &[u8]) -> Option<Vec<u8>> {
        memo::recall(key)
    }

    fn remember(&self, key: &[u8], value: &[u8], seconds: u32) {
        memo::remember(key, value, seconds);
    }
}
