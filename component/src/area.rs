//! The three areas that files live in.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};

/// Whose files a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub enum Area {
    /// Everyone's.
    Public,
    /// Those of the token's user.
    User,
    /// Those of the token's organization.
    Org,
}

impl Area {
    /// The area with this path segment, in lower case only.
    pub(crate) fn parse(segment: &str) -> Option<Self> {
        match segment {
            "public" => Some(Self::Public),
            "user" => Some(Self::User),
            "org" => Some(Self::Org),
            _ => None,
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::User => "user",
            Self::Org => "org",
        })
    }
}
