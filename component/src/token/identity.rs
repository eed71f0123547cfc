//! Whom a token names, for an operator's command.

use super::claims::Term;
use super::keyring::Keyring;
use super::verify::{Token, Unverified};
use crate::policy::{Absent, Iam};

/// Whom a verified token names. Unlike a [`super::Bearer`] it grants nothing.
#[derive(Debug)]
pub(crate) struct Identity {
    /// The user's id.
    pub(crate) user: Result<String, Absent>,
    /// The organization's id.
    pub(crate) org: Result<String, Absent>,
    /// The roles, at least one.
    pub(crate) roles: Result<Vec<String>, Absent>,
    /// How long it is still valid, in seconds, without the leeway.
    pub(crate) seconds_left: u32,
}

/// Why a token names nobody.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Unidentified(#[from] Unverified);

/// Verifies a token as a request would, without remembering it.
///
/// # Errors
/// The reason that a request with it would write to the log.
pub(crate) fn identify(
    token: &str,
    iam: &Iam,
    keyring: &Keyring<'_>,
    now: u64,
) -> Result<Identity, Unidentified> {
    let token = Token::parse(token).map_err(Unverified::from)?;
    let claims = token.verified(keyring, iam, now)?;
    let term = claims.term().map_err(Unverified::from)?;
    Ok(Identity {
        user: claims.user(iam).map(str::to_owned),
        org: claims.org(iam).map(str::to_owned),
        roles: claims.roles(iam),
        seconds_left: Term::seconds_left(&term, now),
    })
}
