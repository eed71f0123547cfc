//! Why a token names no user, no organization or no role: for the log, by the shape of the
//! claim and never by its value.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Iam, OrgSource};
use crate::json::Shape;

/// Why a claim does not name anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Absent {
    /// The policy does not say where to look.
    NotConfigured,
    /// It is not in the token.
    Missing,
    /// It has an unsupported shape.
    Shape(Shape),
    /// It is present, but empty.
    Empty,
    /// It is longer than the maximum for an id.
    TooLong,
    /// It is the id of the token's own client.
    Client,
}

impl Absent {
    /// Why there is no user, in words.
    pub(crate) fn user(self, iam: &Iam) -> String {
        self.explain(iam.user().as_str(), "a string")
    }

    /// Why there is no organization, in words.
    pub(crate) fn org(self, iam: &Iam) -> String {
        match iam.org() {
            OrgSource::Claim(pointer) => self.explain(
                pointer.as_str(),
                "a string or an object with exactly 1 member",
            ),
            OrgSource::Audience(prefix) => {
                format!("none of its audiences starts with {prefix:?}")
            }
            OrgSource::Nowhere => "[iam] has neither org-claim nor audience-prefix".to_owned(),
        }
    }

    /// Why there are no roles, in words.
    pub(crate) fn roles(self, iam: &Iam) -> String {
        match iam.roles() {
            Some(pointer) => self.explain(
                pointer.as_str(),
                "a string of words, an integer, a list of those or an object",
            ),
            None => "[iam] has no roles-claim".to_owned(),
        }
    }

    fn explain(self, path: &str, expected: &str) -> String {
        match self {
            Self::NotConfigured => "[iam] does not say where it is".to_owned(),
            Self::Missing => format!("the claim {path} is missing"),
            Self::Shape(shape) => format!("the claim {path} is {shape}, not {expected}"),
            Self::Empty => format!("the claim {path} is empty"),
            Self::TooLong => format!("the claim {path} is longer than 1,000 bytes"),
            Self::Client => {
                format!("the claim {path} is the id of the token's own client, not of a user")
            }
        }
    }
}
