//! The tests in a policy document: what its author expects of it. They are parsed on their own,
//! so that the policy in force does not carry them.

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, ValueDeserializer};

use super::Operation;
use super::error::PolicyError;
use super::payload::Payload;
use super::source::Lines;
use super::table::TableOf;
use super::text::from_text;
use crate::area::Area;

/// The maximum number of tests in a document.
const MOST_CASES: usize = 1000;
/// The maximum number of expectations of one test.
const MOST_EXPECTED: usize = 100;

/// One test.
#[derive(Debug)]
pub(crate) struct Case {
    /// Who asks; `None` without a token.
    pub(crate) subject: Option<Subject>,
    /// The line that says who asks.
    pub(crate) line: usize,
    pub(crate) expected: Vec<Expected>,
}

/// A caller who is given by name, and not by a token.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Subject {
    pub(crate) user: Option<String>,
    pub(crate) org: Option<String>,
    pub(crate) roles: Vec<String>,
    /// The other claims of the token.
    pub(crate) claims: Map<String, Value>,
}

/// What is expected of one question.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) question: Question,
    /// The answer.
    pub(crate) may: bool,
    pub(crate) line: usize,
}

/// May somebody do this to this file?
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) operation: Operation,
    pub(crate) area: Area,
    /// What follows the area: to list, it may also be empty or end in `/`.
    pub(crate) path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
struct CaseSection {
    r#as: Spanned<As>,
    #[serde(default)]
    may: Vec<Spanned<Question>>,
    #[serde(default)]
    may_not: Vec<Spanned<Question>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
struct SubjectSection {
    user: Option<String>,
    org: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    claims: Payload,
}

impl Case {
    /// The tests in a policy document, which is valid otherwise.
    ///
    /// # Errors
    /// One that cannot be read, with its line.
    pub(crate) fn parse_all(document: &str) -> Result<Vec<Self>, PolicyError> {
        let fault = |error| PolicyError::of_toml(document, &error);
        let mut table = DeTable::parse(document).map_err(fault)?;
        let Some(tests) = table.get_mut().remove("test") else {
            return Ok(Vec::new());
        };
        let tests =
            Vec::<Spanned<TableOf<CaseSection>>>::deserialize(ValueDeserializer::from(tests));
        let tests = tests.map_err(fault)?;
        let refused = |at: usize, message: &str| Err(PolicyError::at(document, at..at, message));
        if let Some(test) = tests.get(MOST_CASES) {
            let message = format!("[[test]]: a policy can have at most {MOST_CASES} tests");
            return refused(test.span().start, &message);
        }
        let lines = Lines::new(document);
        let mut cases = Vec::with_capacity(tests.len());
        for test in tests {
            let start = test.span().start;
            let TableOf(CaseSection { r#as, may, may_not }) = test.into_inner();
            match may.len() + may_not.len() {
                0 => {
                    let message = "[[test]]: it expects nothing, write something such as may = \
                                   [\"read org/plan.pdf\"], or may-not";
                    return refused(start, message);
                }
                1..=MOST_EXPECTED => {}
                _ => {
                    let message = format!(
                        "[[test]]: a test can have at most {MOST_EXPECTED} entries in may and \
                         may-not"
                    );
                    return refused(start, &message);
                }
            }
            let expected = |may| {
                let lines = &lines;
                move |written: Spanned<Question>| Expected {
                    line: lines.of(written.span().start),
                    question: written.into_inner(),
                    may,
                }
            };
            let line = lines.of(r#as.span().start);
            let As(subject) = r#as.into_inner();
            let may = may.into_iter().map(expected(true));
            let may_not = may_not.into_iter().map(expected(false));
            cases.push(Self {
                subject,
                line,
                expected: may.chain(may_not).collect(),
            });
        }
        Ok(cases)
    }
}

impl Question {
    /// It in the form of a test.
    pub(crate) fn text(&self) -> String {
        let Self {
            operation,
            area,
            path,
        } = self;
        format!("{} {area}/{path}", operation.name())
    }
}

from_text!(
    Question,
    "an operation and a file such as \"read org/plan.pdf\""
);

impl TryFrom<String> for Question {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let shown: String = text.chars().take(100).collect();
        let Some((operation, file)) = text.split_once(' ') else {
            return Err(format!(
                "{shown:?} is not an operation and a file, expected one such as \"read \
                 org/plan.pdf\""
            ));
        };
        let mut known = Operation::ALL.into_iter();
        let Some(operation) = known.find(|known| known.name() == operation) else {
            return Err(format!(
                "{shown:?} does not begin with an operation, expected \"read\", \"list\", \
                 \"create\", \"replace\" or \"delete\""
            ));
        };
        let area = file.split_once('/');
        let area = area.and_then(|(area, path)| Some((Area::parse(area)?, path)));
        let Some((area, path)) = area else {
            return Err(format!(
                "{shown:?} does not name an area, expected public/NAME, user/NAME or org/NAME \
                 after the operation"
            ));
        };
        if operation != Operation::List && (path.is_empty() || path.ends_with('/')) {
            return Err(format!(
                "{shown:?} does not name a file; only \"list\" is asked of a folder"
            ));
        }
        Ok(Self {
            operation,
            area,
            path: path.to_owned(),
        })
    }
}

/// Who asks: `"nobody"`, or a table.
struct As(Option<Subject>);

impl<'de> Deserialize<'de> for As {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsVisitor)
    }
}

struct AsVisitor;

impl<'de> Visitor<'de> for AsVisitor {
    type Value = As;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("\"nobody\" or a table such as { user = \"ann\", org = \"acme\" }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<As, E> {
        if text == "nobody" {
            return Ok(As(None));
        }
        Err(E::custom(format!(
            "{text:?} is unknown, expected \"nobody\" or a table such as {{ user = \"ann\", org = \
             \"acme\" }}"
        )))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<As, A::Error> {
        let section = SubjectSection::deserialize(MapAccessDeserializer::new(map))?;
        Ok(As(Some(Subject {
            user: section.user,
            org: section.org,
            roles: section.roles,
            claims: section.claims.into_members(),
        })))
    }
}
