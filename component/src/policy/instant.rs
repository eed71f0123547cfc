//! A point in time, as RFC 3339 text or as a date-time of TOML, which is the same syntax.

use std::fmt;
use std::time::UNIX_EPOCH;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use toml::value::{Datetime, Offset, Time};

const EXPECTED: &str = "a time such as \"2026-11-01T00:00:00Z\"";

/// In seconds since 1970; a fraction counts as the next one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instant(u64);

impl Instant {
    pub(super) fn seconds(self) -> u64 {
        self.0
    }

    /// `None` unless it is complete, has an offset from UTC and is not before 1970.
    fn of(written: Datetime) -> Option<Self> {
        let Datetime {
            date: Some(date),
            time:
                Some(Time {
                    hour,
                    minute,
                    second,
                    nanosecond,
                }),
            offset: Some(offset),
        } = written
        else {
            return None;
        };
        let second = second.unwrap_or_default();
        let utc = format!("{date}T{hour:02}:{minute:02}:{second:02}Z");
        let utc = humantime::parse_rfc3339(&utc).ok()?;
        let seconds = utc.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let east = match offset {
            Offset::Z => 0,
            Offset::Custom { minutes } => i64::from(minutes) * 60,
        };
        let started = u64::from(nanosecond.is_some_and(|fraction| fraction > 0));
        Some(Self(seconds.checked_add_signed(-east)? + started))
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InstantVisitor)
    }
}

struct InstantVisitor;

impl<'de> Visitor<'de> for InstantVisitor {
    type Value = Instant;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Instant, E> {
        let written = text.parse().ok().and_then(Instant::of);
        written.ok_or_else(|| {
            E::custom(format!(
                "{text:?} is not a time with its offset from UTC, expected one such as \
                 \"2026-11-01T00:00:00Z\""
            ))
        })
    }

    /// How TOML gives a date-time that is written without quotes.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Instant, A::Error> {
        let written = Datetime::deserialize(MapAccessDeserializer::new(map));
        let written = written.map_err(|_| A::Error::custom(format!("expected {EXPECTED}")))?;
        self.visit_str(&written.to_string())
    }
}
