//! Damage to files that is found while serving them.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::id::Id;
use super::layout::blob_name;
use crate::store::Error;

/// The most damaged versions that are counted.
const MOST: usize = 10_000;

/// What is wrong with a version's bytes.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Damage {
    /// The file does not exist.
    #[error("the file is missing")]
    Missing,
    /// It has more or fewer bytes.
    #[error("expected {size} bytes, found {found}")]
    Length {
        /// How many there are.
        found: u64,
        /// How many there should be.
        size: u64,
    },
    /// The disk or the system refuses.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// They do not have the digest that a backup recorded.
    #[error("the bytes are not those that were stored")]
    Digest,
    /// A backup has a digest of each file that is not in its index.
    #[error("the backup has no digest of the bytes")]
    NoDigest,
}

/// The versions found damaged since the start. Copies that share their bytes count as one.
#[derive(Debug, Default)]
pub(super) struct Damaged(Mutex<HashSet<Id>>);

impl Damaged {
    /// A version's bytes are not what was stored.
    pub(super) fn found(&self, id: Id, damage: Damage) -> Error {
        self.note(id, &damage);
        Error::Unavailable(Box::new(damage))
    }

    /// Reading a version's bytes failed partway.
    pub(super) fn unreadable(&self, id: Id, error: &Error) {
        if let Error::Unavailable(cause) = error {
            self.note(id, &Damage::Unreadable(cause.to_string()));
        }
    }

    /// Logs it, once for each version.
    fn note(&self, id: Id, damage: &Damage) {
        let mut damaged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if damaged.len() < MOST && damaged.insert(id) {
            tracing::error!(blob = blob_name(id), %damage, "the bytes of a file are damaged");
        }
    }

    pub(super) fn count(&self) -> u64 {
        let damaged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        damaged.len() as u64
    }
}
