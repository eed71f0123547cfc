//! Decisions as operators see them: the verdict, the rule behind it, and what was missing.

use super::decision::{Granted, Judge};
use super::reach::Reach;
use crate::bindings::coffer::storage::decisions::{Outcome, Verdict};
use crate::policy::{Operation, Policy, Question, RuleRef, Word};
use crate::problem::Problem;
use crate::token::Caller;
use crate::url::Name;

/// What decides if no rule does.
const IAM: &str = "[iam]";
/// What decides before any rule, where there is one.
const COMPONENT: &str = "the component that decides";
/// The maximum length of a text in a verdict, in bytes.
const LONGEST: usize = 1024;

/// What a policy decides.
#[derive(Debug)]
pub(crate) enum Explained {
    /// Allowed, whoever stored the file.
    Allowed(RuleRef),
    /// Allowed for files that the caller stored.
    OwnFiles(RuleRef),
    /// Allowed, whatever the rules say.
    Overruled,
    /// Denied, for the reason that a request would leave in the log.
    Denied(Problem),
}

/// What this caller is allowed, by the code that decides about requests.
///
/// # Errors
/// Why the question's path is not that of a file or, to list, of a folder.
pub(crate) fn explain(
    policy: &Policy,
    caller: &Caller,
    question: &Question,
) -> Result<Explained, &'static str> {
    let Question {
        operation,
        area,
        ref path,
    } = *question;
    let judge = Judge::new(policy, caller, area);
    let is_folder = path.is_empty() || path.ends_with('/');
    let decided = if operation == Operation::List && is_folder {
        if let Some(folder) = path.strip_suffix('/') {
            name(folder)?;
        }
        judge.within(operation, path)
    } else {
        judge.decide(operation, name(path)?.as_str())
    };
    Ok(Explained::of(decided))
}

/// The verdict on a caller whose token is refused, whatever the question is.
pub(crate) fn refused(reason: String) -> Verdict {
    Verdict {
        outcome: Outcome::Denied,
        rule: IAM.to_owned(),
        reason: Some(shortened(reason)),
    }
}

fn shortened(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

fn name(path: &str) -> Result<Name, &'static str> {
    Name::new(path).map_err(|problem| match problem {
        Problem::InvalidName(reason) => reason,
        _ => "it is invalid",
    })
}

impl Explained {
    pub(super) fn of(decided: Result<Granted, Problem>) -> Self {
        match decided {
            Ok(Granted {
                is_overruled: true, ..
            }) => Self::Overruled,
            Ok(Granted { reach, rule, .. }) => match reach {
                Reach::All => Self::Allowed(rule),
                Reach::UploadedBy(_) => Self::OwnFiles(rule),
            },
            Err(problem) => Self::Denied(problem),
        }
    }

    /// The same for the platform.
    pub(crate) fn verdict(&self, policy: &Policy) -> Verdict {
        let (outcome, reason) = match self {
            Self::Allowed(_) | Self::Overruled => (Outcome::Allowed, None),
            Self::OwnFiles(_) => (Outcome::OwnFiles, None),
            Self::Denied(_) => (Outcome::Denied, Some(self.reason(policy))),
        };
        Verdict {
            outcome,
            rule: shortened(self.rule(policy)),
            reason: reason.map(shortened),
        }
    }

    /// The rule that decided, with its line where the policy states it.
    pub(crate) fn rule(&self, policy: &Policy) -> String {
        match self {
            Self::Allowed(rule) | Self::OwnFiles(rule) => rule.name(policy),
            Self::Denied(Problem::Unauthenticated(denied) | Problem::Forbidden(denied)) => {
                denied.rule().name(policy)
            }
            Self::Overruled | Self::Denied(Problem::Overruled(_)) => COMPONENT.to_owned(),
            Self::Denied(_) => IAM.to_owned(),
        }
    }

    /// One clause that says which rule decided, and how.
    pub(crate) fn reason(&self, policy: &Policy) -> String {
        match self {
            Self::Allowed(rule) | Self::OwnFiles(rule) => {
                let words: Vec<String> = rule.words(policy).iter().map(Word::to_string).collect();
                let words = words.join(" or ");
                format!("{} allows it: {words}", rule.name(policy))
            }
            Self::Overruled => format!("{COMPONENT} allows it"),
            Self::Denied(problem) => problem
                .reason(policy)
                .unwrap_or_else(|| problem.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
