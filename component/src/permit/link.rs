//! Links (presigned URLs): a JWT with one file's scope and name and the time
//! until which it may be read.
//!
//! A link cannot be used as a bearer token, nor a bearer token as a link: the
//! signing key is derived from the link secret for this one purpose, and the
//! token's type and issuer say what it is. Links become invalid when the link
//! secret changes, and those made before the policy's `links.not-before` with it.

use jwt_simple::prelude::*;

use super::key::Scope;
use crate::problem::Problem;
use crate::token::Owner;
use crate::url::Name;

/// The minimum length of a link secret, in bytes.
pub(crate) const MIN_SECRET: usize = 32;

/// The purpose that the signing key is derived for.
const PURPOSE: &str = "coffer link 1";
const TYPE: &str = "coffer-link+jwt";

/// The maximum length of a token: more than the longest name needs, even if every
/// character is escaped.
const MAX_TOKEN: usize = 4096;

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
}

/// What a link opens: one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    scope: Scope,
    name: Name,
    uploader: Option<Owner>,
}

impl Grant {
    /// Whose file it is, its name, and who must have stored it, if that matters.
    pub(crate) fn into_parts(self) -> (Scope, Name, Option<Owner>) {
        (self.scope, self.name, self.uploader)
    }
}

#[derive(Serialize, Deserialize)]
struct LinkClaims {
    area: String,
    owner: String,
    name: String,
    /// Set if the maker may only read their own uploads: they cannot share a file that
    /// somebody else stores under the name later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uploader: Option<String>,
    /// The first second (since 1970) at which the link has expired.
    /// Not `exp`, so that the signature is checked before the time.
    until: u64,
    /// When the link was made; links of older versions do not say.
    #[serde(default)]
    made: Option<u64>,
}

/// When a link is made and when it expires, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    /// At or before the actual time.
    pub(crate) made_at: u64,
    /// The first second at which it has expired.
    pub(crate) expires_at: u64,
}

/// Makes the token of a link to a file. The caller has the permit that the scope comes from.
///
/// # Errors
/// [`Problem::Internal`] for a public file, which has a permanent URL.
pub(crate) fn make(
    scope: &Scope,
    name: &Name,
    uploader: Option<&Owner>,
    key: &LinkKey,
    validity: Validity,
) -> Result<String, Problem> {
    let owner = match scope {
        Scope::Public => return Err(Problem::Internal),
        Scope::User(owner) | Scope::Org(owner) => owner.to_string(),
    };
    let claims = JWTClaims {
        issued_at: None,
        expires_at: None,
        invalid_before: None,
        issuer: Some(PURPOSE.to_owned()),
        subject: None,
        audiences: None,
        jwt_id: None,
        nonce: None,
        custom: LinkClaims {
            area: scope.area().to_string(),
            owner,
            name: name.as_str().to_owned(),
            uploader: uploader.map(ToString::to_string),
            until: validity.expires_at,
            made: Some(validity.made_at),
        },
    };
    let header = HeaderOptions {
        signature_type: Some(TYPE.to_owned()),
        ..HeaderOptions::default()
    };
    key.0
        .authenticate_with_options(claims, &header)
        .map_err(|_| Problem::Internal)
}

/// Verifies a link's token and basename at `now` (seconds since 1970), and returns
/// what it grants.
///
/// # Errors
/// [`Problem::LinkInvalid`] for a token that was not signed with this key, is for
/// another basename, or was made before `not_before` or does not say when; else
/// [`Problem::LinkExpired`] from the second on at which it expires.
pub(crate) fn verify(
    token: &str,
    basename: &str,
    key: &LinkKey,
    now: u64,
    not_before: Option<u64>,
) -> Result<Grant, Problem> {
    let options = VerificationOptions {
        required_signature_type: Some(TYPE.to_owned()),
        allowed_issuers: Some([PURPOSE.to_owned()].into()),
        max_token_length: Some(MAX_TOKEN),
        artificial_time: Some(UnixTimeStamp::from_secs(now)),
        ..VerificationOptions::default()
    };
    let claims: JWTClaims<LinkClaims> = key
        .0
        .verify_token(token, Some(options))
        .map_err(|_| Problem::LinkInvalid)?;
    let LinkClaims {
        area,
        owner,
        name,
        uploader,
        until,
        made,
    } = claims.custom;
    let owner = Owner::parse(&owner).ok_or(Problem::LinkInvalid)?;
    let scope = match area.as_str() {
        "user" => Scope::User(owner),
        "org" => Scope::Org(owner),
        _ => return Err(Problem::LinkInvalid),
    };
    let name = Name::new(&name).map_err(|_| Problem::LinkInvalid)?;
    if name.basename() != basename {
        return Err(Problem::LinkInvalid);
    }
    if not_before.is_some_and(|start| made.is_none_or(|made| made < start)) {
        return Err(Problem::LinkInvalid);
    }
    if now >= until {
        return Err(Problem::LinkExpired);
    }
    let uploader = match uploader {
        None => None,
        Some(text) => Some(Owner::parse(&text).ok_or(Problem::LinkInvalid)?),
    };
    Ok(Grant {
        scope,
        name,
        uploader,
    })
}

#[cfg(test)]
mod tests;
