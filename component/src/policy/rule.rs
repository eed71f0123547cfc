//! Rules: the words that say who may perform an operation.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use super::Pointer;
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
    /// A token whose claim at this pointer has this value.
    Claim(Pointer, String),
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
            Self::Claim(pointer, value) => write!(f, "claim:{}={value}", pointer.as_str()),
            Self::Nobody => f.write_str("nobody"),
        }
    }
}

impl TryFrom<&str> for Word {
    type Error = String;

    fn try_from(text: &str) -> Result<Self, String> {
        if let Some(claim) = text.strip_prefix("claim:") {
            return of_claim(claim).map_err(|reason| format!("{text:?} {reason}"));
        }
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
                 \"role:NAME\", \"claim:POINTER=VALUE\" or \"nobody\"{}",
                if text.contains([',', ' ']) {
                    "; write several as a list: [\"uploader\", \"role:admin\"]"
                } else {
                    ""
                }
            )),
        }
    }
}

/// What follows `claim:`.
fn of_claim(text: &str) -> Result<Word, String> {
    let Some((pointer, value)) = text.split_once('=') else {
        return Err("has no value, expected \"claim:POINTER=VALUE\"".to_owned());
    };
    if value.is_empty() || value.trim() != value {
        return Err("has a value that is empty, or begins or ends with a space".to_owned());
    }
    let pointer = Pointer::try_from(pointer.to_owned())
        .map_err(|reason| format!("has a pointer that cannot be read: {reason}"))?;
    Ok(Word::Claim(pointer, value.to_owned()))
}

impl TryFrom<String> for Word {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::try_from(text.as_str())
    }
}

/// The rules that a document states for one area, or for one path.
#[derive(Debug, Default, BorshSerialize, BorshDeserialize)]
pub(super) struct Rules {
    pub(super) read: Option<Rule>,
    pub(super) list: Option<Rule>,
    pub(super) create: Option<Rule>,
    pub(super) replace: Option<Rule>,
    pub(super) delete: Option<Rule>,
}

impl Rules {
    pub(super) fn given(&self, operation: Operation) -> Option<&Rule> {
        let rule = match operation {
            Operation::Read => &self.read,
            Operation::List => &self.list,
            Operation::Create => &self.create,
            Operation::Replace => &self.replace,
            Operation::Delete => &self.delete,
        };
        rule.as_ref()
    }

    /// Rules that allow nobody anything.
    pub(super) fn closed() -> Self {
        let nobody = || {
            Some(Rule {
                words: vec![Word::Nobody],
                line: 0,
            })
        };
        Self {
            read: nobody(),
            list: nobody(),
            create: nobody(),
            replace: nobody(),
            delete: nobody(),
        }
    }

    /// All that are given.
    pub(super) fn all(&self) -> impl Iterator<Item = &Rule> {
        Operation::ALL
            .into_iter()
            .filter_map(|operation| self.given(operation))
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

/// A rule of a document.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(super) struct Rule {
    /// One at least, of which one must match.
    pub(super) words: Vec<Word>,
    /// Where it is written.
    pub(super) line: u32,
}

/// One or more words, as written: a string, or a list of strings.
#[derive(Debug)]
pub(super) struct Words(pub(super) Vec<Word>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

from_text!(Word, "a word such as \"signed-in\"");

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rule (one word or a list of words)")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Words, E> {
        Word::try_from(text)
            .map(|word| Words(vec![word]))
            .map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Words, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = seq.next_element()? {
            words.push(word);
        }
        if words.is_empty() {
            return Err(A::Error::custom(
                "a rule needs at least one word; \"nobody\" allows no one",
            ));
        }
        Ok(Words(words))
    }
}
