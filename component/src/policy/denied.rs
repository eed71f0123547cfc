//! Why the policy denies something: for the log, without any value that the token claims.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Absent, Iam, Policy, RuleRef, Word};
use crate::area::Area;

/// Why a caller may not do something. Small and plain, since most are never read:
/// [`Denied::explain`] makes the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Denied {
    rule: RuleRef,
    why: Why,
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Why {
    /// A token.
    Token,
    /// A user in the token.
    User(Absent),
    /// An organization in the token.
    Org(Absent),
    /// A role: the token has this number of others.
    Role(Result<u32, Absent>),
    /// A claim with a certain value.
    Claim,
    /// A rule that a token can satisfy.
    Rule,
    /// A path that other tokens fit.
    Path,
    /// Having stored the file.
    Upload,
}

impl Denied {
    /// By this rule, for this reason.
    pub(crate) fn new(rule: RuleRef, why: Why) -> Self {
        Self { rule, why }
    }

    /// The rule that decided.
    pub(crate) fn rule(self) -> RuleRef {
        self.rule
    }

    /// Whether another token of the same caller may be allowed it.
    pub(crate) fn is_about_the_token(self) -> bool {
        !matches!(self.why, Why::Rule)
    }

    /// One sentence for the log.
    pub(crate) fn explain(self, policy: &Policy) -> String {
        let Self { rule, why } = self;
        let area = rule.area;
        let words = rule.words(policy);
        let asked = || joined(words.iter());
        let key = rule.name(policy);
        let claim = |words: &dyn Fn(&Iam) -> String| policy.iam().map(words).unwrap_or_default();
        match why {
            Why::Token if area == Area::Public => {
                format!("no token was sent, and {key} requires {}", asked())
            }
            Why::Token => format!("no token was sent, and the {area} area requires one"),
            Why::User(absent) => {
                let reason = claim(&|iam| absent.user(iam));
                if area == Area::User {
                    return format!("the token names no user: {reason}");
                }
                format!(
                    "the token names no user, and {key} requires {}: {reason}",
                    asked()
                )
            }
            Why::Org(Absent::NotConfigured) => {
                let reason = claim(&|iam| Absent::NotConfigured.org(iam));
                format!("the org area is closed: {reason}")
            }
            Why::Org(absent) => {
                let reason = claim(&|iam| absent.org(iam));
                format!("the token names no organization: {reason}")
            }
            Why::Role(held) => {
                let roles = joined(words.iter().filter(|word| is_of_token(word)));
                let held = match held {
                    Ok(1) => "it has 1 role".to_owned(),
                    Ok(count) => format!("it has {count} roles"),
                    Err(absent) => claim(&|iam| absent.roles(iam)),
                };
                format!("the token lacks {roles}, which {key} requires: {held}")
            }
            Why::Claim => {
                let claims = joined(words.iter().filter(|word| is_of_token(word)));
                format!("the token lacks {claims}, which {key} requires")
            }
            Why::Path => format!(
                "no path that matches this token allows it, and {key} is {}",
                asked()
            ),
            Why::Rule => {
                let needs_roles = words.iter().any(|word| matches!(word, Word::Role(_)));
                let cause = match policy.iam() {
                    None => ", and there is no [iam]",
                    Some(iam) if needs_roles && !iam.names_roles() => {
                        ", and [iam] has no roles-claim"
                    }
                    Some(_) => "",
                };
                format!("no token can satisfy {key}: the rule is {}{cause}", asked())
            }
            Why::Upload => format!(
                "{key} requires {}, but the file was stored by another user or without a token",
                asked()
            ),
        }
    }
}

fn is_of_token(word: &Word) -> bool {
    matches!(word, Word::Role(_) | Word::Claim(..))
}

fn joined<'p>(words: impl Iterator<Item = &'p Word>) -> String {
    let words: Vec<String> = words.map(ToString::to_string).collect();
    words.join(" or ")
}
