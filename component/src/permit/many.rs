//! Permits for many files of an area at once.

use super::decision::Judge;
use super::key::{BlobKey, Scope};
use super::reach::bearer;
use super::{Delete, Read};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::Guard;
use crate::policy::{Operation, Policy};
use crate::problem::Problem;
use crate::token::{Caller, Owner};
use crate::url::Name;

/// Permission to read files of an area, each of which is judged.
#[derive(Debug, Clone)]
pub(crate) struct Reading<'p, 'c> {
    judge: Judge<'p, 'c>,
    scope: Scope,
}

/// Permission to delete files of an area, each of which is judged.
#[derive(Debug, Clone)]
pub(crate) struct Deleting<'p, 'c> {
    judge: Judge<'p, 'c>,
    scope: Scope,
}

/// May this caller read files of this area? Refused only where they may read none.
pub(crate) fn reading<'p, 'c>(
    policy: &'p Policy,
    caller: &'c Caller,
    area: Area,
) -> Result<Reading<'p, 'c>, Problem> {
    let judge = Judge::new(policy, caller, area);
    let scope = judge.decide_anywhere(Operation::Read)?;
    Ok(Reading { judge, scope })
}

/// May this caller delete files of this area? Refused only where they may delete none.
pub(crate) fn deleting<'p, 'c>(
    policy: &'p Policy,
    caller: &'c Caller,
    area: Area,
) -> Result<Deleting<'p, 'c>, Problem> {
    let judge = Judge::new(policy, caller, area);
    let scope = judge.decide_anywhere(Operation::Delete)?;
    Ok(Deleting { judge, scope })
}

/// The [`identity`] of those whose token names neither a user nor an organization. No [`Owner`] is
/// written like this.
pub(crate) const NAMELESS: &str = "nameless";

/// Who is asking, to tell callers apart: their user, else their organization, else [`NAMELESS`];
/// empty for those without a token.
pub(crate) fn identity(caller: &Caller) -> &str {
    let Some(bearer) = bearer(caller) else {
        return "";
    };
    let owner = bearer.user().or_else(|_| bearer.org());
    owner.map_or(NAMELESS, Owner::as_str)
}

impl Reading<'_, '_> {
    /// The permission to read this file.
    pub(crate) fn of(&self, name: Name) -> Result<Read, Problem> {
        self.judge.read(name)
    }

    /// The common prefix of the keys in this folder, which ends in `/`.
    pub(super) fn prefix(&self, folder: &str) -> String {
        self.scope.prefix(folder)
    }
}

impl Deleting<'_, '_> {
    /// The permission to delete this file.
    pub(crate) fn of(&self, name: Name) -> Result<Delete, Problem> {
        self.judge.delete(name)
    }

    /// The common prefix of the keys in this folder, which ends in `/`.
    pub(crate) fn prefix(&self, folder: &str) -> String {
        self.scope.prefix(folder)
    }
}

/// A permit for one file that the store may be asked about together with others.
pub(crate) trait OfFile {
    /// The file's key.
    fn key(&self) -> BlobKey;

    /// Whose file it has to be.
    fn guard(&self) -> Guard;
}

impl OfFile for Read {
    fn key(&self) -> BlobKey {
        Self::key(self)
    }

    fn guard(&self) -> Guard {
        self.may_read()
    }
}

impl OfFile for Delete {
    fn key(&self) -> BlobKey {
        Self::key(self)
    }

    fn guard(&self) -> Guard {
        self.may_remove()
    }
}

/// Asks the store about the files of these permits, with one call for each guard: `call` gets
/// keys and returns an outcome for each. Returns them in the order of the permits; `None` if one
/// is missing.
pub(crate) fn together<P: OfFile, T>(
    permits: &[P],
    call: impl Fn(&[&str], &Guard) -> Vec<T>,
) -> Option<Vec<T>> {
    // Two at most, since the permits are one caller's: all files, or their own.
    let mut groups: Vec<(Guard, Vec<usize>)> = Vec::new();
    for (place, permit) in permits.iter().enumerate() {
        let guard = permit.guard();
        match groups.iter_mut().find(|(known, _)| is_same(known, &guard)) {
            Some((_, places)) => places.push(place),
            None => groups.push((guard, vec![place])),
        }
    }
    let mut outcomes: Vec<Option<T>> = permits.iter().map(|_| None).collect();
    for (guard, places) in groups {
        let keys: Vec<BlobKey> = places.iter().map(|&place| permits[place].key()).collect();
        let keys: Vec<&str> = keys.iter().map(BlobKey::as_str).collect();
        for (place, outcome) in places.into_iter().zip(call(&keys, &guard)) {
            outcomes[place] = Some(outcome);
        }
    }
    outcomes.into_iter().collect()
}

fn is_same(one: &Guard, other: &Guard) -> bool {
    match (one, other) {
        (Guard::Any, Guard::Any) | (Guard::None, Guard::None) => true,
        (Guard::Uploader(one), Guard::Uploader(other)) => one == other,
        _ => false,
    }
}
