//! What the component decided about a request, kept to be compared (`wit/decisions.wit`).

use std::sync::{Mutex, PoisonError};

use crate::bindings::coffer::storage::decisions::{Action, Area, Outcome, Question, Verdict};
use crate::metrics::Word;

/// Max decisions kept of a request.
pub const MOST: usize = 100;
/// Max length of a name, in bytes: no file has a longer one.
const LONGEST_NAME: usize = 900;
/// Max length of a verdict's texts, in bytes.
const LONGEST_TEXT: usize = 1024;

/// A question and its verdict.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What was asked.
    pub question: Question,
    /// What was decided.
    pub verdict: Verdict,
}

/// The decisions of one request, up to [`MOST`].
#[derive(Default)]
pub struct Decisions(Mutex<Vec<Decision>>);

impl Decisions {
    /// Keeps one more, unless it is too large or one too many: components are not trusted with
    /// the host's memory.
    pub(super) fn keep(&self, question: Question, verdict: Verdict) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reason = verdict.reason.as_ref().map_or(0, String::len);
        let fits = question.name.len() <= LONGEST_NAME
            && verdict.rule.len() <= LONGEST_TEXT
            && reason <= LONGEST_TEXT;
        if kept.len() < MOST && fits {
            kept.push(Decision { question, verdict });
        }
    }

    pub(super) fn take(&self) -> Vec<Decision> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl From<Area> for Word {
    fn from(area: Area) -> Self {
        Self(match area {
            Area::Public => "public",
            Area::User => "user",
            Area::Org => "org",
        })
    }
}

impl From<Action> for Word {
    fn from(action: Action) -> Self {
        Self(match action {
            Action::Read => "read",
            Action::List => "list",
            Action::Create => "create",
            Action::Replace => "replace",
            Action::Delete => "delete",
        })
    }
}

impl From<Outcome> for Word {
    fn from(outcome: Outcome) -> Self {
        Self(match outcome {
            Outcome::Denied => "denied",
            Outcome::OwnFiles => "own-files",
            Outcome::Allowed => "allowed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_or_too_many_is_not_kept() {
        let decisions = Decisions::default();
        let keep = |name: usize, rule: usize, reason: usize| {
            let question = Question {
                action: Action::Read,
                area: Area::Public,
                name: "n".repeat(name),
            };
            let verdict = Verdict {
                outcome: Outcome::Denied,
                rule: "r".repeat(rule),
                reason: Some("r".repeat(reason)),
            };
            decisions.keep(question, verdict);
        };
        keep(901, 1, 1);
        keep(1, 1025, 1);
        keep(1, 1, 1025);
        assert!(decisions.take().is_empty());
        for _ in 0..2 * MOST {
            keep(900, 1024, 1024);
        }
        assert_eq!(decisions.take().len(), MOST);
        assert!(decisions.take().is_empty());
    }
}
