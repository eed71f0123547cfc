//! Whether a policy does what the tests in it expect.

use super::explained::{Explained, explain};
use crate::policy::{Case, Expected, Policy, PolicyError, Subject};
use crate::token::Caller;
use crate::token::supposed::suppose;

/// The maximum number of failures that are reported.
const MOST_FAILURES: usize = 10;

/// Runs the tests of a policy, and returns the failures.
///
/// A test does not say who stored a file. Where a rule allows somebody their own files, `may` is
/// about one of those, and `may-not` about somebody else's.
pub(crate) fn failures(policy: &Policy, cases: &[Case]) -> Vec<PolicyError> {
    let failures = cases.iter().flat_map(|case| of_case(policy, case));
    failures.take(MOST_FAILURES).collect()
}

fn of_case<'c>(policy: &'c Policy, case: &'c Case) -> Box<dyn Iterator<Item = PolicyError> + 'c> {
    let failure = |line, message| PolicyError::at_line(Some(line), message);
    let caller = match &case.subject {
        None => Caller::Anonymous,
        Some(subject) => match suppose(subject, policy) {
            Ok(caller) => caller,
            Err(impossible) => {
                let message = format!("[[test]]: as: {impossible}");
                return Box::new(std::iter::once(failure(case.line, message)));
            }
        },
    };
    Box::new(case.expected.iter().filter_map(move |expected| {
        let message = fault(policy, &caller, case.subject.as_ref(), expected)?;
        Some(failure(expected.line, message))
    }))
}

/// What is wrong, if anything is.
fn fault(
    policy: &Policy,
    caller: &Caller,
    subject: Option<&Subject>,
    expected: &Expected,
) -> Option<String> {
    let Expected { question, may, .. } = expected;
    let asked = question.text();
    let explained = match explain(policy, caller, question) {
        Ok(explained) => explained,
        Err(reason) => {
            return Some(format!(
                "[[test]]: {asked:?} does not name a file or folder: {reason}"
            ));
        }
    };
    let holds = match explained {
        Explained::Allowed(_) | Explained::Overruled => *may,
        Explained::OwnFiles(_) => true,
        Explained::Denied(_) => !may,
    };
    let may = if *may { "may" } else { "may not" };
    (!holds).then(|| {
        format!(
            "test failed: expected that {} {may} {asked:?}, but {}",
            who(subject),
            explained.reason(policy)
        )
    })
}

fn who(subject: Option<&Subject>) -> String {
    let Some(Subject { user, org, .. }) = subject else {
        return "a request without a token".to_owned();
    };
    let shown = |name: &String| name.escape_debug().take(100).collect::<String>();
    match (user.as_ref().map(shown), org.as_ref().map(shown)) {
        (Some(user), Some(org)) => format!("{user} of {org}"),
        (Some(user), None) => user,
        (None, Some(org)) => format!("somebody of {org}"),
        (None, None) => "a token with these claims".to_owned(),
    }
}

#[cfg(test)]
mod tests;
