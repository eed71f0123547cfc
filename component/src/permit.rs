//! Permits: what a caller may do to which files. They are only made here, and only
//! a permit makes the key of a blob, so nothing in the store can be reached without
//! a decision of this module.
//!
//! The decision is one of
//! - `iam-not-configured` for the user and org areas without an IAM API,
//! - `forbidden` for a rule that no token could satisfy,
//! - `unauthenticated` if no token was sent but a token could satisfy the rule,
//! - `forbidden` for a token without the required user, organization or role.

mod amending;
mod copying;
mod decision;
pub(crate) mod grant;
pub(crate) mod key;
pub(crate) mod link;
mod many;
mod options;
mod refusals;
mod unfinished;
pub(crate) mod uploader;

use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{Error, Guard};
use crate::policy::{AreaLimits, Operation, Policy};
use crate::problem::Problem;
use crate::token::Caller;
use crate::url::Name;

use decision::{Reach, bearer, decide};
use grant::LinkLimits;
use key::Scope;
use link::{LinkKey, Validity};
use uploader::Uploader;

pub(crate) use amending::amend;
pub(crate) use copying::{Copying, copying};
pub(crate) use key::BlobKey;
pub(crate) use many::{Deleting, deleting, identity};
pub(crate) use refusals::Refusals;
pub(crate) use unfinished::unfinished;

/// Permission to read one file, or to make a link to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    scope: Scope,
    name: Name,
    reach: Reach,
}

/// Permission to read in an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    scope: Scope,
    reach: Reach,
}

/// Permission to list an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List {
    scope: Scope,
}

/// Permission to store in an area: to create, to replace, or both.
#[derive(Debug, Clone)]
pub(crate) struct Store<'p> {
    scope: Scope,
    limits: &'p AreaLimits,
    /// Those of the link that it comes from.
    narrowed: LinkLimits,
    uploader: Option<Uploader>,
    create: Result<(), Problem>,
    replace: Result<Reach, Problem>,
}

/// Permission to delete one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delete {
    scope: Scope,
    key: BlobKey,
    reach: Reach,
}

/// May this caller read this file? The store checks a rule `uploader`, by
/// [`Read::may_read`].
pub fn read(policy: &Policy, caller: &Caller, area: Area, name: Name) -> Result<Read, Problem> {
    reading(policy, caller, area).map(|reading| reading.of(name))
}

/// May this caller read files of this area?
pub(crate) fn reading(policy: &Policy, caller: &Caller, area: Area) -> Result<Reading, Problem> {
    let (scope, reach) = decide(policy, caller, area, Operation::Read)?;
    Ok(Reading { scope, reach })
}

/// May this caller list this area?
pub(crate) fn list(policy: &Policy, caller: &Caller, area: Area) -> Result<List, Problem> {
    decide(policy, caller, area, Operation::List).map(|(scope, _)| List { scope })
}

/// May this caller store in this area? Refused only where they may neither
/// create nor replace.
pub(crate) fn store<'p>(
    policy: &'p Policy,
    caller: &Caller,
    area: Area,
) -> Result<Store<'p>, Problem> {
    let create = decide(policy, caller, area, Operation::Create);
    let replace = decide(policy, caller, area, Operation::Replace);
    let scope = match (&create, &replace) {
        (Ok((scope, _)), _) | (_, Ok((scope, _))) => scope.clone(),
        // A token may help with one of them, even if not with the other.
        (Err(Problem::Forbidden(_)), Err(problem)) | (Err(problem), Err(_)) => {
            return Err(problem.clone());
        }
    };
    let uploader = bearer(caller)
        .and_then(|bearer| bearer.user().ok())
        .map(|user| Uploader::User(user.clone()));
    Ok(Store {
        scope,
        limits: policy.limits(area),
        narrowed: LinkLimits::default(),
        uploader,
        create: create.map(drop),
        replace: replace.map(|(_, reach)| reach),
    })
}

/// May this caller delete this file? [`Delete::may_remove`] says whose it has to be.
pub(crate) fn delete(
    policy: &Policy,
    caller: &Caller,
    area: Area,
    name: &Name,
) -> Result<Delete, Problem> {
    deleting(policy, caller, area).map(|deleting| deleting.of(name))
}

impl Reading {
    /// The permission to read this file.
    pub(crate) fn of(self, name: Name) -> Read {
        let Self { scope, reach } = self;
        Read { scope, name, reach }
    }
}

impl Read {
    /// The file's key.
    pub(crate) fn key(&self) -> BlobKey {
        self.scope.key(&self.name)
    }

    /// The file's name.
    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// The token of a link to the file.
    ///
    /// # Errors
    /// [`Problem::Internal`] for a public file, which has a permanent URL.
    pub(crate) fn link(&self, key: &LinkKey, validity: Validity) -> Result<String, Problem> {
        link::to_read(self, key, validity)
    }

    /// Whose file it has to be.
    pub(crate) fn may_read(&self) -> Guard {
        self.reach.guard()
    }

    /// The problem to answer with if the store refuses.
    pub(crate) fn problem(&self, error: Error) -> Problem {
        Refusals::of_file(&self.scope, Operation::Read, &self.reach).problem(error)
    }
}

impl List {
    /// The common prefix of the keys of all names that start with `prefix`, which may
    /// be empty.
    pub(crate) fn prefix(&self, prefix: &str) -> String {
        self.scope.prefix(prefix)
    }

    /// The name or folder of a key of this area.
    pub(crate) fn strip<'k>(&self, key: &'k str) -> Option<&'k str> {
        key.strip_prefix(&self.scope.prefix(""))
    }
}

impl Store<'_> {
    /// The area that files are stored in.
    pub(crate) fn area(&self) -> Area {
        self.scope.area()
    }

    /// The key under which a file with this name is stored.
    pub(crate) fn key(&self, name: &Name) -> BlobKey {
        self.scope.key(name)
    }

    /// The same permit, but for creating only.
    pub(crate) fn creating_only(mut self) -> Result<Self, Problem> {
        self.create.clone()?;
        self.replace = Err(Problem::AlreadyExists);
        Ok(self)
    }

    /// Whether a new file may be created.
    fn may_create(&self) -> bool {
        self.create.is_ok()
    }

    /// Whose files may be replaced.
    fn may_replace(&self) -> Guard {
        self.replace.as_ref().map_or(Guard::None, Reach::guard)
    }

    /// The problem to answer with if the store refuses.
    pub(crate) fn refusals(&self) -> Refusals {
        Refusals::of_storing(&self.scope, &self.create, &self.replace, self.max_size())
    }
}

impl Delete {
    /// The file's key.
    pub(crate) fn key(&self) -> &BlobKey {
        &self.key
    }

    /// Whose file it has to be.
    pub(crate) fn may_remove(&self) -> Guard {
        self.reach.guard()
    }

    /// The problem to answer with if the store refuses.
    pub(crate) fn problem(&self, error: Error) -> Problem {
        Refusals::of_file(&self.scope, Operation::Delete, &self.reach).problem(error)
    }
}

#[cfg(test)]
mod tests;
