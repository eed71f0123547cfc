//! Resumable uploads: `wit/uploads.wit`.

use std::fmt;
use std::time::{Duration, SystemTime};

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::{Conditions, CreateOptions, Error, Guard};

/// The longest id, in bytes.
pub const MAX_ID: usize = 128;
/// The longest note, in bytes.
pub const MAX_NOTE: usize = 16 << 10;
/// The longest owner, in bytes.
pub const MAX_OWNER: usize = 1024;

/// The id of an upload: 1 to [`MAX_ID`] of the letters, digits, `-`, `_` and `.` of ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UploadId(String);

impl UploadId {
    /// This text as an id; none if it cannot be one.
    #[must_use]
    pub fn new(text: String) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_id = (1..=MAX_ID).contains(&text.len()) && text.bytes().all(allowed);
        is_id.then_some(Self(text))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How an upload begins.
#[derive(Debug, Clone)]
pub struct BeginOptions {
    /// How the file is to be stored. No digest, nothing announced.
    pub target: CreateOptions,
    /// How many bytes there will be, if that is known.
    pub length: Option<u64>,
    /// How long the upload lives.
    pub lifetime: Duration,
    /// Whose it is.
    pub owner: String,
    /// The most unfinished uploads of this owner; without it, they are not counted.
    pub most: Option<u32>,
    /// For the caller alone.
    pub note: Vec<u8>,
}

/// What is known of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// How many bytes are durable.
    pub offset: u64,
    /// How many there will be, if that is known.
    pub length: Option<u64>,
    /// As given when it began.
    pub note: Vec<u8>,
    /// When it stops to exist.
    pub expires: SystemTime,
    /// Whether it has become a file.
    pub finished: bool,
}

/// A digest that the bytes of one turn must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnDigest {
    /// SHA-1, which tus clients use.
    Sha1([u8; 20]),
    /// SHA-256.
    Sha256([u8; 32]),
}

/// How bytes are appended.
#[derive(Debug, Clone, Copy)]
pub struct TurnOptions {
    /// In bytes; one more is [`Error::TooLarge`].
    pub max_size: u64,
    /// Verified before anything is kept.
    pub digest: Option<TurnDigest>,
}

/// Whose files and which version a finished upload may replace.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Whether a new key may be created.
    pub may_create: bool,
    /// Whether a key that exists may get a new version.
    pub may_replace: Guard,
    /// What must hold for the version replaced.
    pub conditions: Conditions,
}

impl Terms {
    /// The options of an upload that is finished on these terms.
    #[must_use]
    pub fn apply(self, begun: CreateOptions) -> CreateOptions {
        let Self {
            may_create,
            may_replace,
            conditions,
        } = self;
        CreateOptions {
            may_create,
            may_replace,
            conditions,
            ..begun
        }
    }
}

/// The bytes of one turn, digested as they come; does nothing if no digest was given.
#[derive(Debug, Clone)]
pub enum TurnHash {
    /// Nothing to verify.
    None,
    /// To be verified.
    Sha1(Box<Sha1>, [u8; 20]),
    /// To be verified.
    Sha256(Box<Sha256>, [u8; 32]),
}

impl TurnHash {
    /// Of no bytes yet.
    #[must_use]
    pub fn expecting(digest: Option<TurnDigest>) -> Self {
        match digest {
            None => Self::None,
            Some(TurnDigest::Sha1(expected)) => Self::Sha1(Box::default(), expected),
            Some(TurnDigest::Sha256(expected)) => Self::Sha256(Box::default(), expected),
        }
    }

    /// Digests the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::Sha1(hash, _) => hash.update(bytes),
            Self::Sha256(hash, _) => hash.update(bytes),
        }
    }

    /// Whether these are the bytes that were announced.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`].
    pub fn verify(self) -> Result<(), Error> {
        let matches = match self {
            Self::None => true,
            Self::Sha1(hash, expected) => <[u8; 20]>::from(hash.finalize()) == expected,
            Self::Sha256(hash, expected) => <[u8; 32]>::from(hash.finalize()) == expected,
        };
        match matches {
            true => Ok(()),
            false => Err(Error::DigestMismatch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_no_character_that_a_path_or_a_key_would_read_otherwise() {
        for id in ["a", "AZ-_.09", &"x".repeat(128)] {
            assert!(UploadId::new(id.to_owned()).is_some(), "{id}");
        }
        for text in ["", "a/b", "a b", "é", "a%2f", "a\0", &"x".repeat(129)] {
            assert_eq!(UploadId::new(text.to_owned()), None, "{text}");
        }
    }

    #[test]
    fn a_turn_is_held_to_its_digest() {
        let sha1: [u8; 20] = Sha1::digest(b"hello").into();
        let sha256: [u8; 32] = Sha256::digest(b"hello").into();
        for (digest, matches) in [
            (None, true),
            (Some(TurnDigest::Sha1(sha1)), true),
            (Some(TurnDigest::Sha256(sha256)), true),
            (Some(TurnDigest::Sha1([0; 20])), false),
            (Some(TurnDigest::Sha256([0; 32])), false),
        ] {
            let mut hash = TurnHash::expecting(digest);
            hash.update(b"hel");
            hash.update(b"lo");
            assert_eq!(hash.verify().is_ok(), matches, "{digest:?}");
        }
    }
}
