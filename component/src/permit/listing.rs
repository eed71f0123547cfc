//! The permit to list names: all those that the caller may list, and no others.

use super::decision::{Judge, View};
use super::key::Scope;
use crate::area::Area;
use crate::policy::{Applied, Operation, Policy, Sieve};
use crate::problem::Problem;
use crate::token::Caller;

/// Permission to list in an area.
#[derive(Debug, Clone)]
pub(crate) struct List<'p, 'c> {
    judge: Judge<'p, 'c>,
    scope: Scope,
    sieve: Sieve<'p>,
}

/// May this caller list names that start with `prefix`, which may be empty? Refused only where
/// none of them may be listed, whatever they are.
pub(crate) fn list<'p, 'c>(
    policy: &'p Policy,
    caller: &'c Caller,
    area: Area,
    prefix: &str,
) -> Result<List<'p, 'c>, Problem> {
    let judge = Judge::new(policy, caller, area);
    let scope = judge.decide_within(Operation::List, prefix)?;
    let sieve = policy.sieve(area);
    Ok(List {
        judge,
        scope,
        sieve,
    })
}

impl List<'_, '_> {
    /// The common prefix of the keys of all names that start with `prefix`, which may
    /// be empty.
    pub(crate) fn prefix(&self, prefix: &str) -> String {
        self.scope.prefix(prefix)
    }

    /// The name or folder of a key of this area.
    pub(crate) fn strip<'k>(&self, key: &'k str) -> Option<&'k str> {
        key.strip_prefix(&self.scope.prefix(""))
    }

    /// Whether all names of the area may be listed alike.
    pub(crate) fn is_uniform(&self) -> bool {
        self.judge.policy.is_uniform(self.judge.area)
    }

    /// How the names that start with `prefix` are judged: those in a folder, if it ends in `/`.
    pub(crate) fn view(&self, prefix: &str) -> View {
        let (judge, facts) = (self.judge, self.judge.caller.facts());
        let may = |applied: &Applied<'_>| judge.may(Operation::List, applied);
        match self.sieve.allows_within(prefix, facts, may) {
            (false, _) => View::Closed,
            (true, false) => View::Mixed,
            (true, true) => View::Open,
        }
    }

    /// Whether the file with this name may be listed.
    pub(crate) fn shows(&self, name: &str) -> bool {
        let (judge, facts) = (self.judge, self.judge.caller.facts());
        let may = |applied: &Applied<'_>| judge.may(Operation::List, applied);
        self.sieve.allows(name, facts, may)
    }

    /// The only segments that can come next in the names that start with `prefix` and may be
    /// listed, in order: whole, where `prefix` ends amid one. `None` if there may be others.
    pub(crate) fn next_segments(&self, prefix: &str) -> Option<Vec<String>> {
        self.judge.next_segments(Operation::List, prefix)
    }
}
