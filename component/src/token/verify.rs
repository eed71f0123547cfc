//! From a token's text to its claims, with signature verification (RFC 7515, 5.2).

use ct_codecs::{Base64UrlSafeNoPadding, Decoder};

use super::claims::Claims;
use super::header::JoseHeader;
use super::keyring::{Keyring, NoKeys};
use super::keys::KeySet;
use super::refusal::Refusal;
use crate::http::outgoing::{FetchError, Freshness};
use crate::policy::Iam;

/// The maximum length of a token, in bytes.
pub(super) const MAX_TOKEN: usize = 16 * 1024;

/// The maximum number of keys that a token is tried with.
const MAX_VERIFICATIONS: usize = 8;

/// Why a token does not identify a caller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unverified {
    #[error("token refused: {0}")]
    Refused(#[from] Refusal),
    #[error("a token cannot be verified: {0}")]
    NoKeys(#[from] NoKeys),
}

/// A token in JWS Compact Serialization (RFC 7515, 3.1), not verified.
pub(super) struct Token<'a> {
    whole: &'a str,
    header: &'a str,
    payload: &'a str,
}

impl<'a> Token<'a> {
    /// Splits it into its parts, without decoding them.
    pub(super) fn parse(whole: &'a str) -> Result<Self, Refusal> {
        if whole.len() > MAX_TOKEN {
            return Err(Refusal::TooLong);
        }
        let parts: Vec<_> = whole.splitn(4, '.').collect();
        let [header, payload, _signature] = parts[..] else {
            return Err(Refusal::Malformed);
        };
        Ok(Self {
            whole,
            header,
            payload,
        })
    }

    /// Its header, which cannot be trusted yet.
    pub(super) fn header(&self) -> Result<JoseHeader, Refusal> {
        let json = Base64UrlSafeNoPadding::decode_to_vec(self.header, None);
        JoseHeader::parse(&json.map_err(|_| Refusal::Malformed)?)
    }

    /// Its claims, if it passes every check.
    pub(super) fn verified(
        &self,
        keyring: &Keyring<'_>,
        iam: &Iam,
        now: u64,
    ) -> Result<Claims, Unverified> {
        match self.verify(keyring, now) {
            // The signature is valid by then; find out which claim is malformed.
            Err(Unverified::Refused(Refusal::Claims)) => Err(self.misshapen().into()),
            Err(failure) => Err(failure),
            Ok(()) => Ok(self.accept(iam, now)?),
        }
    }

    /// Which claim is malformed.
    fn misshapen(&self) -> Refusal {
        let claims = self.claims();
        let found = claims.as_ref().and_then(Claims::misshapen);
        found.unwrap_or(Refusal::Claims)
    }

    fn claims(&self) -> Option<Claims> {
        let payload = Base64UrlSafeNoPadding::decode_to_vec(self.payload, None).ok()?;
        Claims::parse(&payload)
    }

    /// Verifies the signature with the known keys and, if those may be out of date, with
    /// the IAM API's current ones.
    fn verify(&self, keyring: &Keyring<'_>, now: u64) -> Result<(), Unverified> {
        let header = self.header()?;
        let keys = keyring.keys(Freshness::Cached)?;
        let Err(refusal) = self.verify_with(&header, &keys, now) else {
            return Ok(());
        };
        if !keyring.may_change() || !header.may_be_of_another_key(&refusal, &keys) {
            return Err(refusal.into());
        }
        // Do not fetch for a token that would be refused under any key.
        self.accept(keyring.iam, now)?;
        let latest = match keyring.keys(Freshness::Revalidated) {
            // Without a key id, nothing suggests that an unknown key signed it.
            Err(NoKeys::Fetch { error, .. })
                if error == FetchError::NotRenewed && header.key_id.is_none() =>
            {
                return Err(refusal.into());
            }
            latest => latest?,
        };
        if latest == keys {
            return Err(refusal.into());
        }
        Ok(self.verify_with(&header, &latest, now)?)
    }

    /// Whether one of these keys signed it.
    pub(super) fn verify_with(
        &self,
        header: &JoseHeader,
        keys: &KeySet,
        now: u64,
    ) -> Result<(), Refusal> {
        if header.key_id.is_none() && keys.are_told_apart(header.algorithm) {
            return Err(Refusal::NoKeyId);
        }
        let candidates = keys.candidates(header.algorithm, header.key_id.as_deref());
        let mut refusal = Refusal::NoKey;
        let mut tried = 0;
        // Another key can only help if the signature did not match.
        for key in candidates {
            match key.verify(self.whole, now) {
                Ok(()) => return Ok(()),
                Err(Refusal::Signature) => tried += 1,
                // Unusable keys cost little, and must not hide a valid one.
                Err(Refusal::NoKey) => {}
                Err(other) => return Err(other),
            }
            refusal = Refusal::Signature;
            if tried == MAX_VERIFICATIONS {
                break;
            }
        }
        Err(refusal)
    }

    /// Its claims, which only count once the signature has been verified.
    pub(super) fn accept(&self, iam: &Iam, now: u64) -> Result<Claims, Refusal> {
        let claims = self.claims().ok_or(Refusal::Claims)?;
        claims.check(iam, now)?;
        Ok(claims)
    }
}
