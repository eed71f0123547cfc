//! Strings that are parsed during deserialization, so that an error has its own line
//! even in a list over several lines.

use std::fmt::{self, Display};
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};

/// A value that is written as a string.
pub(super) trait FromText: TryFrom<String, Error: Display> {
    /// What to call the expected value if something other than a string is found.
    const EXPECTED: &'static str;
}

/// Deserializes a type from a string.
macro_rules! from_text {
    ($type:ty, $expected:literal) => {
        impl $crate::policy::text::FromText for $type {
            const EXPECTED: &'static str = $expected;
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::policy::text::parse(deserializer)
            }
        }
    };
}
pub(super) use from_text;

/// Deserializes a string and converts it.
pub(super) fn parse<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromText,
{
    deserializer.deserialize_str(TextVisitor(PhantomData))
}

struct TextVisitor<T>(PhantomData<T>);

impl<T: FromText> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::try_from(text.to_owned()).map_err(E::custom)
    }
}
