//! The paths of an area for a list, which has hundreds of names judged: what a path allows the
//! caller is found out once, and only where a name may fit it.

use std::cell::Cell;
use std::collections::BTreeSet;

use super::Policy;
use super::applied::Applied;
use super::facts::Facts;
use super::paths::Entry;
use super::pattern::{Coverage, Meaning, Next};
use crate::area::Area;

/// One operation of one caller.
#[derive(Debug, Clone)]
pub(crate) struct Sieve<'p> {
    policy: &'p Policy,
    area: Area,
    paths: Vec<Sifted<'p>>,
    /// For the names that fit no path.
    rest: Cell<Option<bool>>,
}

#[derive(Debug, Clone)]
struct Sifted<'p> {
    entry: Entry<'p>,
    may: Cell<Option<bool>>,
}

impl<'p> Sieve<'p> {
    pub(super) fn new(policy: &'p Policy, area: Area) -> Self {
        let entries = policy.paths(area).entries();
        let sifted = |entry| Sifted {
            entry,
            may: Cell::new(None),
        };
        Self {
            policy,
            area,
            paths: entries.map(sifted).collect(),
            rest: Cell::new(None),
        }
    }

    /// Whether they may, by what applies to the file with this name. `may` decides.
    pub(crate) fn allows(
        &self,
        name: &str,
        facts: &Facts,
        may: impl Fn(&Applied<'_>) -> bool,
    ) -> bool {
        let mut paths = self.paths.iter();
        let path = paths.find(|path| path.entry.pattern.fits(name, Meaning::Of(facts)));
        self.weigh(path, may)
    }

    /// Whether they may for some of the names that start with `prefix`, and for all.
    pub(crate) fn allows_within(
        &self,
        prefix: &str,
        facts: &Facts,
        may: impl Fn(&Applied<'_>) -> bool,
    ) -> (bool, bool) {
        let (mut some, mut all) = (false, true);
        for path in &self.paths {
            let coverage = path.entry.pattern.coverage(prefix, Meaning::Of(facts));
            if coverage == Coverage::None {
                continue;
            }
            let may = self.weigh(Some(path), &may);
            (some, all) = (some || may, all && may);
            if coverage == Coverage::All || (some && !all) {
                return (some, all);
            }
        }
        let may = self.weigh(None, may);
        (some || may, all && may)
    }

    /// The only segments that can come next in the names that start with `prefix` and for which
    /// they may, each once and whole where `prefix` ends amid one. `None` if there may be others.
    pub(crate) fn next_segments(
        &self,
        prefix: &str,
        facts: &Facts,
        may: impl Fn(&Applied<'_>) -> bool,
    ) -> Option<Vec<String>> {
        let meaning = Meaning::Of(facts);
        let mut all = BTreeSet::new();
        for path in &self.paths {
            let pattern = path.entry.pattern;
            let coverage = pattern.coverage(prefix, meaning);
            if coverage != Coverage::None && self.weigh(Some(path), &may) {
                match pattern.next(prefix, meaning) {
                    Next::Only(segments) => all.extend(segments.into_iter().map(str::to_owned)),
                    Next::Any => return None,
                }
            }
            if coverage == Coverage::All {
                return Some(all.into_iter().collect());
            }
        }
        (!self.weigh(None, may)).then(|| all.into_iter().collect())
    }

    fn weigh(&self, path: Option<&Sifted<'p>>, may: impl Fn(&Applied<'_>) -> bool) -> bool {
        let known = path.map_or(&self.rest, |path| &path.may);
        known.get().unwrap_or_else(|| {
            let entry = path.map(|path| path.entry);
            let allowed = may(&self.policy.applied_by(self.area, entry));
            known.set(Some(allowed));
            allowed
        })
    }
}
