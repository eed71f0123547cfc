//! From the `Authorization` field to who asks: every check that a bearer token must
//! pass (RFC 7519, RFC 8725).

mod caller;
pub(crate) mod claims;
mod header;
pub(crate) mod identity;
pub(crate) mod keyring;
pub(crate) mod keys;
mod owner;
mod refusal;
mod remembered;

use ct_codecs::{Base64UrlSafeNoPadding, Decoder};
use http::{HeaderMap, header::AUTHORIZATION};

use crate::bindings::coffer::storage::telemetry::TokenOutcome;
use crate::http::outgoing::{FetchError, Freshness};
use crate::log;
use crate::memo::Memo;
use crate::policy::{Iam, Policy, Secrets};
use crate::problem::Problem;
use claims::Claims;
use header::Header;
use keyring::{Fetch, Keyring, NoKeys};
use keys::KeySet;
use refusal::Refusal;
use remembered::Remembered;

pub(crate) use caller::{Bearer, Caller};
pub(crate) use owner::Owner;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

/// The most keys that one token is tried with.
const MAX_VERIFICATIONS: usize = 8;

/// What verification draws on.
pub(crate) struct Lent<'a> {
    /// The secrets that a policy may name.
    pub(crate) secrets: &'a Secrets<'a>,
    /// The way to the IAM API.
    pub(crate) fetch: &'a Fetch<'a>,
    /// Where good tokens are remembered.
    pub(crate) memo: &'a dyn Memo,
    /// Where it is told what became of a token.
    pub(crate) tell: &'a dyn Fn(TokenOutcome),
}

/// Why a request's token does not say who asks.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("token refused: {0}")]
    Refused(#[from] Refusal),
    #[error("a token cannot be verified: {0}")]
    NoKeys(#[from] NoKeys),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(_) => Self::InvalidToken,
            Failure::NoKeys(_) => Self::IamUnavailable,
        }
    }
}

/// Who asks, by the token among these header fields, which has to hold at `now` (seconds
/// since 1970).
///
/// In the public-only mode the field is not looked at. Otherwise a field that is
/// there has to be a good bearer token, also where none is needed; one of
/// another scheme is refused like a bad token.
///
/// # Errors
/// [`Problem::InvalidToken`] for a token that is refused, the reason of which
/// goes to the log; [`Problem::IamUnavailable`] where there are no keys to verify it
/// with.
pub(crate) fn authenticate<'a>(
    fields: &HeaderMap,
    policy: &'a Policy,
    lent: &Lent<'a>,
    now: u64,
) -> Result<Caller, Problem> {
    let Some(iam) = policy.iam() else {
        return Ok(Caller::Anonymous);
    };
    find(fields, iam, lent, now).map_err(|failure| {
        match &failure {
            Failure::Refused(_) => {
                (lent.tell)(TokenOutcome::Refused);
                log::refused(&failure);
            }
            Failure::NoKeys(_) => {
                (lent.tell)(TokenOutcome::Unverifiable);
                log::failed(&failure);
            }
        }
        failure.into()
    })
}

fn find<'a>(
    fields: &HeaderMap,
    iam: &'a Iam,
    lent: &Lent<'a>,
    now: u64,
) -> Result<Caller, Failure> {
    let Some(text) = bearer(fields)? else {
        return Ok(Caller::Anonymous);
    };
    let token = Token::parse(text)?;
    if let Some(Remembered { bearer, term }) = Remembered::recall(lent.memo, text) {
        term.check(now)?;
        (lent.tell)(TokenOutcome::Remembered);
        return Ok(Caller::Bearer(bearer));
    }
    let keyring = Keyring {
        iam,
        secrets: lent.secrets,
        fetch: lent.fetch,
    };
    let claims = token.verified(&keyring, iam, now)?;
    (lent.tell)(TokenOutcome::Verified);
    let found = Remembered {
        bearer: Bearer::of(&claims, iam),
        term: claims.term()?,
    };
    if keyring.is_worth_remembering() {
        found.keep(lent.memo, text, now);
    }
    Ok(Caller::Bearer(found.bearer))
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
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token,
        _ => return Err(Refusal::Scheme),
    };
    Ok(Some(token.trim_start_matches(' ')))
}

/// A token in JWS Compact Serialization (RFC 7515, 3.1), not verified.
struct Token<'a> {
    whole: &'a str,
    header: &'a str,
    payload: &'a str,
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
        Ok(Self {
            whole,
            header,
            payload,
        })
    }

    fn header(&self) -> Result<Header, Refusal> {
        let json = Base64UrlSafeNoPadding::decode_to_vec(self.header, None);
        Header::parse(&json.map_err(|_| Refusal::Malformed)?)
    }

    /// What it claims, if it passes every check.
    fn verified(&self, keyring: &Keyring<'_>, iam: &Iam, now: u64) -> Result<Claims, Failure> {
        match self.verify(keyring, now) {
            // The signature is verified by then; which claim it was is left to find.
            Err(Failure::Refused(Refusal::Claims)) => Err(self.misshapen().into()),
            Err(failure) => Err(failure),
            Ok(()) => Ok(self.accept(iam, now)?),
        }
    }

    /// Which claim keeps it from being read.
    fn misshapen(&self) -> Refusal {
        let claims = self.claims();
        let found = claims.as_ref().and_then(Claims::misshapen);
        found.unwrap_or(Refusal::Claims)
    }

    fn claims(&self) -> Option<Claims> {
        let payload = Base64UrlSafeNoPadding::decode_to_vec(self.payload, None).ok()?;
        Claims::parse(&payload)
    }

    /// Verifies the signature with the keys that are known, and where those may be
    /// out of date, with those that the IAM API has by then.
    fn verify(&self, keyring: &Keyring<'_>, now: u64) -> Result<(), Failure> {
        let header = self.header()?;
        let keys = keyring.keys(Freshness::Cached)?;
        let Err(refusal) = self.verify_with(&header, &keys, now) else {
            return Ok(());
        };
        if !keyring.may_change() || !header.may_be_of_another_key(&refusal, &keys) {
            return Err(refusal.into());
        }
        // Whoever signed it, it would not be accepted.
        self.accept(keyring.iam, now)?;
        let latest = match keyring.keys(Freshness::Revalidated) {
            // Nothing says that it is of a key that is not known yet.
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

    fn verify_with(&self, header: &Header, keys: &KeySet, now: u64) -> Result<(), Refusal> {
        if header.key_id.is_none() && keys.are_told_apart(header.algorithm) {
            return Err(Refusal::NoKeyId);
        }
        let candidates = keys.candidates(header.algorithm, header.key_id.as_deref());
        let mut refusal = Refusal::NoKey;
        let mut tried = 0;
        // Another key can only help where the signature is at fault.
        for key in candidates {
            match key.verify(self.whole, now) {
                Ok(()) => return Ok(()),
                Err(Refusal::Signature) => tried += 1,
                // Unsound keys cost little, and hide no good one.
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

    /// What it claims, which is worth something once its signature has been verified.
    fn accept(&self, iam: &Iam, now: u64) -> Result<Claims, Refusal> {
        let claims = self.claims().ok_or(Refusal::Claims)?;
        claims.check(iam, now)?;
        Ok(claims)
    }
}

#[cfg(test)]
mod tests;
