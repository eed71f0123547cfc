//! Who reaches a resumable upload after it has begun: callers with the scope that its file is
//! stored in. The rules are asked when it begins and when it ends, and of other members of an
//! organization at every request.

use super::Store;
use super::decision::Judge;
use super::key::Scope;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::Conditions;
use crate::bindings::coffer::storage::uploads::Terms;
use crate::policy::Policy;
use crate::problem::Problem;
use crate::token::Caller;

/// Permission to look at unfinished uploads of a scope, to append to them and to discard them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfinished {
    scope: Scope,
}

/// Which uploads of this area are this caller's?
///
/// # Errors
/// The caller has no files in this area.
pub(crate) fn unfinished(
    policy: &Policy,
    caller: &Caller,
    area: Area,
) -> Result<Unfinished, Problem> {
    let scope = Judge::new(policy, caller, area).scope()?;
    Ok(Unfinished { scope })
}

impl Unfinished {
    /// Whether an upload with this mark, which [`Store::mark`] made, is one of them.
    pub(crate) fn includes(&self, mark: &str) -> bool {
        self.scope.prefix("") == mark
    }
}

impl Store<'_> {
    /// What distinguishes uploads of this scope from all others.
    pub(crate) fn mark(&self) -> String {
        self.scope.prefix("")
    }

    /// What an upload may replace that is finished now, if these conditions hold.
    pub(crate) fn finish_terms(&self, conditions: Conditions) -> Terms {
        Terms {
            may_create: self.may_create(),
            may_replace: self.may_replace(),
            conditions,
        }
    }
}
