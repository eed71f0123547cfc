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

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
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
pub(crate) struct LinkKey {
    verifying: HS256Key,
    /// What all signatures begin with.
    signing: hmac_sha256::HMAC,
}

/// The claims of a token, with what all have in common.
#[derive(Serialize)]
struct Signed<C> {
    iss: &'static str,
    #[serde(flatten)]
    claims: C,
}

impl LinkKey {
    /// Derives the key from this link secret; `None` if the secret is shorter than
    /// [`MIN_SECRET`].
    pub(crate) fn derive(secret: &[u8]) -> Option<Self> {
        (secret.len() >= MIN_SECRET).then(|| {
            let derived = hmac_sha256::HMAC::mac(PURPOSE, secret);
            Self {
                verifying: HS256Key::from_bytes(&derived),
                signing: hmac_sha256::HMAC::new(derived),
            }
        })
    }

    /// A token of this type with these claims (RFC 7515, 3.1). A request can ask for a hundred
    /// of them, and jwt-simple takes twice as long: it encodes them as if they were secret.
    fn sign<C: Serialize>(&self, kind: &str, claims: C) -> Result<String, Problem> {
        let header = format!(r#"{{"alg":"HS256","typ":"{kind}"}}"#);
        let iss = PURPOSE;
        let claims = serde_json::to_vec(&Signed { iss, claims }).map_err(|_| Problem::Internal)?;
        let mut token = String::with_capacity(2 * (header.len() + claims.len()));
        URL_SAFE_NO_PAD.encode_string(header, &mut token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let mut signature = self.signing.clone();
        signature.update(&token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.finalize(), &mut token);
        // A policy may list any number of types.
        if token.len() > MAX_TOKEN {
            return Err(Problem::InvalidRequest(
                "the URL would be too long: there are too many types that it could be for"
                    .to_owned(),
            ));
        }
        Ok(token)
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
            .verifying
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
