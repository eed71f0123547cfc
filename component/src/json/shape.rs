//! The shape of a JSON value, for messages that must not show the value itself.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde_json::Value;

/// The type of a value, and its number of elements or members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Shape {
    Null,
    Boolean,
    Number,
    Text,
    /// With this number of elements.
    List(u32),
    /// With this number of members.
    Object(u32),
}

impl Shape {
    /// The shape of this value.
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
