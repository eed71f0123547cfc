//! A cache of what earlier requests computed: `coffer:storage/memo`.

use crate::bindings::coffer::storage::memo;

/// A cache that may evict anything at any time.
pub trait Memo {
    /// The value remembered under this key.
    fn recall(&self, key: &[u8]) -> Option<Vec<u8>>;

    /// Remembers a value for at most this number of seconds.
    fn remember(&self, key: &[u8], value: &[u8], seconds: u32);
}

/// The cache that the host provides.
pub(crate) struct HostMemo;

impl Memo for HostMemo {
    fn recall(&self, key: &[u8]) -> Option<Vec<u8>> {
        memo::recall(key)
    }

    fn remember(&self, key: &[u8], value: &[u8], seconds: u32) {
        memo::remember(key, value, seconds);
    }
}
