//! Where files are in the store.

use std::fmt;

use crate::area::Area;
use crate::token::Owner;
use crate::url::Name;

/// Whose files: an area with its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everybody's.
    Public,
    /// This user's.
    User(Owner),
    /// This organization's.
    Org(Owner),
}

impl Scope {
    /// The area it lies in.
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

    /// The first segments of all keys of a scope, which no other scope's keys
    /// begin with, then `rest`.
    pub(super) fn prefix(&self, rest: &str) -> String {
        match self {
            Self::Public => ["public/", rest].concat(),
            Self::User(owner) => format!("user/{owner}/{rest}"),
            Self::Org(owner) => format!("org/{owner}/{rest}"),
        }
    }
}

/// The key of a blob that a permit was given for: `public/{name}`,
/// `user/{owner}/{name}` or `org/{owner}/{name}`. At most 970 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct BlobKey(String);

impl BlobKey {
    /// The key as the store takes it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
