//! Values that a service would refuse, or understand in another way, are refused when they are
//! read.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Max length of a tag's key, in characters.
const KEY: usize = 128;
/// Max length of its value.
const VALUE: usize = 256;
/// Max length of a key of KMS: an ARN.
const KMS_KEY: usize = 2048;
/// Max length of a storage class.
const CLASS: usize = 64;

/// What percent-encoding leaves as it is in a query (RFC 3986, 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// A key of KMS.
    #[error("expected the ID, the ARN or the alias of a KMS key")]
    KmsKey,
    /// A storage class.
    #[error("expected a storage class, such as STANDARD_IA or INTELLIGENT_TIERING")]
    StorageClass,
    /// A storage class whose objects have to be restored before they can be read.
    #[error("files of this storage class cannot be read without restoring them first")]
    Archive,
    /// A tag.
    #[error(
        "expected KEY=VALUE of letters, digits, spaces and + - = . _ : / @, with up to 128 and 256 \
         characters"
    )]
    Tag,
    /// A key that only AWS may set.
    #[error("tags whose key begins with aws: are reserved for AWS")]
    ReservedTag,
    /// An account.
    #[error("expected the 12 digits of an AWS account")]
    AccountId,
}

/// A key of KMS: its ID, ARN or alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsKey(String);

impl FromStr for KmsKey {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let known =
            |byte| matches!(byte, b':' | b'/' | b'_' | b'-') || byte.is_ascii_alphanumeric();
        match (1..=KMS_KEY).contains(&text.len()) && text.bytes().all(known) {
            true => Ok(Self(text.to_owned())),
            false => Err(ValueError::KmsKey),
        }
    }
}

impl fmt::Display for KmsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A storage class whose objects can be read at once. Services have names of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageClass(String);

impl FromStr for StorageClass {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let known = |byte| matches!(byte, b'_' | b'-' | b'.') || byte.is_ascii_alphanumeric();
        match text {
            "GLACIER" | "DEEP_ARCHIVE" => Err(ValueError::Archive),
            _ if (1..=CLASS).contains(&text.len()) && text.bytes().all(known) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(ValueError::StorageClass),
        }
    }
}

impl fmt::Display for StorageClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tag of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    key: String,
    value: String,
}

impl Tag {
    /// Its name, of which an object has one.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// As a header field carries them.
    pub(super) fn query(tags: &[Tag]) -> String {
        let pairs: Vec<_> = tags
            .iter()
            .map(|tag| {
                let key = utf8_percent_encode(&tag.key, ENCODED);
                format!("{key}={}", utf8_percent_encode(&tag.value, ENCODED))
            })
            .collect();
        pairs.join("&")
    }
}

impl FromStr for Tag {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let known = |c: char| " +-=._:/@".contains(c) || c.is_alphanumeric();
        let (key, value) = text.split_once('=').ok_or(ValueError::Tag)?;
        if key.starts_with("aws:") {
            return Err(ValueError::ReservedTag);
        }
        let fits = (1..=KEY).contains(&key.chars().count()) && value.chars().count() <= VALUE;
        match fits && text.chars().all(known) {
            true => Ok(Self {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            false => Err(ValueError::Tag),
        }
    }
}

/// An AWS account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountId(String);

impl FromStr for AccountId {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Ok(Self(text.to_owned())),
            false => Err(ValueError::AccountId),
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: FromStr<Err = ValueError>>(text: &str) -> Option<ValueError> {
        text.parse::<T>().err()
    }

    #[test]
    fn keys_classes_and_accounts_are_what_services_accept() {
        for key in [
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:eu-central-1:123456789012:key/mrk-1234",
            "alias/files_2026",
        ] {
            assert_eq!(refused::<KmsKey>(key), None, "{key}");
        }
        for key in ["", "alias/a b", "é", "a\r\nx-amz-acl: public-read"] {
            assert_eq!(refused::<KmsKey>(key), Some(ValueError::KmsKey), "{key}");
        }
        for class in ["STANDARD_IA", "GLACIER_IR", "INTELLIGENT_TIERING", "cold-1"] {
            assert_eq!(refused::<StorageClass>(class), None, "{class}");
        }
        for class in ["", "STANDARD IA", &"A".repeat(65)] {
            let error = refused::<StorageClass>(class);
            assert_eq!(error, Some(ValueError::StorageClass), "{class}");
        }
        for class in ["GLACIER", "DEEP_ARCHIVE"] {
            let error = refused::<StorageClass>(class);
            assert_eq!(error, Some(ValueError::Archive), "{class}");
        }
        assert_eq!(refused::<AccountId>("012345678901"), None);
        for account in ["", "12345678901", "1234567890123", "١٢٣٤٥٦"] {
            let error = refused::<AccountId>(account);
            assert_eq!(error, Some(ValueError::AccountId), "{account}");
        }
    }

    #[test]
    fn tags_are_pairs_and_encoded_for_a_header_field() {
        for (text, encoded) in [
            ("a=b", "a=b"),
            ("a=", "a="),
            ("a=b=c", "a=b%3Dc"),
            ("cost centre=R+D/é", "cost%20centre=R%2BD%2F%C3%A9"),
        ] {
            let tag: Tag = text.parse().expect("a tag");
            assert_eq!(Tag::query(&[tag]), encoded);
        }
        let both = ["a=1", "b=2"].map(|text| text.parse().expect("a tag"));
        assert_eq!(Tag::query(&both), "a=1&b=2");
        for text in [
            "",
            "a",
            "=b",
            "a=b&c=d",
            "a=\n",
            &format!("{}=", "a".repeat(129)),
        ] {
            assert_eq!(refused::<Tag>(text), Some(ValueError::Tag), "{text}");
        }
        assert_eq!(refused::<Tag>("aws:a=b"), Some(ValueError::ReservedTag));
    }
}
