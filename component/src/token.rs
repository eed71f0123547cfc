//! Authentication, from the `Authorization` field to the caller: every check that a bearer
//! token must pass (RFC 7519, RFC 8725).

mod caller;
pub(crate) mod claims;
mod header;
pub(crate) mod identity;
pub(crate) mod keyring;
pub(crate) mod keys;
mod owner;
mod refusal;
mod remembered;
mod said;
pub(crate) mod supposed;
mod verify;

use http::{HeaderMap, header::AUTHORIZATION};

use crate::bindings::coffer::storage::telemetry::TokenOutcome;
use crate::log;
use crate::memo::Memo;
use crate::policy::{Iam, Policy, Questions, Secrets};
use crate::problem::Problem;
use keyring::{Fetch, Keyring};
use refusal::Refusal;
use remembered::Remembered;
use verify::Token;

pub(crate) use caller::Bearer;
pub use caller::Caller;
pub(crate) use owner::Owner;
pub(crate) use verify::Unverified;

/// What verification gets from the host.
pub struct Imports<'a> {
    /// The secrets that a policy may name.
    pub secrets: &'a Secrets<'a>,
    /// The way to the IAM API.
    pub fetch: &'a Fetch<'a>,
    /// Where valid tokens are remembered.
    pub memo: &'a dyn Memo,
    /// Reports the outcome of a token.
    pub tell: &'a dyn Fn(TokenOutcome),
}

impl From<Unverified> for Problem {
    fn from(failure: Unverified) -> Self {
        match failure {
            Unverified::Refused(_) => Self::InvalidToken,
            Unverified::NoKeys(_) => Self::IamUnavailable,
        }
    }
}

/// The caller, by the token in these header fields, which must be valid at `now` (seconds
/// since 1970).
///
/// In public-only mode the field is ignored. Otherwise a field that is present must
/// hold a valid bearer token, even if none is needed; another scheme is refused like
/// an invalid token.
///
/// # Errors
/// [`Problem::InvalidToken`] for a refused token, with the reason in the log;
/// [`Problem::IamUnavailable`] if there are no keys to verify it with.
pub fn authenticate<'a>(
    fields: &HeaderMap,
    policy: &'a Policy,
    imports: &Imports<'a>,
    now: u64,
) -> Result<Caller, Problem> {
    caller(fields, policy, imports, now).map_err(|failure| {
        match &failure {
            Unverified::Refused(_) => {
                (imports.tell)(TokenOutcome::Refused);
                log::refused(&failure);
            }
            Unverified::NoKeys(_) => {
                (imports.tell)(TokenOutcome::Unverifiable);
                log::failed(&failure);
            }
        }
        failure.into()
    })
}

/// The same without a line in the log.
///
/// # Errors
/// [`Unverified`], with the reason.
pub(crate) fn caller<'a>(
    fields: &HeaderMap,
    policy: &'a Policy,
    imports: &Imports<'a>,
    now: u64,
) -> Result<Caller, Unverified> {
    match policy.iam() {
        Some(iam) => find(fields, iam, policy.questions(), imports, now),
        None => Ok(Caller::Anonymous),
    }
}

fn find<'a>(
    fields: &HeaderMap,
    iam: &'a Iam,
    questions: &Questions,
    imports: &Imports<'a>,
    now: u64,
) -> Result<Caller, Unverified> {
    let Some(text) = bearer(fields)? else {
        return Ok(Caller::Anonymous);
    };
    let token = Token::parse(text)?;
    if let Some(Remembered { bearer, term }) = Remembered::recall(imports.memo, text) {
        term.check(now)?;
        (imports.tell)(TokenOutcome::Remembered);
        return Ok(Caller::Bearer(bearer));
    }
    let keyring = Keyring {
        iam,
        secrets: imports.secrets,
        fetch: imports.fetch,
    };
    let claims = token.verified(&keyring, iam, now)?;
    (imports.tell)(TokenOutcome::Verified);
    let found = Remembered {
        bearer: Bearer::of(&claims, iam, questions),
        term: claims.term()?,
    };
    if keyring.is_worth_remembering() {
        found.keep(imports.memo, text, now);
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

#[cfg(test)]
mod tests;
