//! What a policy keeps from requests without a token, and what of that another policy opens again.
//!
//! A document that has lost a path, or a rule of one, still states all that it opens. One that
//! states `public-only = true` states every default with it, also that of a rule that it has
//! lost. A host that reloads policies while serving refuses such a change, as far as the new
//! document does not state it for these very files.

use super::paths::Path;
use super::pattern::{Effort, Pattern};
use super::{Operation, Policy, Word};
use crate::area::Area;

/// How many comparisons of segments looking for what is, or goes on being, closed may take,
/// together: some tens of milliseconds. Beyond it, what an open area's paths close counts as
/// closed, and then as opened again.
const EFFORT: usize = 10_000_000;

/// The pattern that all names fit.
const EVERYTHING: &str = "**";

/// Public files that requests without a token may not do this to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closing {
    pub(crate) operation: Operation,
    /// The path's pattern as it is written; `None` if the rule is that of the area.
    pub(crate) pattern: Option<String>,
}

/// Something that is open by a rule that is about more.
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

/// What holds for a pattern is not certain: it cannot be read, or would take too much effort.
#[derive(Debug, Clone, Copy)]
struct Unknown;

impl Policy {
    /// What the area's rules close although no IAM API could tell who asks, and what the paths
    /// close of what is open around them.
    pub(crate) fn closings(&self) -> Vec<Closing> {
        let of_area = Operation::ALL
            .into_iter()
            .filter(|&operation| self.iam().is_none() && !self.is_open(operation))
            .map(|operation| Closing {
                operation,
                pattern: None,
            });
        let paths = self.paths_of_nobody();
        let mut effort = Effort::new(EFFORT);
        let of_paths = (0..paths.len()).flat_map(|at| {
            let closed = self.closed_by(&paths, at, &mut effort);
            let closing = |operation| Closing {
                operation,
                pattern: Some(paths[at].text.clone()),
            };
            closed.into_iter().map(closing).collect::<Vec<_>>()
        });
        of_area.chain(of_paths).collect()
    }

    /// What is open of what another policy closes, and not stated for these files.
    pub(crate) fn reopened(&self, closings: &[Closing]) -> Vec<Reopening> {
        let paths = self.paths_of_nobody();
        let mut effort = Effort::new(EFFORT);
        let mut reopened = Vec::new();
        // Those of one pattern follow one another.
        for closings in closings.chunk_by(|one, next| one.pattern == next.pattern) {
            let pattern = closings[0].pattern.as_deref();
            let decides = first_for(pattern.unwrap_or(EVERYTHING), &paths, &mut effort);
            let is_open = |operation: &Operation| match (decides, pattern) {
                (Err(Unknown), _) => true,
                (Ok(decides), Some(pattern)) => {
                    self.is_open_for(pattern, *operation, &paths, decides)
                }
                (Ok(decides), None) => self.is_open_by_default(*operation, decides),
            };
            let operations = closings.iter().map(|closing| closing.operation);
            let open = operations.filter(is_open);
            reopened.extend(open.map(|operation| reopening(operation, pattern)));
        }
        reopened
    }

    /// What this path keeps from requests without a token. Nothing if every name that fits it is
    /// decided by an earlier one.
    fn closed_by(&self, paths: &[Known<'_>], at: usize, effort: &mut Effort) -> Vec<Operation> {
        let (earlier, [known, later @ ..]) = paths.split_at(at) else {
            return Vec::new();
        };
        let mut closed: Vec<Operation> = Operation::ALL
            .into_iter()
            .filter(|&operation| known.closes(operation))
            .collect();
        let mut includes = |other: &Known<'_>| other.pattern.includes(known.pattern, effort);
        if closed.is_empty() || earlier.iter().any(&mut includes) {
            return Vec::new();
        }
        closed.retain(|&operation| {
            let mut opening = later.iter().filter(|later| later.opens(operation));
            self.is_open(operation) || opening.any(&mut includes)
        });
        closed
    }

    /// Whether this is open where the path `decides` is the first for all files of a pattern, and
    /// no path with this very pattern says so.
    fn is_open_for(
        &self,
        pattern: &str,
        operation: Operation,
        paths: &[Known<'_>],
        decides: Option<&Known<'_>>,
    ) -> bool {
        let mut same = paths.iter().filter(|known| known.text == pattern);
        if same.any(|known| known.opens(operation)) {
            return false;
        }
        match decides.filter(|known| known.path.rules.given(operation).is_some()) {
            Some(known) => known.opens(operation),
            None => self.is_open(operation),
        }
    }

    /// Whether this is open in the area, which does not say so.
    fn is_open_by_default(&self, operation: Operation, decides: Option<&Known<'_>>) -> bool {
        self.area(Area::Public).rules.given(operation).is_none()
            && self.is_open(operation)
            && !decides.is_some_and(|known| known.closes(operation))
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

    fn opens(&self, operation: Operation) -> bool {
        let rule = self.path.rules.given(operation);
        rule.is_some_and(|rule| rule.words.contains(&Word::Anyone))
    }
}

/// The first path that every name fits which fits this pattern, if there is one.
fn first_for<'k, 'p>(
    pattern: &str,
    paths: &'k [Known<'p>],
    effort: &mut Effort,
) -> Result<Option<&'k Known<'p>>, Unknown> {
    let encoded = Pattern::parse(pattern).map_err(|_| Unknown)?;
    let pattern = Pattern::new(&encoded);
    let mut paths = paths.iter();
    let first = paths.find(|known| known.pattern.includes(pattern, effort));
    if effort.is_used_up() {
        return Err(Unknown);
    }
    Ok(first)
}

fn reopening(operation: Operation, pattern: Option<&str>) -> Reopening {
    let operation = operation.name();
    match pattern {
        Some(pattern) => Reopening {
            what: format!("anyone may {operation} public files that match {pattern:?}"),
            statement: format!(
                "{operation} = \"anyone\" in [[public.paths]] with match = {pattern:?}"
            ),
        },
        None => Reopening {
            what: format!("anyone may {operation} public files"),
            statement: format!("{operation} = \"anyone\" in [public]"),
        },
    }
}
