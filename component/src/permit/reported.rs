//! Decisions as operators see them: which rule decided, and why. They are reported if the
//! platform compares them with those of another policy (`wit/decisions.wit`).

use std::sync::atomic::{AtomicU32, Ordering};

use super::decision::{Granted, Judge};
use super::explained::Explained;
use crate::bindings::coffer::storage::decisions::{Action, Question, Verdict};
use crate::bindings::coffer::storage::telemetry;
use crate::policy::{Operation, Policy};
use crate::problem::Problem;
use crate::token::Caller;

/// The maximum number of decisions of a request that are reported.
const MOST: u32 = 100;

/// How many decisions of this request may still be reported.
static LEFT: AtomicU32 = AtomicU32::new(0);

/// A request begins, whose decisions are reported if `watched`.
pub(crate) fn begin(watched: bool) {
    LEFT.store(if watched { MOST } else { 0 }, Ordering::Relaxed);
}

/// Reports a decision about the file with this name, or about listing names that begin so.
#[inline]
pub(super) fn report(
    judge: Judge<'_, '_>,
    operation: Operation,
    name: &str,
    decided: &Result<Granted, Problem>,
) {
    let left = LEFT.load(Ordering::Relaxed);
    if left > 0 {
        LEFT.store(left - 1, Ordering::Relaxed);
        tell(judge, operation, name, decided);
    }
}

#[cold]
fn tell(
    judge: Judge<'_, '_>,
    operation: Operation,
    name: &str,
    decided: &Result<Granted, Problem>,
) {
    let question = Question {
        action: operation.into(),
        area: judge.area.into(),
        name: name.to_owned(),
    };
    let explained = Explained::of(decided.clone());
    telemetry::decided(&question, &explained.verdict(judge.policy));
}

/// What this policy decides.
pub(crate) fn judge(policy: &Policy, caller: &Caller, question: &Question) -> Verdict {
    let judge = Judge::new(policy, caller, question.area.into());
    let (operation, name) = (question.action.into(), question.name.as_str());
    let decided = match operation {
        Operation::List => judge.within(operation, name),
        _ if name.is_empty() => judge.anywhere(operation),
        _ => judge.decide(operation, name),
    };
    Explained::of(decided).verdict(policy)
}

impl From<Operation> for Action {
    fn from(operation: Operation) -> Self {
        match operation {
            Operation::Read => Self::Read,
            Operation::List => Self::List,
            Operation::Create => Self::Create,
            Operation::Replace => Self::Replace,
            Operation::Delete => Self::Delete,
        }
    }
}

impl From<Action> for Operation {
    fn from(action: Action) -> Self {
        match action {
            Action::Read => Self::Read,
            Action::List => Self::List,
            Action::Create => Self::Create,
            Action::Replace => Self::Replace,
            Action::Delete => Self::Delete,
        }
    }
}

#[cfg(test)]
mod tests;
