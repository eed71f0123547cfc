//! Links to read one file.

use serde::{Deserialize, Serialize};

use super::{LinkKey, Validity, Verifier};
use crate::permit::Read;
use crate::permit::key::Scope;
use crate::permit::reach::Reach;
use crate::permit::uploader::Uploader;
use crate::policy::{Operation, RuleRef};
use crate::problem::Problem;
use crate::token::Owner;
use crate::url::Name;

pub(super) const TYPE: &str = "coffer-link+jwt";

#[derive(Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) area: String,
    pub(super) owner: String,
    pub(super) name: String,
    /// Set if the maker may only read their own uploads: they cannot share a file that
    /// somebody else stores under the name later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) uploader: Option<String>,
    /// The first second (since 1970) at which the link has expired.
    /// Not `exp`, so that the signature is checked before the time.
    pub(super) until: u64,
    /// When the link was made; links of older versions do not say.
    #[serde(default)]
    pub(super) made: Option<u64>,
}

/// Makes the token of a link to read a file.
///
/// # Errors
/// [`Problem::Internal`] for a public file, which has a permanent URL.
pub(crate) fn to_read(permit: &Read, key: &LinkKey, validity: Validity) -> Result<String, Problem> {
    let owner = match &permit.scope {
        Scope::Public => return Err(Problem::Internal),
        Scope::User(owner) | Scope::Org(owner) => owner.to_string(),
    };
    let uploader = match &permit.reach {
        Reach::All => None,
        Reach::UploadedBy(uploader) => Some(uploader.as_str().to_owned()),
    };
    let claims = Claims {
        area: permit.scope.area().to_string(),
        owner,
        name: permit.name.as_str().to_owned(),
        uploader,
        until: validity.expires_at,
        made: Some(validity.made_at),
    };
    key.sign(TYPE, claims)
}

/// What a link permits: its one file, as far as its maker may read it.
///
/// # Errors
/// [`Problem::LinkInvalid`] for a token that is not one of these, is for another basename,
/// or was made too early; else [`Problem::LinkExpired`] from the second on at which it
/// expires.
pub(crate) fn read(verifier: &Verifier, token: &str, basename: &str) -> Result<Read, Problem> {
    let claims: Claims = verifier.key.claims(TYPE, token, verifier.now)?;
    let permit = permit(&claims).ok_or(Problem::LinkInvalid)?;
    if permit.name.basename() != basename {
        return Err(Problem::LinkInvalid);
    }
    verifier.check_time(claims.made, Some(claims.until))?;
    Ok(permit)
}

fn permit(claims: &Claims) -> Option<Read> {
    let owner = Owner::parse(&claims.owner)?;
    let scope = match claims.area.as_str() {
        "user" => Scope::User(owner),
        "org" => Scope::Org(owner),
        _ => return None,
    };
    let reach = match &claims.uploader {
        None => Reach::All,
        Some(uploader) => Reach::UploadedBy(Uploader::parse(uploader)?),
    };
    let rule = RuleRef::of_area(scope.area(), Operation::Read);
    Some(Read {
        scope,
        name: Name::new(&claims.name).ok()?,
        reach,
        rule,
    })
}
