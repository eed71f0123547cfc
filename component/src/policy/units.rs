//! Sizes and ages with their units.

use std::fmt;
use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::text::from_text;

/// The maximum age: ten years.
const MAX_AGE: Duration = Duration::from_secs(3650 * 86_400);

/// At least one byte.
#[derive(Debug)]
pub(super) struct FileSize(u64);

from_text!(FileSize, "a size such as \"5 GiB\" or \"200 MB\"");

impl FileSize {
    pub(super) fn bytes(&self) -> u64 {
        self.0
    }
}

impl Default for FileSize {
    fn default() -> Self {
        Self(5 << 30)
    }
}

impl TryFrom<String> for FileSize {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse::<ByteSize>() {
            Ok(size) if size.as_u64() > 0 => Ok(Self(size.as_u64())),
            _ => Err(format!(
                "{text:?} is not a size, expected one such as \"5 GiB\" or \"200 MB\""
            )),
        }
    }
}

/// Whole seconds, at least one and at most ten years.
#[derive(Debug)]
pub(super) struct Age(Duration);

from_text!(Age, "a time such as \"7d\" or \"12h\"");

impl Age {
    pub(super) fn seconds(&self) -> u64 {
        self.0.as_secs()
    }
}

impl Default for Age {
    fn default() -> Self {
        Self(Duration::from_secs(7 * 86_400))
    }
}

/// At least one, at most a million.
#[derive(Debug)]
pub(super) struct Count(u32);

impl Count {
    pub(super) fn get(&self) -> u32 {
        self.0
    }
}

impl Default for Count {
    fn default() -> Self {
        Self(100)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(CountVisitor)
    }
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number from 1 to 1000000")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Count, E> {
        u32::try_from(number)
            .ok()
            .filter(|number| (1..=1_000_000).contains(number))
            .map(Count)
            .ok_or_else(|| E::custom(format!("{number} is out of range, expected 1 to 1000000")))
    }
}

impl TryFrom<String> for Age {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match humantime::parse_duration(&text) {
            Ok(age) if age.as_secs() > 0 && age.subsec_nanos() == 0 && age <= MAX_AGE => {
                Ok(Self(age))
            }
            Ok(_) => Err(format!(
                "{text:?} is out of range, expected 1s to 3650d in whole seconds"
            )),
            Err(_) => Err(format!(
                "{text:?} is not a time, expected one such as \"7d\" or \"12h\""
            )),
        }
    }
}
