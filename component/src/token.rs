//! From the `Authorization` field to verified claims: every check that a bearer
//! token must pass (RFC 7519, RFC 8725).

mod header;

use ct_codecs::{Base64UrlSafeNoPadding, Decoder};
use http::{HeaderMap, header::AUTHORIZATION};

use crate::claims::Claims;
use crate::keys::KeySet;
use crate::policy::{Iam, KeySource, Policy, Secrets};
use crate::problem::Problem;
use crate::refusal::Refusal;
use header::Header;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

/// The most keys that one token is tried with.
const MAX_VERIFICATIONS: usize = 8;

/// The claims of a token whose signature is good and which holds now. Made here
/// and nowhere else.
#[derive(Debug)]
pub(crate) struct Verified(Claims);

impl Verified {
    /// What the token claims.
    pub(crate) fn claims(&self) -> &Claims {
        &self.0
    }
}

/// The token among these header fields, if there is one and it holds at `now`
/// (seconds since 1970).
///
/// In the public-only mode the field is not looked at. Otherwise a field that is
/// there has to be a good bearer token, also where none is needed; one of
/// another scheme is refused like a bad token.
///
/// # Errors
/// [`Problem::InvalidToken`] for a token that is refused, the reason of which
/// goes to the log; [`Problem::Unavailable`] where there are no keys to verify it
/// with.
pub(crate) fn authenticate(
    fields: &HeaderMap,
    policy: &Policy,
    secrets: &Secrets<'_>,
    now: u64,
) -> Result<Option<Verified>, Problem> {
    let Some(iam) = policy.iam() else {
        return Ok(None);
    };
    let refuse = |refusal: Refusal| {
        eprintln!("token refused: {refusal}");
        Problem::InvalidToken
    };
    let Some(text) = bearer(fields).map_err(refuse)? else {
        return Ok(None);
    };
    let token = Token::parse(text).map_err(refuse)?;
    let keys = keys(iam, secrets)?;
    token.verify(iam, &keys, now).map(Some).map_err(refuse)
}

/// The token in the `Authorization` field (RFC 6750, 2.1), if there is a field.
fn bearer(fields: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = fields.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refusal::SeveralFields);
    }
    let text = value.to_str().map_err(|_| Refusal::Malformed)?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(token.trim_start_matches(' ')))
        }
        _ => Err(Refusal::Scheme),
    }
}

/// The keys that the policy names.
fn keys(iam: &Iam, secrets: &Secrets<'_>) -> Result<KeySet, Problem> {
    let keys = match iam.keys() {
        KeySource::Inline { jwks, .. } => KeySet::parse(jwks).ok(),
        KeySource::Secret { name, .. } => {
            secrets(name).and_then(|secret| KeySet::of_secret(secret).ok())
        }
        KeySource::Elsewhere { .. } => None,
    };
    keys.ok_or_else(|| {
        eprintln!("a token cannot be verified: there are no keys");
        Problem::Unavailable
    })
}

/// A token in JWS Compact Serialization (RFC 7515, 3.1), not verified.
struct Token<'a> {
    whole: &'a str,
    payload: &'a str,
    header: Header,
}

impl<'a> Token<'a> {
    fn parse(whole: &'a str) -> Result<Self, Refusal> {
        if whole.len() > MAX_TOKEN {
            return Err(Refusal::TooLong);
        }
        let parts: Vec<_> = whole.splitn(4, '.').collect();
        let [header, payload, _signature] = parts[..] else {
            return Err(Refusal::Malformed);
        };
        let header =
            Base64UrlSafeNoPadding::decode_to_vec(header, None).map_err(|_| Refusal::Malformed)?;
        Ok(Self {
            whole,
            payload,
            header: Header::parse(&header)?,
        })
    }

    fn verify(&self, iam: &Iam, keys: &KeySet, now: u64) -> Result<Verified, Refusal> {
        let candidates = keys.candidates(self.header.algorithm, self.header.key_id.as_deref());
        let mut refusal = Refusal::NoKey;
        // Another key can only help where the signature is at fault.
        for key in candidates.take(MAX_VERIFICATIONS) {
            match key.verify(self.whole, now) {
                Ok(()) => {
                    let claims = Base64UrlSafeNoPadding::decode_to_vec(self.payload, None)
                        .ok()
                        .and_then(|payload| Claims::parse(&payload))
                        .ok_or(Refusal::Claims)?;
                    claims.check(iam, now)?;
                    return Ok(Verified(claims));
                }
                Err(Refusal::Signature | Refusal::NoKey) => refusal = Refusal::Signature,
                Err(other) => return Err(other),
            }
        }
        Err(refusal)
    }
}

#[cfg(test)]
mod tests;
