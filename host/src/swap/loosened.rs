//! Which changes of a policy are refused although the new one is valid by itself: those that a
//! truncated file would cause.

use std::fmt;

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
        "the new policy opens more than the one in force without saying so: {what}{more}; if that is \
         intended, write {statement}"
    )]
    Unstated {
        /// What it opens.
        what: String,
        /// The line that states it.
        statement: String,
        /// How much else it opens.
        more: More,
    },
    /// It may have lost a rule that closed something.
    #[error(
        "the new policy may open more than the one in force without saying so: {what}{more}; if \
         that is intended, write {statement}; if not, keep the rule that closes it, with the same \
         match"
    )]
    Reopened {
        /// What may be open.
        what: String,
        /// The line that states it.
        statement: String,
        /// How much else may be.
        more: More,
    },
}

/// How much there is besides what is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct More(usize);

impl fmt::Display for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            count => write!(f, ", and {count} more"),
        }
    }
}

/// Compares what is to be in force with what is.
///
/// # Errors
/// [`Loosened`], and [`SwapError::InForce`] or [`SwapError::Refused`] if one of the components does
/// not say what is closed.
pub(super) async fn check(old: &InForce, new: &InForce) -> Result<(), SwapError> {
    compare(old.policy_and_openings(), new.policy_and_openings())?;
    let closings = old.compiled.candidate.closings(&old.sandbox).await;
    let closings = closings.map_err(SwapError::InForce)?;
    let candidate = &new.compiled.candidate;
    let reopened = candidate.reopened(&new.sandbox, &closings).await?;
    let mut reopened = reopened.into_iter();
    match reopened.next() {
        None => Ok(()),
        Some(Reopening { what, statement }) => Err(Loosened::Reopened {
            what,
            statement,
            more: More(reopened.len()),
        }
        .into()),
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
    let mut opened = opened.iter().filter(unstated);
    match opened.next() {
        None => Ok(()),
        Some(Opening {
            what, statement, ..
        }) => Err(Loosened::Unstated {
            what: what.clone(),
            statement: statement.clone(),
            more: More(opened.count()),
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
    fn a_refusal_tells_the_first_of_what_is_opened_and_how_much_more_there_is() {
        let after = ["a", "b", "c"].map(|what| opening(what, false));
        for (count, told) in [
            (1, ": a; if"),
            (2, ": a, and 1 more; if"),
            (3, ", and 2 more; if"),
        ] {
            let checked = compare((Some("x"), &[]), (Some("y"), &after[..count]));
            assert!(
                checked.is_err_and(|reason| reason.to_string().contains(told)),
                "{told}"
            );
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
