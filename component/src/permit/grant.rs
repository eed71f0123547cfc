//! What a link lets its holder do besides reading: a [`Grant`], and the permits that it
//! becomes under the policy in force.

use std::borrow::Cow;
use std::num::NonZeroU64;

use super::key::Scope;
use super::link::Validity;
use super::reach::Reach;
use super::uploader::{Pseudonym, Uploader};
use super::{Delete, Store, Storing};
use crate::area::Area;
use crate::policy::{Applied, AreaLimits, Facts, MediaRange, Operation, Policy, RuleRef};
use crate::problem::Problem;
use crate::url::Name;

/// What a link that is not for reading permits, whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grant {
    /// Storing one file.
    Upload(UploadGrant),
    /// Storing new files in a folder.
    Drop(DropGrant),
    /// Replacing and deleting a public file that was stored without a token.
    Manage(ManageGrant),
}

/// Storing one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadGrant {
    pub(super) terms: Terms,
    pub(super) name: Name,
    /// Which file of this name may be replaced; `None` if only a new one may be created.
    pub(super) replace: Option<Reach>,
}

/// Storing new files in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DropGrant {
    pub(super) terms: Terms,
    pub(super) folder: Name,
}

/// Replacing and deleting a public file that was stored without a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ManageGrant {
    pub(super) name: Name,
    /// Whose file it has to be.
    pub(super) uploader: Pseudonym,
    /// When the link was made, in seconds since 1970.
    pub(super) made_at: u64,
}

/// Where files are stored, on whose behalf, which, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) scope: Scope,
    /// The maker of the link.
    pub(super) uploader: Option<Uploader>,
    /// Whether that one had no token.
    pub(super) without_token: bool,
    pub(super) limits: LinkLimits,
    pub(super) validity: Validity,
}

/// Limits of a link, besides those of the policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LinkLimits {
    /// The maximum size of a file, in bytes.
    pub(crate) max_size: Option<NonZeroU64>,
    /// The types of files that may be stored; `None` for any.
    pub(crate) content_types: Option<Vec<MediaRange>>,
}

impl UploadGrant {
    /// The permit to store.
    pub(crate) fn into_store(self, policy: &Policy) -> Store<'_> {
        let replace = self.replace.ok_or(Problem::AlreadyExists);
        self.terms.into_store(policy, self.name, replace)
    }
}

impl DropGrant {
    /// The permit to store, and in which folder.
    pub(crate) fn into_storing<'p>(self, policy: &'p Policy) -> (Storing<'p, 'p>, Name) {
        let folder = self.folder.clone();
        (Storing::by_link(policy, self), folder)
    }

    /// The permit to store this file, which must be in the folder.
    pub(super) fn store<'p>(&self, policy: &'p Policy, name: Name) -> Result<Store<'p>, Problem> {
        let rest = name.as_str().strip_prefix(self.folder.as_str());
        if !rest.is_some_and(|rest| rest.starts_with('/')) {
            return Err(Problem::LinkInvalid);
        }
        let terms = self.terms.clone();
        Ok(terms.into_store(policy, name, Err(Problem::AlreadyExists)))
    }
}

impl Terms {
    fn into_store(self, policy: &Policy, name: Name, replace: Result<Reach, Problem>) -> Store<'_> {
        let area = self.scope.area();
        Store {
            limits: policy.loosest_limits(area, name.as_str()),
            scope: self.scope,
            name,
            narrowed: self.limits,
            uploader: self.uploader,
            without_token: self.without_token,
            create: Ok(()),
            replace,
            rules: rules(area),
            asker: None,
        }
    }
}

/// What a refusal is about that comes from a link: the area's own rules.
fn rules(area: Area) -> [RuleRef; 2] {
    [Operation::Create, Operation::Replace].map(|operation| RuleRef::of_area(area, operation))
}

impl ManageGrant {
    /// For a public file that is stored under this pseudonym.
    pub(crate) fn new(name: Name, uploader: Pseudonym, made_at: u64) -> Self {
        Self {
            name,
            uploader,
            made_at,
        }
    }

    /// Who stored the file, and when the link was made.
    pub(crate) fn into_origin(self) -> (Pseudonym, u64) {
        (self.uploader, self.made_at)
    }

    /// The permit to replace the file. The policy limits what may be stored; its rules are
    /// about others.
    pub(crate) fn store<'p>(&self, policy: &'p Policy) -> Store<'p> {
        let uploader = Uploader::Anonymous(self.uploader.clone());
        Store {
            scope: Scope::Public,
            // Those of its maker, who had no token.
            limits: policy
                .applied(Area::Public, self.name.as_str(), Facts::NONE)
                .limits(),
            name: self.name.clone(),
            narrowed: LinkLimits::default(),
            uploader: Some(uploader.clone()),
            without_token: true,
            create: Err(Problem::NotFound),
            replace: Ok(Reach::UploadedBy(uploader)),
            rules: rules(Area::Public),
            asker: None,
        }
    }

    /// The permit to delete the file.
    pub(crate) fn delete(&self) -> Delete {
        Delete {
            scope: Scope::Public,
            name: self.name.clone(),
            rule: RuleRef::of_area(Area::Public, Operation::Delete),
            reach: Reach::UploadedBy(Uploader::Anonymous(self.uploader.clone())),
        }
    }
}

impl Store<'_> {
    /// What an upload link for this file permits.
    ///
    /// # Errors
    /// The caller may not create the file, or not replace it if the link is to, or no type that
    /// is asked for may be stored there.
    pub(crate) fn upload_grant(
        self,
        policy: &Policy,
        replaces: bool,
        limits: LinkLimits,
        validity: Validity,
    ) -> Result<Grant, Problem> {
        self.create?;
        let by_token = policy.depends_on_token(self.scope.area());
        Ok(Grant::Upload(UploadGrant {
            terms: Terms {
                scope: self.scope,
                uploader: self.uploader,
                without_token: self.without_token,
                limits: limits.within(&[self.limits], by_token)?,
                validity,
            },
            name: self.name,
            replace: replaces.then_some(self.replace).transpose()?,
        }))
    }
}

impl Storing<'_, '_> {
    /// What an upload link for this folder permits.
    ///
    /// # Errors
    /// There may be files in the folder that the caller may not create: nothing is decided anew
    /// for a link's holder. Or no type could be stored.
    pub(crate) fn drop_grant(
        self,
        folder: Name,
        limits: LinkLimits,
        validity: Validity,
    ) -> Result<Grant, Problem> {
        let judge = self.judge().ok_or(Problem::LinkInvalid)?;
        let applied = judge.decide_all(Operation::Create, &format!("{folder}/"))?;
        let own: Vec<_> = applied.iter().map(Applied::limits).collect();
        let by_token = judge.policy.depends_on_token(judge.area);
        let limits = limits.within(&own, by_token)?;
        Ok(Grant::Drop(DropGrant {
            terms: Terms {
                uploader: judge.uploader(),
                without_token: judge.is_without_token(),
                scope: self.into_scope(),
                limits,
                validity,
            },
            folder,
        }))
    }
}

impl LinkLimits {
    /// The narrower of these and those of the link's maker: of the file, or of all that decide in
    /// a folder. Where paths depend on the token, nobody knows any more which those are when the
    /// link is used, and others could store more. Elsewhere the policy limits the types then, as
    /// it does for everybody, and the link need not list them.
    fn within(self, of_maker: &[Cow<'_, AreaLimits>], by_token: bool) -> Result<Self, Problem> {
        let sizes = of_maker.iter().map(|limits| limits.max_file_size());
        let most = sizes.min().and_then(NonZeroU64::new);
        let most = most.unwrap_or(NonZeroU64::MIN);
        let max_size = self.max_size.map_or(most, |asked| asked.min(most));
        let of_maker = of_maker.iter().map(|limits| limits.content_types());
        let content_types = if by_token {
            common(self.content_types, of_maker)?
        } else {
            possible(self.content_types, of_maker)?
        };
        Ok(Self {
            max_size: Some(max_size),
            content_types,
        })
    }
}

/// The types that are asked for, as far as all of these lists have them; `None` for any.
fn common<'l>(
    asked: Option<Vec<MediaRange>>,
    lists: impl Iterator<Item = &'l [MediaRange]>,
) -> Result<Option<Vec<MediaRange>>, Problem> {
    let is_asked = asked.is_some();
    let common = lists.fold(asked, |common, types| match common {
        Some(common) => Some(MediaRange::common(&common, types)),
        None if types.iter().any(MediaRange::is_any) => None,
        None => Some(types.to_vec()),
    });
    match common {
        Some(types) if types.is_empty() && is_asked => Err(none_possible()),
        Some(types) if types.is_empty() => Err(Problem::InvalidRequest(
            "no type may be stored everywhere that this link would be for".to_owned(),
        )),
        common => Ok(common),
    }
}

/// The types that are asked for, if one of these lists has one of them.
fn possible<'l>(
    asked: Option<Vec<MediaRange>>,
    mut lists: impl Iterator<Item = &'l [MediaRange]>,
) -> Result<Option<Vec<MediaRange>>, Problem> {
    match asked {
        Some(asked) if !lists.any(|types| !MediaRange::common(&asked, types).is_empty()) => {
            Err(none_possible())
        }
        asked => Ok(asked),
    }
}

fn none_possible() -> Problem {
    Problem::InvalidRequest("content_types: no type could be stored with this link".to_owned())
}
