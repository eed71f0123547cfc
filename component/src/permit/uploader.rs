//! Who stored a file, as the store keeps it.

use ct_codecs::{Base64UrlSafeNoPadding, Decoder, Encoder};

use crate::problem::Problem;
use crate::random;
use crate::token::Owner;

/// What a pseudonym begins with. An [`Owner`] is nothing but hexadecimal digits, whatever
/// a token claims, so neither is ever the other.
const ANONYMOUS: &str = "anonymous:";
/// The length of a pseudonym's random number, in bytes.
const RANDOM: usize = 16;

/// Who stored a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Uploader {
    /// A user, by their token.
    User(Owner),
    /// Somebody without a token.
    Anonymous(Pseudonym),
}

impl Uploader {
    /// Parses what [`Uploader::as_str`] returned.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let user = Owner::parse(text).map(Self::User);
        user.or_else(|| Pseudonym::parse(text).map(Self::Anonymous))
    }

    /// As the store keeps it.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::User(user) => user.as_str(),
            Self::Anonymous(pseudonym) => pseudonym.as_str(),
        }
    }
}

/// A permit to store that may be given to somebody without a token.
pub(crate) trait Anonymous: Sized {
    /// Whether it is for public files, and was given without a token.
    fn is_anonymous(&self) -> bool;

    /// The same permit, under a pseudonym.
    fn under(self, pseudonym: Pseudonym) -> Self;
}

/// Somebody who stored public files without a token. Only the links that they got in return
/// know it.
///
/// Invariants: `anonymous:` and 128 bits in base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pseudonym(String);

impl Pseudonym {
    /// One that nobody had before and nobody can guess.
    ///
    /// # Errors
    /// [`Problem::Internal`] if the platform has no random numbers.
    pub(crate) fn random() -> Result<Self, Problem> {
        let number: [u8; RANDOM] = random::bytes()?;
        let number = Base64UrlSafeNoPadding::encode_to_string(number);
        let number = number.map_err(|_| Problem::Internal)?;
        Ok(Self([ANONYMOUS, &number].concat()))
    }

    /// Parses what [`Pseudonym::as_str`] returned.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = text.strip_prefix(ANONYMOUS)?;
        let decoded = Base64UrlSafeNoPadding::decode_to_vec(number, None).ok()?;
        (decoded.len() == RANDOM).then(|| Self(text.to_owned()))
    }

    /// As the store keeps it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_names_an_anonymous_uploader() {
        let pseudonym = Pseudonym::random().expect("a pseudonym");
        assert_eq!(Owner::parse(pseudonym.as_str()), None);
        for id in [pseudonym.as_str(), "anonymous:", "anonymous:x"] {
            for owner in [Owner::user("i", id), Owner::org("i", id)] {
                let owner = owner.expect("an owner");
                assert_ne!(owner.as_str(), pseudonym.as_str());
                assert_eq!(Pseudonym::parse(owner.as_str()), None);
                assert_eq!(
                    Uploader::parse(owner.as_str()),
                    Some(Uploader::User(owner.clone()))
                );
            }
        }
        let parsed = Uploader::parse(pseudonym.as_str());
        assert_eq!(parsed, Some(Uploader::Anonymous(pseudonym.clone())));
        assert_ne!(Pseudonym::random(), Ok(pseudonym));
    }

    #[test]
    fn a_pseudonym_has_128_bits() {
        for text in [
            "",
            "anonymous:",
            "anonymous:AAAAAAAAAAAAAAAAAAAAA",
            "anonymous:AAAAAAAAAAAAAAAAAAAAAAAA",
            "anonymous:AAAAAAAAAAAAAAAAAAAAA!",
            "Anonymous:AAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(Pseudonym::parse(text), None, "{text}");
        }
        assert!(Pseudonym::parse("anonymous:AAAAAAAAAAAAAAAAAAAAAA").is_some());
    }
}
