//! Maps keys to object names and back.

use std::fmt;

use coffer_port::key;

use crate::store::{Key, KeyError};

/// Max length of an object name in S3, in bytes.
const LONGEST_OBJECT: usize = 1024;
/// Max length of a key that Coffer's component makes, in bytes.
const LONGEST_KEY: usize = 970;

/// The prefix of all object names of a store: empty, or segments of a key with a trailing
/// `/`, at most [`Prefix::MAX_LEN`] bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefix(String);

/// Why a text is not a valid prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// It would make names longer than S3 accepts.
    #[error("longer than {} bytes", Prefix::MAX_LEN - 1)]
    TooLong,
    /// It is not a valid key.
    #[error("{0}")]
    NotAKey(#[from] KeyError),
}

impl Prefix {
    /// Max length in bytes, trailing `/` included: what the longest key leaves of a name.
    pub const MAX_LEN: usize = LONGEST_OBJECT - LONGEST_KEY;

    /// Checks a text, with or without a trailing `/`.
    ///
    /// # Errors
    /// See [`PrefixError`].
    pub fn new(text: &str) -> Result<Prefix, PrefixError> {
        if text.is_empty() {
            return Ok(Prefix::default());
        }
        let segments = Key::new(text.strip_suffix('/').unwrap_or(text))?;
        let prefix = format!("{segments}/");
        if prefix.len() > Prefix::MAX_LEN {
            return Err(PrefixError::TooLong);
        }
        Ok(Prefix(prefix))
    }

    /// The name of a key's object, or the prefix of names for the prefix of keys.
    pub(super) fn object(&self, key: &str) -> String {
        format!("{}{key}", self.0)
    }

    /// The key, or prefix of keys, in an object's name or prefix of names.
    pub(super) fn strip<'a>(&self, object: &'a [u8]) -> Option<&'a [u8]> {
        object.strip_prefix(self.0.as_bytes())
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const _: () = assert!(LONGEST_KEY <= key::MAX_LEN);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_segments_with_a_slash_that_leave_room_for_every_key() {
        let (longest, too_long) = ("p".repeat(53), "p".repeat(54));
        for (text, expected) in [
            ("", ""),
            ("files", "files/"),
            ("files/", "files/"),
            ("a/ü", "a/ü/"),
            (&longest, &format!("{longest}/")),
        ] {
            let prefix = Prefix::new(text).expect("a prefix");
            assert_eq!(prefix.to_string(), expected);
            assert_eq!(
                prefix.strip(prefix.object("k/e/y").as_bytes()),
                Some(&b"k/e/y"[..])
            );
        }
        for text in ["/", "/a", "a//", "a//b", "..", "a/./b", "a\n", &too_long] {
            assert!(Prefix::new(text).is_err(), "{text:?}");
        }
    }
}
