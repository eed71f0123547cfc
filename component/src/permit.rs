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
mod asked;
mod copying;
mod decision;
pub(crate) mod explained;
pub(crate) mod grant;
pub(crate) mod key;
pub(crate) mod link;
mod listing;
mod many;
mod once_sized;
mod options;
mod reach;
mod refusals;
pub(crate) mod reported;
mod storing;
pub(crate) mod tested;
mod unfinished;
pub(crate) mod uploader;

use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{Error, Guard};
use crate::policy::{Operation, Policy, RuleRef};
use crate::problem::Problem;
use crate::token::Caller;
use crate::url::Name;

use decision::{Granted, Judge};
use key::Scope;
use link::{LinkKey, Validity};
use reach::Reach;

pub(crate) use amending::amend;
pub(crate) use copying::{Copy, Copying, copying};
pub(crate) use decision::View;
pub(crate) use key::BlobKey;
pub(crate) use listing::{List, list};
pub(crate) use many::{Deleting, NAMELESS, Reading, deleting, identity, reading, together};
pub(crate) use once_sized::OnceSized;
pub(crate) use refusals::Refusals;
pub(crate) use storing::{Store, Storing, store, storing};
pub(crate) use unfinished::unfinished;

/// Whether another component is asked before the policy decides (`wit/decide.wit`).
pub(crate) const IS_ASKED: bool = asked::IS_ASKED;

/// Permission to read one file, or to make a link to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    scope: Scope,
    name: Name,
    reach: Reach,
    rule: RuleRef,
}

/// Permission to delete one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delete {
    scope: Scope,
    name: Name,
    reach: Reach,
    rule: RuleRef,
}

/// May this caller read this file? The store checks a rule `uploader`, by
/// [`Read::may_read`].
pub fn read(policy: &Policy, caller: &Caller, area: Area, name: Name) -> Result<Read, Problem> {
    Judge::new(policy, caller, area).read(name)
}

/// May this caller delete this file? [`Delete::may_remove`] says whose it has to be.
pub(crate) fn delete(
    policy: &Policy,
    caller: &Caller,
    area: Area,
    name: Name,
) -> Result<Delete, Problem> {
    Judge::new(policy, caller, area).delete(name)
}

impl Judge<'_, '_> {
    fn read(self, name: Name) -> Result<Read, Problem> {
        let Granted {
            scope, reach, rule, ..
        } = self.decide(Operation::Read, name.as_str())?;
        Ok(Read {
            scope,
            name,
            reach,
            rule,
        })
    }

    fn delete(self, name: Name) -> Result<Delete, Problem> {
        let Granted {
            scope, reach, rule, ..
        } = self.decide(Operation::Delete, name.as_str())?;
        Ok(Delete {
            scope,
            name,
            reach,
            rule,
        })
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
        Refusals::of_file(self.rule, &self.reach).problem(error)
    }
}

impl Delete {
    /// The file's key.
    pub(crate) fn key(&self) -> BlobKey {
        self.scope.key(&self.name)
    }

    /// Whose file it has to be.
    pub(crate) fn may_remove(&self) -> Guard {
        self.reach.guard()
    }

    /// The problem to answer with if the store refuses.
    pub(crate) fn problem(&self, error: Error) -> Problem {
        Refusals::of_file(self.rule, &self.reach).problem(error)
    }
}

#[cfg(test)]
mod tests;
