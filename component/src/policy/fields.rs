//! Values that are written to or compared with header fields.

use borsh::{BorshDeserialize, BorshSerialize};
use http::HeaderValue;
use serde::Deserialize;

use super::text::from_text;

/// What `Cache-Control` says for public files: a valid field value.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(super) struct CacheControl(String);

from_text!(CacheControl, "a value such as \"public, max-age=3600\"");

impl CacheControl {
    /// For files that anyone may read: a replaced one is seen at once, an unchanged one costs
    /// a 304.
    pub(super) const SHARED: &str = "public, no-cache";
    /// For one version of a file that anyone may read, at a URL that never shows another.
    pub(super) const VERSION: &str = "public, max-age=31536000, immutable";
    /// For files that not everyone may read.
    pub(super) const PRIVATE: &str = "private, no-cache";

    /// For files that anyone may read, or not.
    pub(super) fn default(anyone_reads: bool) -> &'static str {
        if anyone_reads {
            Self::SHARED
        } else {
            Self::PRIVATE
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The directives of a value, each with its argument. A comma in a quoted one does not end it.
    pub(super) fn directives(value: &str) -> impl Iterator<Item = &str> {
        let (mut quoted, mut escaped) = (false, false);
        let ends = move |sign: char| {
            match sign {
                _ if escaped => escaped = false,
                '\\' => escaped = quoted,
                '"' => quoted = !quoted,
                _ => {}
            }
            sign == ',' && !quoted
        };
        value.split(ends).map(str::trim)
    }
}

impl TryFrom<String> for CacheControl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let valid = HeaderValue::from_str(&text).is_ok() && text.is_ascii();
        if valid && !text.trim().is_empty() {
            Ok(Self(text))
        } else {
            Err(format!(
                "{text:?} is not a value of Cache-Control, expected one such as \"public, \
                 max-age=3600\""
            ))
        }
    }
}

/// The origins that a policy lists; none by default.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(transparent)]
pub struct Origins(Vec<Origin>);

impl Origins {
    /// The origins as written, for [`coffer_cors::response_fields`].
    pub fn listed(&self) -> &[Origin] {
        &self.0
    }
}

/// An origin that [`coffer_cors::is_pattern`] accepts, or `*`.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Origin(String);

impl AsRef<str> for Origin {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

from_text!(Origin, "an origin such as \"https://app.example.com\"");

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == coffer_cors::ANY || coffer_cors::is_pattern(&text) {
            return Ok(Self(text));
        }
        Err(format!(
            "{text:?} is not an origin, expected \"*\", one as browsers send it, such as \
             \"https://app.example.com\", or one with a wildcard as its first label, such as \
             \"https://*.example.com\""
        ))
    }
}
