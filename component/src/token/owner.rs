//! The owner of a file, as an opaque identifier.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use ct_codecs::{Encoder, Hex};

/// The maximum length of a user's or an organization's id, in bytes.
const MAX_ID: usize = 1000;

/// A user or an organization of one IAM API.
///
/// Invariants: 64 lower-case hexadecimal digits, so that it fits into a key and
/// stays distinct where case is ignored; the same for the same kind, issuer and
/// id, and different for any others (SHA-256 over an unambiguous encoding).
#[derive(Debug, Clone, PartialEq, Eq, Hash, BorshSerialize, BorshDeserialize)]
pub(crate) struct Owner(String);

impl Owner {
    /// The user whom `issuer` knows by `id`. `None` unless the id has 1 to
    /// 1,000 bytes.
    pub(crate) fn user(issuer: &str, id: &str) -> Option<Self> {
        Self::of("user", issuer, id)
    }

    /// The organization that `issuer` knows by `id`. `None` unless the id has 1
    /// to 1,000 bytes.
    pub(crate) fn org(issuer: &str, id: &str) -> Option<Self> {
        Self::of("org", issuer, id)
    }

    fn of(kind: &str, issuer: &str, id: &str) -> Option<Self> {
        if id.is_empty() || id.len() > MAX_ID {
            return None;
        }
        let mut hash = hmac_sha256::Hash::new();
        for part in [kind, issuer, id] {
            // The length prefix distinguishes ("a", "bc") from ("ab", "c").
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Hex::encode_to_string(hash.finalize()).ok().map(Self)
    }

    /// Parses what [`Owner::as_str`] returned.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 64 && text.bytes().all(digit)).then(|| Self(text.to_owned()))
    }

    /// The 64 digits.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_of_kind_issuer_and_id_share_an_owner() {
        let long = "x".repeat(1000);
        let ids = [
            "a", "A", "a ", "ab", "b", "auth0|1", "é", "e\u{301}", "../..", "\0", &long,
        ];
        let issuers = ["", "a", "ab", "https://i", "https://i/"];
        let mut seen = HashSet::new();
        for (issuer, id) in issuers
            .iter()
            .flat_map(|i| ids.iter().map(move |id| (i, id)))
        {
            for owner in [Owner::user(issuer, id), Owner::org(issuer, id)] {
                assert!(seen.insert(owner.expect("an owner")), "{issuer} {id}");
            }
        }
        assert_eq!(seen.len(), 2 * ids.len() * issuers.len());
    }

    #[test]
    fn an_owner_is_64_lower_case_digits_and_never_changes() {
        // The encoding must not change, or every stored file loses its owner.
        let owner = Owner::user("https://iam.example.com", "auth0|1").expect("an owner");
        assert_eq!(
            owner.as_str(),
            "478ca95a5e8a476ac6beb2c2a99f72de083e9ee697e672524cf6611abd1ffe29"
        );
        assert_eq!(Owner::parse(owner.as_str()), Some(owner));
    }

    #[test]
    fn an_id_that_is_empty_or_too_long_names_nobody() {
        assert_eq!(Owner::user("i", ""), None);
        assert_eq!(Owner::org("i", &"x".repeat(1001)), None);
        assert_eq!(Owner::user("i", &"é".repeat(501)), None);
        assert_eq!(Owner::parse(&"A".repeat(64)), None);
        assert_eq!(Owner::parse("abc"), None);
    }
}
