//! The names that files are stored under.

use std::collections::HashSet;
use std::fmt;

/// The longest key, in bytes.
pub const MAX_LEN: usize = 1024;

/// A key: 1 to [`MAX_LEN`] bytes of UTF-8 without control characters (Unicode's
/// category Cc), in segments joined by `/`, none of them empty, `.` or `..`.
///
/// Keys compare by their bytes, so case matters and nothing is normalized.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// Why a text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is empty, or begins or ends with `/`, or holds `//`.
    #[error("a key has no empty segment")]
    EmptySegment,
    /// A segment is `.` or `..`.
    #[error("a key has no segment `.` or `..`")]
    DotSegment,
    /// It holds a control character.
    #[error("a key has no control characters")]
    Control,
    /// It has more than [`MAX_LEN`] bytes.
    #[error("a key has at most {MAX_LEN} bytes")]
    TooLong,
}

impl Key {
    /// Checks a text and makes it a key.
    ///
    /// # Errors
    /// The first of the rules that the text breaks.
    pub fn new(text: impl Into<String>) -> Result<Key, KeyError> {
        let text = text.into();
        if text.len() > MAX_LEN {
            return Err(KeyError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(KeyError::Control);
        }
        for segment in text.split('/') {
            match segment {
                "" => return Err(KeyError::EmptySegment),
                "." | ".." => return Err(KeyError::DotSegment),
                _ => {}
            }
        }
        Ok(Key(text))
    }

    /// Whether there are keys that start with these characters.
    #[must_use]
    pub fn can_start_with(prefix: &str) -> bool {
        // The last segment may go on.
        let whole = match prefix.rsplit_once('/') {
            Some((whole, _)) => Key::new(whole).is_ok(),
            None => true,
        };
        whole && prefix.len() <= MAX_LEN && !prefix.chars().any(char::is_control)
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> String {
        key.0
    }
}

impl TryFrom<String> for Key {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Key, KeyError> {
        Key::new(text)
    }
}

/// The most keys that one call names.
pub const MOST_KEYS: usize = 1000;

/// Whether none of these occurs a second time.
#[must_use]
pub fn are_different(keys: &[Key]) -> bool {
    let mut seen = HashSet::with_capacity(keys.len());
    keys.iter().all(|key| seen.insert(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_of_segments_without_control_characters() {
        let longest = "k".repeat(MAX_LEN);
        let too_long = "é".repeat(MAX_LEN / 2 + 1);
        let table: &[(&str, Result<(), KeyError>)] = &[
            ("a", Ok(())),
            ("a/b/c", Ok(())),
            ("...", Ok(())),
            ("a/.b/..c/d.", Ok(())),
            ("日本語/📄 +%\\*?[x]", Ok(())),
            ("\u{10ffff}", Ok(())),
            (&longest, Ok(())),
            ("", Err(KeyError::EmptySegment)),
            ("/", Err(KeyError::EmptySegment)),
            ("/a", Err(KeyError::EmptySegment)),
            ("a/", Err(KeyError::EmptySegment)),
            ("a//b", Err(KeyError::EmptySegment)),
            (".", Err(KeyError::DotSegment)),
            ("..", Err(KeyError::DotSegment)),
            ("a/../b", Err(KeyError::DotSegment)),
            ("a/.", Err(KeyError::DotSegment)),
            ("a\0b", Err(KeyError::Control)),
            ("a\u{1f}", Err(KeyError::Control)),
            ("a\u{7f}", Err(KeyError::Control)),
            ("a\u{85}", Err(KeyError::Control)),
            (&too_long, Err(KeyError::TooLong)),
        ];
        for (text, expected) in table {
            assert_eq!(Key::new(*text).map(|_| ()), *expected, "{text:?}");
        }
    }

    #[test]
    fn a_prefix_of_a_key_ends_anywhere() {
        for prefix in ["", "a", "a/", "a/.", "..", ".", "a/b", "日/本"] {
            assert!(Key::can_start_with(prefix), "{prefix:?}");
        }
        for prefix in ["/", "a//", "a/./", "../", "//b", "a\n", &"a".repeat(1025)] {
            assert!(!Key::can_start_with(prefix), "{prefix:?}");
        }
    }

    #[test]
    fn keys_are_ordered_by_their_bytes() {
        let mut keys: Vec<Key> = ["a/b", "a", "é", "a-b", "Z", "z"]
            .into_iter()
            .map(|text| Key::new(text).expect("a key"))
            .collect();
        keys.sort();
        let sorted: Vec<&str> = keys.iter().map(Key::as_str).collect();
        assert_eq!(sorted, ["Z", "a", "a-b", "a/b", "z", "é"]);
    }
}
