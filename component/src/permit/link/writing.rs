//! Links to upload files and to manage them: a [`Grant`] as the claims of a token.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use super::{LinkKey, Validity, Verifier};
use crate::permit::grant::{DropGrant, Grant, LinkLimits, ManageGrant, Terms, UploadGrant};
use crate::permit::key::Scope;
use crate::permit::reach::Reach;
use crate::permit::uploader::{Pseudonym, Uploader};
use crate::policy::MediaRange;
use crate::problem::Problem;
use crate::token::Owner;
use crate::url::Name;

pub(super) const TYPE: &str = "coffer-write-link+jwt";

/// What the token says.
#[derive(Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "kebab-case")]
pub(super) enum Claims {
    Upload {
        #[serde(flatten)]
        terms: TermsClaims,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replace: Option<Replaceable>,
    },
    Drop {
        #[serde(flatten)]
        terms: TermsClaims,
        folder: String,
    },
    Manage {
        name: String,
        uploader: String,
        made: u64,
    },
}

/// What the links of both kinds say that have a maker.
#[derive(Serialize, Deserialize)]
pub(super) struct TermsClaims {
    pub(super) area: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) uploader: Option<String>,
    /// Whether the link was made without a token.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) anonymous: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_size: Option<NonZeroU64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content_types: Option<Vec<String>>,
    /// The first second (since 1970) at which the link has expired.
    pub(super) until: u64,
    pub(super) made: u64,
}

/// Which file may be replaced.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Replaceable {
    Any,
    /// That of this uploader.
    Of(String),
}

/// What follows the token in the path of a link.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LinkPath<'a> {
    /// This basename of a file.
    File(&'a str),
    /// Nothing: the link is for a folder.
    Folder,
}

/// Makes the token of a link that permits this.
pub(crate) fn to_write(grant: &Grant, key: &LinkKey) -> Result<String, Problem> {
    key.sign(TYPE, claims(grant))
}

/// What a link permits.
///
/// # Errors
/// [`Problem::LinkInvalid`] for a token that is not one of these, is for another path, or
/// was made too early; else [`Problem::LinkExpired`] from the second on at which it expires.
pub(crate) fn write(
    verifier: &Verifier,
    token: &str,
    path: LinkPath<'_>,
) -> Result<Grant, Problem> {
    let claims: Claims = verifier.key.claims(TYPE, token, verifier.now)?;
    let grant = grant(claims).ok_or(Problem::LinkInvalid)?;
    let (name, made, until) = match &grant {
        Grant::Upload(UploadGrant { terms, name, .. }) => (
            Some(name),
            terms.validity.made_at,
            Some(terms.validity.expires_at),
        ),
        Grant::Drop(DropGrant { terms, .. }) => (
            None,
            terms.validity.made_at,
            Some(terms.validity.expires_at),
        ),
        Grant::Manage(ManageGrant { name, made_at, .. }) => (Some(name), *made_at, None),
    };
    let is_there = match (path, name) {
        (LinkPath::File(basename), Some(name)) => name.basename() == basename,
        (LinkPath::Folder, None) => true,
        _ => false,
    };
    if !is_there {
        return Err(Problem::LinkInvalid);
    }
    verifier.check_time(Some(made), until)?;
    Ok(grant)
}

fn claims(grant: &Grant) -> Claims {
    match grant {
        Grant::Upload(UploadGrant {
            terms,
            name,
            replace,
        }) => Claims::Upload {
            terms: terms_claims(terms),
            name: name.to_string(),
            replace: replace.as_ref().map(|reach| match reach {
                Reach::All => Replaceable::Any,
                Reach::UploadedBy(uploader) => Replaceable::Of(uploader.as_str().to_owned()),
            }),
        },
        Grant::Drop(DropGrant { terms, folder }) => Claims::Drop {
            terms: terms_claims(terms),
            folder: folder.to_string(),
        },
        Grant::Manage(ManageGrant {
            name,
            uploader,
            made_at,
        }) => Claims::Manage {
            name: name.to_string(),
            uploader: uploader.as_str().to_owned(),
            made: *made_at,
        },
    }
}

fn terms_claims(terms: &Terms) -> TermsClaims {
    let owner = match &terms.scope {
        Scope::Public => None,
        Scope::User(owner) | Scope::Org(owner) => Some(owner.to_string()),
    };
    let types = terms.limits.content_types.as_deref();
    TermsClaims {
        area: terms.scope.area().to_string(),
        owner,
        uploader: terms
            .uploader
            .as_ref()
            .map(|uploader| uploader.as_str().to_owned()),
        anonymous: terms.without_token,
        max_size: terms.limits.max_size,
        content_types: types.map(|types| types.iter().map(ToString::to_string).collect()),
        until: terms.validity.expires_at,
        made: terms.validity.made_at,
    }
}

/// `None` for claims that [`claims`] does not make.
fn grant(claims: Claims) -> Option<Grant> {
    Some(match claims {
        Claims::Upload {
            terms,
            name,
            replace,
        } => Grant::Upload(UploadGrant {
            terms: self::terms(terms)?,
            name: Name::new(&name).ok()?,
            replace: match replace {
                None => None,
                Some(Replaceable::Any) => Some(Reach::All),
                Some(Replaceable::Of(uploader)) => {
                    Some(Reach::UploadedBy(Uploader::parse(&uploader)?))
                }
            },
        }),
        Claims::Drop { terms, folder } => Grant::Drop(DropGrant {
            terms: self::terms(terms)?,
            folder: Name::new(&folder).ok()?,
        }),
        Claims::Manage {
            name,
            uploader,
            made,
        } => Grant::Manage(ManageGrant {
            name: Name::new(&name).ok()?,
            uploader: Pseudonym::parse(&uploader)?,
            made_at: made,
        }),
    })
}

fn terms(claims: TermsClaims) -> Option<Terms> {
    let owner = claims.owner.as_deref().map(Owner::parse);
    let scope = match (claims.area.as_str(), owner) {
        ("public", None) => Scope::Public,
        ("user", Some(owner)) => Scope::User(owner?),
        ("org", Some(owner)) => Scope::Org(owner?),
        _ => return None,
    };
    let uploader = match claims.uploader {
        None => None,
        Some(uploader) => Some(Uploader::parse(&uploader)?),
    };
    let content_types = match claims.content_types {
        None => None,
        Some(types) => {
            let types: Result<Vec<_>, _> = types.into_iter().map(MediaRange::try_from).collect();
            Some(types.ok().filter(|types| !types.is_empty())?)
        }
    };
    Some(Terms {
        scope,
        uploader,
        without_token: claims.anonymous,
        limits: LinkLimits {
            max_size: claims.max_size,
            content_types,
        },
        validity: Validity {
            made_at: claims.made,
            expires_at: claims.until,
        },
    })
}
