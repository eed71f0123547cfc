//! The memo that components are provided with (`wit/memo.wit`): a bounded cache.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;
use wasmtime::error::ensure;

/// The interface, as components import it.
const INTERFACE: &str = "coffer:storage/memo@0.2.0";
/// Max size of the cache, in bytes. A verified token takes about 400.
const CAPACITY: u64 = 8 << 20;
/// Size of an entry besides its value, in bytes.
const OVERHEAD: usize = 160;
const MAX_KEY: usize = 32 << 10;
const MAX_VALUE: usize = 256 << 10;
const MAX_TIME: Duration = Duration::from_secs(60);

/// What a value is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    /// The version of the IAM API's documents that it was computed from.
    version: u64,
    key: Key,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    /// Shorter than any secret: hashing would take longer than the rest.
    Short { length: u8, padded: [u8; SHORT] },
    /// The SHA-256 of a key that may be as long as a token, and as secret.
    Digest([u8; 32]),
}

/// Max size of keys that are kept as they are, in bytes.
const SHORT: usize = 15;

/// A cache for all instances of one component under one set of settings.
#[derive(Clone)]
pub struct Memo(Cache<Place, Entry>);

#[derive(Clone)]
struct Entry {
    value: Arc<[u8]>,
    time: Duration,
}

impl Memo {
    /// An empty cache.
    pub fn new() -> Self {
        let weight = |_: &Place, entry: &Entry| {
            u32::try_from(entry.value.len() + OVERHEAD).unwrap_or(u32::MAX)
        };
        Self(
            Cache::builder()
                .max_capacity(CAPACITY)
                .weigher(weight)
                .expire_after(Lifetime)
                .build(),
        )
    }
}

/// Each entry has its own time to live.
struct Lifetime;

impl<K> Expiry<K, Entry> for Lifetime {
    fn expire_after_create(&self, _key: &K, entry: &Entry, _at: Instant) -> Option<Duration> {
        Some(entry.time)
    }

    fn expire_after_update(
        &self,
        _key: &K,
        entry: &Entry,
        _at: Instant,
        _left: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.time)
    }
}

/// One request's view of the cache.
pub struct MemoView<'a> {
    /// The cache.
    pub memo: &'a Memo,
    /// The version of the IAM API's documents that the request knows. What it remembers is for
    /// requests of the same version.
    pub version: u64,
}

/// Provides components with the memo, as `view` finds it.
///
/// Written by hand, since generated bindings would copy each value once more, and a policy with many
/// paths is large.
///
/// # Errors
/// The linker has such an interface already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> MemoView<'_>,
) -> wasmtime::Result<()> {
    let mut interface = linker.instance(INTERFACE)?;
    interface.func_wrap(
        "recall",
        move |mut store: StoreContextMut<'_, T>, (key,): (Vec<u8>,)| {
            Ok((view(store.data_mut()).recall(&key)?,))
        },
    )?;
    interface.func_wrap(
        "remember",
        move |mut store: StoreContextMut<'_, T>, (key, value, seconds): (Vec<u8>, Vec<u8>, u32)| {
            view(store.data_mut()).remember(&key, value, seconds)
        },
    )
}

impl Key {
    fn new(key: &[u8]) -> Self {
        let mut padded = [0; SHORT];
        match (padded.get_mut(..key.len()), u8::try_from(key.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(key);
                Self::Short { length, padded }
            }
            _ => Self::Digest(Sha256::digest(key).into()),
        }
    }
}

impl MemoView<'_> {
    fn place(&self, key: &[u8]) -> wasmtime::Result<Place> {
        ensure!(
            (1..=MAX_KEY).contains(&key.len()),
            "a memo key of {} bytes",
            key.len()
        );
        Ok(Place {
            version: self.version,
            key: Key::new(key),
        })
    }

    fn recall(&self, key: &[u8]) -> wasmtime::Result<Option<Arc<[u8]>>> {
        let found = self.memo.0.get(&self.place(key)?);
        Ok(found.map(|entry| entry.value))
    }

    fn remember(&self, key: &[u8], value: Vec<u8>, seconds: u32) -> wasmtime::Result<()> {
        let place = self.place(key)?;
        if seconds == 0 || value.len() > MAX_VALUE {
            self.memo.0.invalidate(&place);
            return Ok(());
        }
        let entry = Entry {
            value: value.into(),
            time: Duration::from_secs(seconds.into()).min(MAX_TIME),
        };
        self.memo.0.insert(place, entry);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request's view.
    fn view(memo: &Memo, version: u64) -> MemoView<'_> {
        MemoView { memo, version }
    }

    #[test]
    fn what_is_remembered_is_only_for_requests_of_the_same_version() {
        let memo = Memo::new();
        let remembered = view(&memo, 1).remember(&[1], vec![2], 60);
        remembered.expect("a valid key");
        for (version, key, expected) in [(1, 1, Some(&[2][..])), (1, 2, None), (2, 1, None)] {
            let found = view(&memo, version).recall(&[key]).expect("a valid key");
            assert_eq!(found.as_deref(), expected);
        }
        let another = Memo::new();
        let found = view(&another, 1).recall(&[1]);
        assert_eq!(found.expect("a valid key"), None);
    }

    #[test]
    fn every_key_has_its_own_value() {
        let memo = Memo::new();
        let lengths = [1, 2, SHORT - 1, SHORT, SHORT + 1, 32, 33, MAX_KEY];
        let keys = lengths.map(|length| vec![0; length]);
        for (value, key) in (0..).zip(&keys) {
            let remembered = view(&memo, 1).remember(key, vec![value], 60);
            remembered.expect("a valid key");
        }
        for (value, key) in (0..).zip(keys) {
            let found = view(&memo, 1).recall(&key).expect("a valid key");
            assert_eq!(found.as_deref(), Some(&[value][..]));
        }
    }

    #[test]
    fn an_entry_is_kept_for_its_time_to_live_and_a_minute_at_most() {
        let memo = Memo::new();
        for (seconds, kept) in [
            (0, None),
            (1, Some(1)),
            (60, Some(60)),
            (u32::MAX, Some(60)),
        ] {
            let remembered = view(&memo, 0).remember(&[1], vec![], seconds);
            remembered.expect("a valid key");
            let place = view(&memo, 0).place(&[1]).expect("a valid key");
            let found = memo.0.get(&place);
            assert_eq!(found.map(|entry| entry.time.as_secs()), kept, "{seconds}");
        }
    }

    #[test]
    fn the_cache_and_its_keys_and_values_have_size_limits() {
        let memo = Memo::new();
        let asking = view(&memo, 0);
        for key in [vec![], vec![0; MAX_KEY + 1]] {
            assert!(asking.recall(&key).is_err());
            assert!(asking.remember(&key, vec![], 1).is_err());
        }
        let largest = vec![0; MAX_VALUE];
        asking.remember(&[1], largest, 60).expect("a valid key");
        assert!(asking.recall(&[1]).expect("a valid key").is_some());
        let too_large = vec![0; MAX_VALUE + 1];
        asking.remember(&[1], too_large, 60).expect("a valid key");
        assert_eq!(asking.recall(&[1]).expect("a valid key"), None);
        for key in 0..2000_u32 {
            let remembered = asking.remember(&key.to_le_bytes(), vec![0; MAX_VALUE], 60);
            remembered.expect("a valid key");
        }
        memo.0.run_pending_tasks();
        assert!(memo.0.weighted_size() <= CAPACITY);
    }
}
