//! What a policy says about one name: the rules and limits of the first path that it fits, and
//! for the rest those of its area.

use std::borrow::Cow;

use super::facts::Facts;
use super::fields::CacheControl;
use super::paths::{Entry, Path};
use super::pattern::Meaning;
use super::rule::{self, Rule};
use super::{AreaLimits, Operation, Policy, Sieve, Word};
use crate::area::Area;
use borsh::{BorshDeserialize, BorshSerialize};

/// The part of a policy that decides about one name.
#[derive(Debug)]
pub(crate) struct Applied<'p> {
    policy: &'p Policy,
    area: Area,
    path: Option<(u16, Path)>,
}

/// Which rule decides: that of an area, or of one of its paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct RuleRef {
    pub(crate) area: Area,
    pub(crate) operation: Operation,
    /// The position of the path, if it has such a rule.
    path: Option<u16>,
}

impl Policy {
    /// What applies to this name for a token that says this.
    pub(crate) fn applied(&self, area: Area, name: &str, facts: &Facts) -> Applied<'_> {
        let entry = self.paths(area).first(name, Meaning::Of(facts));
        self.applied_by(area, entry)
    }

    /// What may apply to this name for one token or another.
    pub(crate) fn applied_to_any(&self, area: Area, name: &str) -> Vec<Applied<'_>> {
        let (entries, is_all) = self.paths(area).candidates(name);
        self.each(area, entries, is_all)
    }

    /// What applies to the names that start with `prefix` for a token that says this: to each of
    /// them one of these.
    pub(crate) fn applied_within(
        &self,
        area: Area,
        prefix: &str,
        facts: &Facts,
    ) -> Vec<Applied<'_>> {
        let (entries, is_all) = self.paths(area).within(prefix, Meaning::Of(facts));
        self.each(area, entries, is_all)
    }

    /// The same for one token or another.
    pub(crate) fn applied_within_to_any(&self, area: Area, prefix: &str) -> Vec<Applied<'_>> {
        let (entries, is_all) = self.paths(area).within(prefix, Meaning::OfAny);
        self.each(area, entries, is_all)
    }

    /// What applies to names that fit no path.
    pub(crate) fn applied_elsewhere(&self, area: Area) -> Applied<'_> {
        self.applied_by(area, None)
    }

    /// The paths of an area, for a caller of whom many names are judged.
    pub(crate) fn sieve(&self, area: Area) -> Sieve<'_> {
        Sieve::new(self, area)
    }

    /// What applies to the area and to each of its paths.
    pub(crate) fn all_applied(&self, area: Area) -> Vec<Applied<'_>> {
        self.each(area, self.paths(area).entries(), false)
    }

    /// Whether it may depend on the token which path of this area decides.
    pub(crate) fn depends_on_token(&self, area: Area) -> bool {
        let mut entries = self.paths(area).entries();
        entries.any(|entry| entry.pattern.depends_on_token())
    }

    /// Whether names of this area are all judged alike.
    pub(crate) fn is_uniform(&self, area: Area) -> bool {
        self.paths(area).is_empty()
    }

    fn each<'p>(
        &'p self,
        area: Area,
        entries: impl IntoIterator<Item = Entry<'p>>,
        is_all: bool,
    ) -> Vec<Applied<'p>> {
        let paths = entries.into_iter().map(Some);
        let rest = (!is_all).then_some(None);
        let all = paths.chain(rest);
        all.map(|entry| self.applied_by(area, entry)).collect()
    }

    pub(super) fn applied_by(&self, area: Area, entry: Option<Entry<'_>>) -> Applied<'_> {
        Applied {
            policy: self,
            area,
            path: entry.map(|entry| (entry.index, entry.path())),
        }
    }
}

impl Applied<'_> {
    /// The words of the rule, of which one must match.
    pub(crate) fn words(&self, operation: Operation) -> &[Word] {
        match self.given(operation) {
            Some(rule) => &rule.words,
            None => rule::default(self.policy.iam().is_some(), self.area, operation),
        }
    }

    /// Which rule that is.
    pub(crate) fn rule(&self, operation: Operation) -> RuleRef {
        let of_path = self.path.as_ref();
        let of_path = of_path.filter(|(_, path)| path.rules.given(operation).is_some());
        RuleRef {
            area: self.area,
            operation,
            path: of_path.map(|(index, _)| *index),
        }
    }

    fn given(&self, operation: Operation) -> Option<&Rule> {
        let of_path = self.path.as_ref();
        let of_path = of_path.and_then(|(_, path)| path.rules.given(operation));
        of_path.or_else(|| self.policy.area(self.area).rules.given(operation))
    }

    /// The `Cache-Control` that the policy states for the file, which is public: the path's, or
    /// the area's where anyone may read.
    pub(super) fn cache_control(&self) -> Option<&str> {
        let of_path = self.path.as_ref();
        let of_path = of_path.and_then(|(_, path)| path.cache_control.as_ref());
        let of_area = || {
            let given = self.policy.stated.cache_control.as_ref();
            given.filter(|_| self.path.is_none() || self.anyone_reads())
        };
        of_path.or_else(of_area).map(CacheControl::as_str)
    }

    pub(super) fn anyone_reads(&self) -> bool {
        self.words(Operation::Read).contains(&Word::Anyone)
    }
}

impl<'p> Applied<'p> {
    /// What may be stored.
    pub(crate) fn limits(&self) -> Cow<'p, AreaLimits> {
        let of_area = &self.policy.area(self.area).limits;
        let stated = self.path.as_ref().map(|(_, path)| path);
        let stated =
            stated.filter(|path| path.max_file_size.is_some() || path.content_types.is_some());
        let Some(path) = stated else {
            return Cow::Borrowed(of_area);
        };
        let content_types = path.content_types.as_ref();
        Cow::Owned(AreaLimits {
            max_file_size: path.max_file_size.unwrap_or(of_area.max_file_size),
            content_types: content_types.unwrap_or(&of_area.content_types).clone(),
        })
    }
}

impl Policy {
    /// What may be stored under this name by those who could store most there: for an upload
    /// link, which says itself what its maker could.
    pub(crate) fn loosest_limits(&self, area: Area, name: &str) -> Cow<'_, AreaLimits> {
        if self.is_uniform(area) {
            return Cow::Borrowed(&self.area(area).limits);
        }
        let all = self.applied_to_any(area, name);
        let mut limits = all.iter().map(Applied::limits);
        let first = limits.next();
        let first = first.unwrap_or_else(|| Cow::Borrowed(&self.area(area).limits));
        limits.fold(first, |one, other| {
            let types = one.content_types.iter().chain(&other.content_types);
            Cow::Owned(AreaLimits {
                max_file_size: one.max_file_size.max(other.max_file_size),
                content_types: types.cloned().collect(),
            })
        })
    }
}

impl RuleRef {
    /// The rule of the area itself.
    pub(crate) fn of_area(area: Area, operation: Operation) -> Self {
        Self {
            area,
            operation,
            path: None,
        }
    }

    /// Its words.
    pub(crate) fn words(self, policy: &Policy) -> Vec<Word> {
        self.applied(policy).words(self.operation).to_vec()
    }

    /// The rule as the operator finds it in the document.
    pub(crate) fn name(self, policy: &Policy) -> String {
        let Self {
            area, operation, ..
        } = self;
        let applied = self.applied(policy);
        let entry = self.path.and_then(|index| policy.paths(area).at(index));
        let key = match entry.map(|entry| entry.pattern.to_string()) {
            Some(pattern) => format!("{area}.paths {pattern:?} {}", operation.name()),
            None => format!("{area}.{}", operation.name()),
        };
        match applied.given(operation) {
            Some(rule) if rule.line > 0 => format!("{key} (line {})", rule.line),
            Some(_) => key,
            None => format!("{key} (the default)"),
        }
    }

    fn applied(self, policy: &Policy) -> Applied<'_> {
        let entry = self
            .path
            .and_then(|index| policy.paths(self.area).at(index));
        policy.applied_by(self.area, entry)
    }
}
