//! Values that go into or come from header fields.

use borsh::{BorshDeserialize, BorshSerialize};
use http::{HeaderValue, Uri};
use serde::Deserialize;

use super::text::from_text;

/// What `Cache-Control` says for public files: a valid field value.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(super) struct CacheControl(String);

from_text!(CacheControl, "a value such as \"public, max-age=3600\"");

impl CacheControl {
    /// For files that anyone may read.
    pub(super) const SHARED: &str = "public, max-age=3600";
    /// For files that not everyone may read.
    pub(super) const PRIVATE: &str = "private, no-cache";

    pub(super) fn as_str(&self) -> &str {
        &self.0
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

/// The origins that a policy lists; none unless it lists some.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(transparent)]
pub(crate) struct Origins(Vec<Origin>);

impl Origins {
    /// Whether no other origin is let in.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The origins as they are written.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|Origin(text)| text.as_str())
    }

    /// Whether `*` is among them.
    pub(crate) fn any(&self) -> bool {
        self.0.iter().any(|Origin(text)| text == "*")
    }

    /// Whether this value of an `Origin` field is admitted.
    pub(crate) fn admit(&self, origin: &str) -> bool {
        self.any() || self.0.iter().any(|Origin(text)| text == origin)
    }
}

/// `*`, or an origin as browsers write it: `scheme://host`, and `:port` only
/// where it is not the scheme's own (RFC 6454, 6.2).
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Origin(String);

from_text!(Origin, "an origin such as \"https://app.example.com\"");

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "*" || is_origin(&text).unwrap_or(false) {
            return Ok(Self(text));
        }
        Err(format!(
            "{text:?} is not an origin, expected \"*\" or one as browsers send it, such as \
             \"https://app.example.com\""
        ))
    }
}

fn is_origin(text: &str) -> Option<bool> {
    let uri: Uri = text.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let own_port = matches!(
        (scheme, authority.port_u16()),
        ("http", Some(80)) | ("https", Some(443))
    );
    Some(
        !own_port
            && text == format!("{scheme}://{authority}")
            && text == text.to_ascii_lowercase()
            && !authority.host().is_empty()
            && !text.contains('@')
            && !text.contains('*')
            && !text.ends_with(':'),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_taken_as_browsers_write_them_and_no_other_way() {
        for (text, good) in [
            ("*", true),
            ("https://app.example.com", true),
            ("http://localhost:3000", true),
            ("http://[::1]:3000", true),
            ("capacitor://localhost", true),
            ("https://app.example.com/", false),
            ("https://app.example.com/x", false),
            ("https://App.example.com", false),
            ("https://app.example.com:443", false),
            ("https://app.example.com:", false),
            ("https://u@app.example.com", false),
            ("https://*.example.com", false),
            ("app.example.com", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(Origin::try_from(text.to_owned()).is_ok(), good, "{text}");
        }
    }
}
