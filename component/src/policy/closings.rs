//! What a policy keeps from requests without a token although the area is open to them, and what
//! of that another policy opens again.
//!
//! A document that has lost a path, or a rule of one, still states all that it opens. A host that
//! reloads policies while serving refuses such a change, as far as the new document does not
//! state it for these very files.

use super::paths::Path;
use super::pattern::{Effort, Pattern};
use super::{Operation, Policy, Word};
use crate::area::Area;

/// How many comparisons of segments looking for what may go on being closed may take, together:
/// some tens of milliseconds. What is beyond counts as open.
const EFFORT: usize = 10_000_000;

/// Public files that requests without a token may not do this to, by a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closing {
    pub(crate) operation: Operation,
    /// The path's pattern as it is written.
    pub(crate) pattern: String,
}

/// Something that is open by inheritance.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reopening {
    /// What is open, as a clause.
    pub(crate) what: String,
    /// How a document states it.
    pub(crate) statement: String,
}

/// A path that decides about the same names whatever the token.
struct Known<'p> {
    pattern: Pattern<'p>,
    text: String,
    path: Path,
}

impl Policy {
    /// What the paths close of what the area opens to requests without a token.
    pub(crate) fn closings(&self) -> Vec<Closing> {
        let paths = self.paths_of_nobody();
        let of_path = |known: &Known<'_>| {
            let closed = Operation::ALL
                .into_iter()
                .filter(|&operation| self.is_open(operation) && known.closes(operation));
            let closing = |operation| Closing {
                operation,
                pattern: known.text.clone(),
            };
            closed.map(closing).collect::<Vec<_>>()
        };
        paths.iter().flat_map(of_path).collect()
    }

    /// What is open of what another policy closes, and not stated for these files.
    pub(crate) fn reopened(&self, closings: &[Closing]) -> Vec<Reopening> {
        let paths = self.paths_of_nobody();
        let mut effort = Effort::new(EFFORT);
        let mut reopened = Vec::new();
        for closing in closings {
            let Closing { operation, pattern } = closing;
            if self.is_open(*operation) && !is_decided(closing, &paths, &mut effort) {
                let operation = operation.name();
                reopened.push(Reopening {
                    what: format!("anyone may {operation} public files that match {pattern:?}"),
                    statement: format!(
                        "{operation} = \"anyone\" in [[public.paths]] with match = {pattern:?}"
                    ),
                });
            }
        }
        reopened
    }

    fn is_open(&self, operation: Operation) -> bool {
        self.rule(Area::Public, operation).contains(&Word::Anyone)
    }

    /// The paths of public files that decide about requests without a token.
    fn paths_of_nobody(&self) -> Vec<Known<'_>> {
        let entries = self.paths(Area::Public).entries();
        let entries = entries.filter(|entry| !entry.pattern.depends_on_token());
        let known = entries.map(|entry| Known {
            pattern: entry.pattern,
            text: entry.pattern.to_string(),
            path: entry.path(),
        });
        known.collect()
    }
}

impl Known<'_> {
    fn closes(&self, operation: Operation) -> bool {
        let rule = self.path.rules.given(operation);
        rule.is_some_and(|rule| !rule.words.contains(&Word::Anyone))
    }
}

/// Whether these paths say themselves what holds for the files of a closing, or keep them closed
/// with others.
fn is_decided(closing: &Closing, paths: &[Known<'_>], effort: &mut Effort) -> bool {
    let Closing { operation, pattern } = closing;
    let mut same = paths.iter().filter(|known| known.text == *pattern);
    if same.any(|known| known.path.rules.given(*operation).is_some()) {
        return true;
    }
    let Ok(encoded) = Pattern::parse(pattern) else {
        return false;
    };
    let pattern = Pattern::new(&encoded);
    let mut paths = paths.iter();
    let wider = paths.find(|known| known.pattern.includes(pattern, effort));
    wider.is_some_and(|known| known.closes(*operation))
}
