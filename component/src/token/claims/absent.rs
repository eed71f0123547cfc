//! Why a token names no user, no organization or no role: the shape of what it claims,
//! for the log, and never its value.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde_json::Value;

use crate::policy::{Iam, OrgSource};

/// The shape of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Shape {
    Null,
    Boolean,
    Number,
    Text,
    /// With so many elements.
    List(u32),
    /// With so many members.
    Object(u32),
}

impl Shape {
    pub(crate) fn of(value: &Value) -> Self {
        let count = |length| u32::try_from(length).unwrap_or(u32::MAX);
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Array(items) => Self::List(count(items.len())),
            Value::Object(members) => Self::Object(count(members.len())),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean => f.write_str("true or false"),
            Self::Number => f.write_str("a number"),
            Self::Text => f.write_str("a string"),
            Self::List(1) => f.write_str("a list of 1 element"),
            Self::List(count) => write!(f, "a list of {count} elements"),
            Self::Object(1) => f.write_str("an object with 1 member"),
            Self::Object(count) => write!(f, "an object with {count} members"),
        }
    }
}

/// Why a claim names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Absent {
    /// The policy does not say where to look.
    NotConfigured,
    /// It is not in the token.
    Missing,
    /// It has a shape that is not understood.
    Shape(Shape),
    /// It is there, and empty.
    Empty,
    /// It is longer than any id may be.
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
                "a string of words, a list of strings or an object",
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
