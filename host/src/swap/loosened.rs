//! Which changes of a policy are refused although the new one is valid by itself: those that a
//! truncated file would cause.

use super::error::SwapError;
use super::in_force::InForce;
use crate::sandbox::{Opening, Reopening};

/// A change that may not be intended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Loosened {
    /// It may not have been written completely.
    #[error(
        "the policy looks truncated: it is the beginning of the one in force and ends within a \
         line; if that is intended, end it with a newline"
    )]
    CutOff,
    /// It may have lost a line.
    #[error(
        "the new policy opens more than the one in force without saying so: {what}; if that is \
         intended, write {statement}"
    )]
    Unstated {
        /// What it opens.
        what: String,
        /// The line that states it.
        statement: String,
    },
}

/// Compares what is to be in force with what is.
///
/// # Errors
/// [`Loosened`], and [`SwapError::Refused`] if one of the components does not say what is closed.
pub(super) async fn check(old: &InForce, new: &InForce) -> Result<(), SwapError> {
    compare(old.policy_and_openings(), new.policy_and_openings())?;
    let closings = old.compiled.candidate.closings(&old.sandbox).await?;
    let candidate = &new.compiled.candidate;
    let reopened = candidate.reopened(&new.sandbox, &closings).await?;
    match reopened.into_iter().next() {
        None => Ok(()),
        Some(Reopening { what, statement }) => Err(Loosened::Unstated { what, statement }.into()),
    }
}

/// Compares a policy, with what it opens to requests without a token, with the one in force.
///
/// # Errors
/// [`Loosened`], which says what to write if the change is intended.
fn compare(
    (old, open): (Option<&str>, &[Opening]),
    (new, opened): (Option<&str>, &[Opening]),
) -> Result<(), Loosened> {
    if is_cut_off(old.unwrap_or_default(), new.unwrap_or_default()) {
        return Err(Loosened::CutOff);
    }
    let known = |opening: &Opening| open.iter().any(|before| before.what == opening.what);
    let unstated = |opening: &&Opening| !opening.stated && !known(opening);
    match opened.iter().find(unstated) {
        None => Ok(()),
        Some(Opening {
            what, statement, ..
        }) => Err(Loosened::Unstated {
            what: what.clone(),
            statement: statement.clone(),
        }),
    }
}

/// Whether a document is the beginning of another, up to the middle of a line or of the white
/// space after it.
fn is_cut_off(old: &str, new: &str) -> bool {
    let rest = old.strip_prefix(new);
    !new.is_empty() && !new.ends_with('\n') && rest.is_some_and(|rest| !rest.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(what: &str, stated: bool) -> Opening {
        Opening {
            what: what.to_owned(),
            stated,
            statement: format!("{what}!"),
        }
    }

    #[test]
    fn what_was_not_open_before_is_opened_only_if_the_policy_says_so() {
        let before = [opening("a", false)];
        for (after, refused) in [
            (vec![], None),
            (vec![opening("a", false)], None),
            (vec![opening("a", true), opening("b", true)], None),
            (vec![opening("a", true), opening("b", false)], Some("b!")),
            (vec![opening("c", false), opening("b", false)], Some("c!")),
        ] {
            let checked = compare((Some("x"), &before), (Some("y"), &after));
            match refused {
                None => assert_eq!(checked, Ok(())),
                Some(says) => {
                    assert!(checked.is_err_and(|reason| reason.to_string().ends_with(says)));
                }
            }
        }
    }

    #[test]
    fn a_policy_that_breaks_off_within_a_line_is_refused() {
        let whole = "[public]\nread = \"anyone\"\n\n[org]\nread = \"nobody\"\n";
        for (old, new, cut_off) in [
            (whole, &whole[..24], true),
            (whole, "[public]", true),
            (whole, "[public]\n", false),
            (whole, whole, false),
            (whole, whole.trim_end(), false),
            (whole, "[public]\nread = \"anyone\" # That is all.", false),
            (whole, "[org]\nread = \"nobody\"", false),
            ("[public]", whole, false),
            ("", whole, false),
        ] {
            let checked = compare((Some(old), &[]), (Some(new), &[]));
            assert_eq!(checked.is_err(), cut_off, "{new:?}");
        }
        assert_eq!(compare((None, &[]), (Some(whole), &[])), Ok(()));
        assert_eq!(compare((Some(whole), &[]), (None, &[])), Ok(()));
    }
}
