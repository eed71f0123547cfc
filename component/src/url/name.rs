//! A file's name, valid by construction.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};

use super::percent;
use crate::problem::Problem;

/// A name within an area:
///
/// - 1 to 900 bytes of UTF-8;
/// - segments joined by `/`, none of them empty, `.` or `..`;
/// - no control character (U+0000 to U+001F, U+007F to U+009F), no backslash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub struct Name(String);

impl Name {
    /// The maximum length of a name, in bytes.
    pub(crate) const MAX_BYTES: usize = 900;

    /// The name in this part of a URL's path, percent-decoded once.
    pub(crate) fn decode(raw: &str) -> Result<Self, Problem> {
        match percent::decode(raw) {
            Ok(text) => Self::new(&text),
            Err(percent::DecodeError::Malformed) => {
                Err(Problem::InvalidName("a percent-encoding is malformed"))
            }
            Err(percent::DecodeError::NotUtf8) => Err(Problem::InvalidName("it is not UTF-8")),
        }
    }

    /// The name with exactly this text.
    pub fn new(text: &str) -> Result<Self, Problem> {
        let reason = if text.is_empty() {
            "it is empty"
        } else if text.len() > Self::MAX_BYTES {
            "it is longer than 900 bytes"
        } else if text.contains(char::is_control) {
            "it contains a control character"
        } else if text.contains('\\') {
            "it contains a backslash"
        } else if text
            .split('/')
            .any(|segment| matches!(segment, "" | "." | ".."))
        {
            "it contains a segment that is empty, . or .."
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(Problem::InvalidName(reason))
    }

    /// The name of a file called `basename` in this folder, or at the root.
    pub(crate) fn within(folder: Option<&Self>, basename: &str) -> Result<Self, Problem> {
        match folder {
            Some(folder) => Self::new(&format!("{folder}/{basename}")),
            None => Self::new(basename),
        }
    }

    /// The last component.
    pub(crate) fn basename(&self) -> &str {
        self.0
            .rsplit_once('/')
            .map_or(self.as_str(), |(_, last)| last)
    }

    /// The whole name, unencoded.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as part of a URL's path: everything but unreserved characters and
    /// `/` is percent-encoded (RFC 3986, 2.3).
    pub(crate) fn to_path(&self) -> String {
        percent::encode_path(&self.0)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_other_utf8_is_a_name() {
        for (raw, name) in [
            ("a", "a"),
            ("a/b", "a/b"),
            ("a%2Fb", "a/b"),
            ("%E6%97%A5%E6%9C%AC%E8%AA%9E.pdf", "日本語.pdf"),
            ("日本語.pdf", "日本語.pdf"),
            ("%F0%9F%98%80", "😀"),
            ("a%20b+c", "a b+c"),
            ("100%25", "100%"),
            ("%252e%252e", "%2e%2e"),
            ("...", "..."),
            (".hidden/..x", ".hidden/..x"),
        ] {
            assert_eq!(
                Name::decode(raw).map(|name| name.0),
                Ok(name.to_owned()),
                "{raw}"
            );
        }
    }

    #[test]
    fn a_dot_segment_is_refused_however_encoded() {
        for raw in [
            ".",
            "..",
            "%2e",
            "%2E%2e",
            ".%2e",
            "a/..",
            "../a",
            "a/../b",
            "a/./b",
            "a%2F..%2Fb",
            "a%2f%2e%2e",
            "..%2Fa",
            "%2e%2e/%2e%2e/etc/passwd",
        ] {
            assert!(
                matches!(Name::decode(raw), Err(Problem::InvalidName(_))),
                "{raw}"
            );
        }
    }

    #[test]
    fn an_invalid_name_is_refused() {
        for raw in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            "a%2F",
            "%2Fa",
            "a%2F%2Fb",
            "a%00",
            "a%0Ab",
            "a%1F",
            "%7F",
            "%C2%80",
            "%C2%9F",
            "a%5Cb",
            "a\\b",
            "%FF",
            "%C0%AE%C0%AE",
            "%",
            "%zz",
            "a%2",
        ] {
            assert!(
                matches!(Name::decode(raw), Err(Problem::InvalidName(_))),
                "{raw}"
            );
        }
        assert!(
            Name::decode("%C2%A0").is_ok(),
            "the first character after the controls"
        );
    }

    #[test]
    fn length_counts_in_decoded_bytes() {
        assert!(Name::decode(&"%E6%97%A5".repeat(300)).is_ok());
        assert!(Name::decode(&"日".repeat(300)).is_ok());
        assert!(Name::new(&"a".repeat(901)).is_err());
    }

    #[test]
    fn names_are_joined_and_split() -> Result<(), Problem> {
        let folder = Name::new("a/b")?;
        let name = Name::within(Some(&folder), "c d.txt")?;
        assert_eq!((name.as_str(), name.basename()), ("a/b/c d.txt", "c d.txt"));
        assert_eq!(name.to_path(), "a/b/c%20d.txt");
        assert_eq!(Name::decode(&name.to_path())?, name);
        assert_eq!(Name::within(None, "c")?.basename(), "c");
        assert!(Name::within(Some(&folder), "..").is_err());
        assert!(Name::within(Some(&folder), &"x".repeat(900)).is_err());
        Ok(())
    }
}
