//! What a link lets its holder do besides reading: a [`Grant`], and the permits that it
//! becomes under the policy in force.

use std::num::NonZeroU64;

use super::decision::Reach;
use super::key::Scope;
use super::link::Validity;
use super::uploader::{Pseudonym, Uploader};
use super::{Delete, Store};
use crate::policy::{MediaRange, Policy};
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
    /// The permit to store, and under which name.
    pub(crate) fn into_store(self, policy: &Policy) -> (Store<'_>, Name) {
        let replace = self.replace.ok_or(Problem::AlreadyExists);
        (self.terms.into_store(policy, replace), self.name)
    }
}

impl DropGrant {
    /// The permit to store, and in which folder.
    pub(crate) fn into_store(self, policy: &Policy) -> (Store<'_>, Name) {
        let store = self.terms.into_store(policy, Err(Problem::AlreadyExists));
        (store, self.folder)
    }
}

impl Terms {
    fn into_store(self, policy: &Policy, replace: Result<Reach, Problem>) -> Store<'_> {
        Store {
            limits: policy.limits(self.scope.area()),
            scope: self.scope,
            narrowed: self.limits,
            uploader: self.uploader,
            create: Ok(()),
            replace,
        }
    }
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

    /// The file's name.
    pub(crate) fn name(&self) -> &Name {
        &self.name
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
            limits: policy.limits(Scope::Public.area()),
            narrowed: LinkLimits::default(),
            uploader: Some(uploader.clone()),
            create: Err(Problem::NotFound),
            replace: Ok(Reach::UploadedBy(uploader)),
        }
    }

    /// The permit to delete the file.
    pub(crate) fn delete(&self) -> Delete {
        Delete {
            key: Scope::Public.key(&self.name),
            scope: Scope::Public,
            reach: Reach::UploadedBy(Uploader::Anonymous(self.uploader.clone())),
        }
    }
}

impl Store<'_> {
    /// What an upload link for this file permits.
    ///
    /// # Errors
    /// The caller may not create files, or not replace them if the link is to.
    pub(crate) fn upload_grant(
        &self,
        name: Name,
        replaces: bool,
        limits: LinkLimits,
        validity: Validity,
    ) -> Result<Grant, Problem> {
        Ok(Grant::Upload(UploadGrant {
            terms: self.terms(limits, validity)?,
            name,
            replace: replaces.then(|| self.replace.clone()).transpose()?,
        }))
    }

    /// What an upload link for this folder permits.
    ///
    /// # Errors
    /// The caller may not create files.
    pub(crate) fn drop_grant(
        &self,
        folder: Name,
        limits: LinkLimits,
        validity: Validity,
    ) -> Result<Grant, Problem> {
        Ok(Grant::Drop(DropGrant {
            terms: self.terms(limits, validity)?,
            folder,
        }))
    }

    fn terms(&self, limits: LinkLimits, validity: Validity) -> Result<Terms, Problem> {
        self.create.clone()?;
        Ok(Terms {
            scope: self.scope.clone(),
            uploader: self.uploader.clone(),
            limits,
            validity,
        })
    }

    /// Whether nobody will be known to have stored a public file.
    pub(crate) fn is_anonymous(&self) -> bool {
        self.scope == Scope::Public && self.uploader.is_none()
    }

    /// The same permit, under a pseudonym.
    pub(crate) fn under(mut self, pseudonym: Pseudonym) -> Self {
        self.uploader = Some(Uploader::Anonymous(pseudonym));
        self
    }
}
