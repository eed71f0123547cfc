//! The permit to list names: all those that the caller may list, and no others.

use super::asked::IS_ASKED;
use super::decision::{Judge, View};
use crate::area::Area;
use crate::policy::{Applied, Facts, Operation, Policy, Sieve};
use crate::problem::Problem;
use crate::token::Caller;

/// Permission to list in an area.
#[derive(Debug, Clone)]
pub(crate) struct List<'p, 'c> {
    judge: Judge<'p, 'c>,
    /// What all keys of the area start with.
    root: String,
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
    Ok(List {
        judge,
        root: scope.prefix(""),
        sieve: policy.sieve(area),
    })
}

impl List<'_, '_> {
    /// The common prefix of the keys of all names that start with `prefix`, which may
    /// be empty.
    pub(crate) fn prefix(&self, prefix: &str) -> String {
        [&self.root, prefix].concat()
    }

    /// The name or folder of a key of this area.
    pub(crate) fn strip<'k>(&self, key: &'k str) -> Option<&'k str> {
        key.strip_prefix(&self.root)
    }

    /// Whether all names of the area may be listed alike.
    pub(crate) fn is_uniform(&self) -> bool {
        !IS_ASKED && self.judge.policy.is_uniform(self.judge.area)
    }

    /// How the names that start with `prefix` are judged: those in a folder, if it ends in `/`.
    pub(crate) fn view(&self, prefix: &str) -> View {
        // Each name is asked about.
        if IS_ASKED {
            return View::Mixed;
        }
        match self.sieve.allows_within(prefix, self.facts(), self.may()) {
            (false, _) => View::Closed,
            (true, false) => View::Mixed,
            (true, true) => View::Open,
        }
    }

    /// Whether the file with this name may be listed.
    pub(crate) fn shows(&self, name: &str) -> bool {
        if IS_ASKED {
            return self.judge.decide(Operation::List, name).is_ok();
        }
        self.sieve.allows(name, self.facts(), self.may())
    }

    /// The only segments that can come next in the names that start with `prefix` and may be
    /// listed, in order: whole, where `prefix` ends amid one. `None` if there may be others.
    pub(crate) fn next_segments(&self, prefix: &str) -> Option<Vec<String>> {
        if IS_ASKED {
            return None;
        }
        self.sieve.next_segments(prefix, self.facts(), self.may())
    }

    fn facts(&self) -> &Facts {
        self.judge.caller.facts()
    }

    fn may(&self) -> impl Fn(&Applied<'_>) -> bool {
        |applied| self.judge.may(Operation::List, applied)
    }
}
