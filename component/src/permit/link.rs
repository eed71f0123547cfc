//! Links (presigned URLs): a JWT that says what it permits, and until when.
//!
//! There are two types of them. A link [to read](reading) one file is valid for `GET` and
//! `HEAD`; a link [to write](writing), which uploads or manages files, for the other methods.
//! Neither is valid as the other, as a bearer token, nor a bearer token as a link: the
//! signing key is derived from the link secret for this one purpose, and the token's type
//! and issuer say what it is (RFC 8725, 3.11). Links become invalid when the link secret
//! changes, and those made before the policy's `links.not-before` with it.

mod reading;
mod writing;

use jwt_simple::prelude::*;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

pub(crate) use reading::{read, to_read};
pub(crate) use writing::{LinkPath, to_write, write};

/// The minimum length of a link secret, in bytes.
pub(crate) const MIN_SECRET: usize = 32;

/// The purpose that the signing key is derived for.
const PURPOSE: &str = "coffer link 1";

/// The maximum length of a token: more than the longest name and the longest list of types
/// need, even if every character is escaped.
const MAX_TOKEN: usize = 10 << 10;

/// The key that links are signed with.
pub(crate) struct LinkKey(HS256Key);

impl LinkKey {
    /// Derives the key from this link secret; `None` if the secret is shorter than
    /// [`MIN_SECRET`].
    pub(crate) fn derive(secret: &[u8]) -> Option<Self> {
        (secret.len() >= MIN_SECRET).then(|| {
            let derived = hmac_sha256::HMAC::mac(PURPOSE, secret);
            Self(HS256Key::from_bytes(&derived))
        })
    }

    /// A token of this type with these claims.
    fn sign<C>(&self, kind: &str, custom: C) -> Result<String, Problem>
    where
        C: Serialize + DeserializeOwned,
    {
        let claims = JWTClaims {
            issued_at: None,
            expires_at: None,
            invalid_before: None,
            issuer: Some(PURPOSE.to_owned()),
            subject: None,
            audiences: None,
            jwt_id: None,
            nonce: None,
            custom,
        };
        let header = HeaderOptions {
            signature_type: Some(kind.to_owned()),
            ..HeaderOptions::default()
        };
        self.0
            .authenticate_with_options(claims, &header)
            .map_err(|_| Problem::Internal)
    }

    /// The claims of a token of this type that was signed with this key.
    fn claims<C>(&self, kind: &str, token: &str, now: u64) -> Result<C, Problem>
    where
        C: Serialize + DeserializeOwned,
    {
        let options = VerificationOptions {
            required_signature_type: Some(kind.to_owned()),
            allowed_issuers: Some([PURPOSE.to_owned()].into()),
            max_token_length: Some(MAX_TOKEN),
            artificial_time: Some(UnixTimeStamp::from_secs(now)),
            ..VerificationOptions::default()
        };
        let claims: JWTClaims<C> = self
            .0
            .verify_token(token, Some(options))
            .map_err(|_| Problem::LinkInvalid)?;
        Ok(claims.custom)
    }
}

/// When a link is made and when it expires, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    /// At or before the actual time.
    pub(crate) made_at: u64,
    /// The first second at which it has expired.
    pub(crate) expires_at: u64,
}

/// What links are held against when they are followed.
pub(crate) struct Verifier {
    /// What they must be signed with.
    pub(crate) key: LinkKey,
    /// The time, in seconds since 1970.
    pub(crate) now: u64,
    /// When they must have been made at the earliest.
    pub(crate) not_before: Option<u64>,
}

impl Verifier {
    /// Refuses a link that was made too early, or does not say when; then one whose time,
    /// if it has an end, is over.
    fn check_time(&self, made: Option<u64>, until: Option<u64>) -> Result<(), Problem> {
        let is_too_early = |start| made.is_none_or(|made| made < start);
        if self.not_before.is_some_and(is_too_early) {
            return Err(Problem::LinkInvalid);
        }
        // The signature and all else is checked before, so that a forged link is never
        // just expired.
        if until.is_some_and(|until| self.now >= until) {
            return Err(Problem::LinkExpired);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
