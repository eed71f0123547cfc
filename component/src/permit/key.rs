//! The keys of files in the store.

use std::fmt;

use crate::area::Area;
use crate::token::Owner;
use crate::url::Name;

/// Whose files: an area with its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everyone's.
    Public,
    /// This user's.
    User(Owner),
    /// This organization's.
    Org(Owner),
}

impl Scope {
    /// Its area.
    pub(crate) fn area(&self) -> Area {
        match self {
            Self::Public => Area::Public,
            Self::User(_) => Area::User,
            Self::Org(_) => Area::Org,
        }
    }

    pub(super) fn key(&self, name: &Name) -> BlobKey {
        BlobKey(self.prefix(name.as_str()))
    }

    /// The first segments of all keys of this scope, which no other scope's keys
    /// start with, followed by `rest`.
    pub(super) fn prefix(&self, rest: &str) -> String {
        match self {
            Self::Public => ["public/", rest].concat(),
            Self::User(owner) => format!("user/{owner}/{rest}"),
            Self::Org(owner) => format!("org/{owner}/{rest}"),
        }
    }
}

/// The key of a blob, made by a permit: `public/{name}`,
/// `user/{owner}/{name}` or `org/{owner}/{name}`. At most 970 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct BlobKey(String);

impl BlobKey {
    /// The key as the store expects it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
