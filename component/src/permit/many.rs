//! Permits for many files of an area at once.

use super::decision::{Reach, bearer, decide};
use super::key::{BlobKey, Scope};
use super::{Delete, Reading};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{Error, Guard};
use crate::policy::{Operation, Policy};
use crate::problem::Problem;
use crate::token::{Caller, Owner};
use crate::url::Name;

/// Permission to delete in an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deleting {
    scope: Scope,
    reach: Reach,
}

/// May this caller delete files of this area?
pub(crate) fn deleting(policy: &Policy, caller: &Caller, area: Area) -> Result<Deleting, Problem> {
    let (scope, reach) = decide(policy, caller, area, Operation::Delete)?;
    Ok(Deleting { scope, reach })
}

/// Who is asking, to tell callers apart: their user, else their organization; empty for those
/// who are neither.
pub(crate) fn identity(caller: &Caller) -> &str {
    let owner = bearer(caller).and_then(|bearer| bearer.user().or_else(|_| bearer.org()).ok());
    owner.map_or("", Owner::as_str)
}

impl Deleting {
    /// The permission to delete this file.
    pub(super) fn of(&self, name: &Name) -> Delete {
        Delete {
            key: self.scope.key(name),
            scope: self.scope.clone(),
            reach: self.reach.clone(),
        }
    }

    /// The key of the file with this name.
    pub(crate) fn key(&self, name: &Name) -> BlobKey {
        self.scope.key(name)
    }

    /// The common prefix of the keys in this folder, which ends in `/`.
    pub(crate) fn prefix(&self, folder: &str) -> String {
        self.scope.prefix(folder)
    }

    /// Whose files they have to be.
    pub(crate) fn may_remove(&self) -> Guard {
        self.reach.guard()
    }

    /// The problem of the file with this name if the store refuses.
    pub(crate) fn problem(&self, name: &Name, error: Error) -> Problem {
        self.of(name).problem(error)
    }
}

impl Reading {
    /// The key of the file with this name.
    pub(crate) fn key(&self, name: &Name) -> BlobKey {
        self.scope.key(name)
    }

    /// The common prefix of the keys in this folder, which ends in `/`.
    pub(super) fn prefix(&self, folder: &str) -> String {
        self.scope.prefix(folder)
    }

    /// Whose files they have to be.
    pub(crate) fn may_read(&self) -> Guard {
        self.reach.guard()
    }

    /// The problem of the file with this name if the store refuses.
    pub(super) fn problem(&self, name: &Name, error: Error) -> Problem {
        self.clone().of(name.clone()).problem(error)
    }
}
