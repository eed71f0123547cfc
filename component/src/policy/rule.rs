//! Rules: the words that say who may perform an operation.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use super::text::from_text;
use crate::area::Area;

/// The operation that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Operation {
    /// Downloading, and making links.
    Read,
    /// Listing names.
    List,
    /// Storing under a name that does not exist.
    Create,
    /// Storing under a name that exists.
    Replace,
    /// Deleting.
    Delete,
}

impl Operation {
    /// All operations, in the order of the documentation.
    pub(crate) const ALL: [Self; 5] = [
        Self::Read,
        Self::List,
        Self::Create,
        Self::Replace,
        Self::Delete,
    ];

    /// Whether it is about an existing file, which has an uploader.
    pub(crate) fn is_about_a_file(self) -> bool {
        matches!(self, Self::Read | Self::Replace | Self::Delete)
    }

    /// The key under which a policy writes the rule.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Delete => "delete",
        }
    }
}

/// One word of a rule.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Word {
    /// Everyone; in the user and org areas, the owner or the members.
    Anyone,
    /// Any valid token.
    SignedIn,
    /// The user whose token stored the file.
    Uploader,
    /// A token with this role.
    Role(String),
    /// No one.
    Nobody,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone"),
            Self::SignedIn => f.write_str("signed-in"),
            Self::Uploader => f.write_str("uploader"),
            Self::Role(role) => write!(f, "role:{role}"),
            Self::Nobody => f.write_str("nobody"),
        }
    }
}

impl TryFrom<&str> for Word {
    type Error = String;

    fn try_from(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("role:")) {
            ("anyone", _) => Ok(Self::Anyone),
            ("signed-in", _) => Ok(Self::SignedIn),
            ("uploader", _) => Ok(Self::Uploader),
            ("nobody", _) => Ok(Self::Nobody),
            (_, Some(role)) if !role.is_empty() && role.trim() == role => {
                Ok(Self::Role(role.to_owned()))
            }
            _ => Err(format!(
                "unknown word {text:?}, expected \"anyone\", \"signed-in\", \"uploader\", \
                 \"role:NAME\" or \"nobody\"{}",
                if text.contains([',', ' ']) {
                    "; write several as a list: [\"uploader\", \"role:admin\"]"
                } else {
                    ""
                }
            )),
        }
    }
}

impl TryFrom<String> for Word {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::try_from(text.as_str())
    }
}

/// The rules that a document states for one area.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(super) struct Rules {
    pub(super) read: Option<Rule>,
    pub(super) list: Option<Rule>,
    pub(super) create: Option<Rule>,
    pub(super) replace: Option<Rule>,
    pub(super) delete: Option<Rule>,
}

impl Rules {
    pub(super) fn given(&self, operation: Operation) -> Option<&[Word]> {
        let rule = match operation {
            Operation::Read => &self.read,
            Operation::List => &self.list,
            Operation::Create => &self.create,
            Operation::Replace => &self.replace,
            Operation::Delete => &self.delete,
        };
        rule.as_ref().map(|Rule(words)| words.as_slice())
    }
}

/// The rule that applies if a document does not state one.
pub(super) fn default(iam: bool, area: Area, operation: Operation) -> &'static [Word] {
    match (area, operation) {
        (Area::Public, Operation::List) if iam => &[Word::SignedIn],
        (Area::Public, Operation::Replace | Operation::Delete) if iam => &[Word::Uploader],
        _ => &[Word::Anyone],
    }
}

/// One or more words, as written: a string, or a list of strings.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(super) struct Rule(Vec<Word>);

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RuleVisitor)
    }
}

from_text!(Word, "a word such as \"signed-in\"");

struct RuleVisitor;

impl<'de> Visitor<'de> for RuleVisitor {
    type Value = Rule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rule (one word or a list of words)")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Rule, E> {
        Word::try_from(text)
            .map(|word| Rule(vec![word]))
            .map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Rule, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = seq.next_element()? {
            words.push(word);
        }
        if words.is_empty() {
            return Err(A::Error::custom(
                "a rule needs at least one word; \"nobody\" allows no one",
            ));
        }
        Ok(Rule(words))
    }
}
