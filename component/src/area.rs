//! The three areas that files live in.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::bindings::coffer::storage::decisions;

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

impl From<Area> for decisions::Area {
    fn from(area: Area) -> Self {
        match area {
            Area::Public => Self::Public,
            Area::User => Self::User,
            Area::Org => Self::Org,
        }
    }
}

impl From<decisions::Area> for Area {
    fn from(area: decisions::Area) -> Self {
        match area {
            decisions::Area::Public => Self::Public,
            decisions::Area::User => Self::User,
            decisions::Area::Org => Self::Org,
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
