//! Permits to store: to create, to replace, or both.

use std::borrow::Cow;

use super::asked::Asker;
use super::decision::Judge;
use super::grant::{DropGrant, LinkLimits};
use super::key::{BlobKey, Scope};
use super::reach::Reach;
use super::refusals::Refusals;
use super::uploader::{Anonymous, Pseudonym, Uploader};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::Guard;
use crate::policy::{Applied, AreaLimits, Operation, Policy, RuleRef};
use crate::problem::Problem;
use crate::token::Caller;
use crate::url::Name;

/// Permission to store one file.
#[derive(Debug, Clone)]
pub(crate) struct Store<'p> {
    pub(super) scope: Scope,
    pub(super) name: Name,
    pub(super) limits: Cow<'p, AreaLimits>,
    /// Those of the link that it comes from.
    pub(super) narrowed: LinkLimits,
    pub(super) uploader: Option<Uploader>,
    /// Whether it was given without a token: to a caller or, for a link, to its maker.
    pub(super) without_token: bool,
    pub(super) create: Result<(), Problem>,
    pub(super) replace: Result<Reach, Problem>,
    /// The rules of both.
    pub(super) rules: [RuleRef; 2],
    /// Who is asked about once more when size and type are known; nobody for a link.
    pub(super) asker: Option<Asker>,
}

/// Permission to store files whose names are not known yet.
#[derive(Debug, Clone)]
pub(crate) struct Storing<'p, 'c> {
    scope: Scope,
    authority: Authority<'p, 'c>,
    /// In place of the caller.
    pseudonym: Option<Pseudonym>,
    creating_only: bool,
}

/// What decides about each file.
#[derive(Debug, Clone)]
enum Authority<'p, 'c> {
    Policy(Judge<'p, 'c>),
    /// A link: everything in its folder may be stored.
    Link(&'p Policy, Box<DropGrant>),
}

/// May this caller store this file? Refused only where they may neither create nor replace.
pub(crate) fn store<'p>(
    policy: &'p Policy,
    caller: &Caller,
    area: Area,
    name: Name,
) -> Result<Store<'p>, Problem> {
    Judge::new(policy, caller, area).store(name)
}

impl<'p> Judge<'p, '_> {
    fn store(self, name: Name) -> Result<Store<'p>, Problem> {
        let applied = self.applied(name.as_str());
        let decide = |operation| self.decide_by(operation, name.as_str(), &applied);
        let (create, replace) = (decide(Operation::Create), decide(Operation::Replace));
        let scope = either(
            create.as_ref().map(|granted| &granted.scope),
            replace.as_ref().map(|granted| &granted.scope),
        )?;
        let (create, replace) = (create.map(drop), replace.map(|granted| granted.reach));
        Ok(self.permit(scope, name, &applied, create, replace))
    }

    /// The permit for a file that is there: only to replace it.
    pub(super) fn replace(self, name: Name) -> Result<Store<'p>, Problem> {
        let applied = self.applied(name.as_str());
        let granted = self.decide_by(Operation::Replace, name.as_str(), &applied)?;
        let (create, replace) = (Err(Problem::NotFound), Ok(granted.reach));
        Ok(self.permit(granted.scope, name, &applied, create, replace))
    }

    fn permit(
        self,
        scope: Scope,
        name: Name,
        applied: &Applied<'p>,
        create: Result<(), Problem>,
        replace: Result<Reach, Problem>,
    ) -> Store<'p> {
        Store {
            scope,
            name,
            limits: applied.limits(),
            narrowed: LinkLimits::default(),
            uploader: self.uploader(),
            without_token: self.is_without_token(),
            create,
            replace,
            rules: [Operation::Create, Operation::Replace].map(|operation| applied.rule(operation)),
            asker: Some(Asker::of(self.caller)),
        }
    }
}

/// May this caller store files in this area? Refused only where they may neither create nor
/// replace any.
pub(crate) fn storing<'p, 'c>(
    policy: &'p Policy,
    caller: &'c Caller,
    area: Area,
) -> Result<Storing<'p, 'c>, Problem> {
    let judge = Judge::new(policy, caller, area);
    let (create, replace) = (
        judge.decide_anywhere(Operation::Create),
        judge.decide_anywhere(Operation::Replace),
    );
    Ok(Storing {
        scope: either(create.as_ref(), replace.as_ref())?,
        authority: Authority::Policy(judge),
        pseudonym: None,
        creating_only: false,
    })
}

/// The scope of those that are allowed.
fn either(
    create: Result<&Scope, &Problem>,
    replace: Result<&Scope, &Problem>,
) -> Result<Scope, Problem> {
    match (create, replace) {
        (Ok(scope), _) | (_, Ok(scope)) => Ok(scope.clone()),
        // A token may help with one of them, even if not with the other.
        (Err(Problem::Forbidden(_)), Err(problem)) | (Err(problem), Err(_)) => Err(problem.clone()),
    }
}

impl<'p, 'c> Storing<'p, 'c> {
    /// What a link permits that is for a folder.
    pub(super) fn by_link(policy: &'p Policy, grant: DropGrant) -> Self {
        Self {
            scope: grant.terms.scope.clone(),
            authority: Authority::Link(policy, Box::new(grant)),
            pseudonym: None,
            creating_only: true,
        }
    }

    /// The area that files are stored in.
    pub(crate) fn area(&self) -> Area {
        self.scope.area()
    }

    /// The permission to store this file.
    pub(crate) fn of(&self, name: Name) -> Result<Store<'p>, Problem> {
        let store = match &self.authority {
            Authority::Policy(judge) => judge.store(name)?,
            Authority::Link(policy, grant) => grant.store(policy, name)?,
        };
        let store = match &self.pseudonym {
            Some(pseudonym) => store.under(pseudonym.clone()),
            None => store,
        };
        if self.creating_only {
            store.creating_only()
        } else {
            Ok(store)
        }
    }

    /// The same permit, but for creating only.
    pub(crate) fn creating_only(mut self) -> Result<Self, Problem> {
        if let Authority::Policy(judge) = &self.authority {
            judge.decide_anywhere(Operation::Create)?;
        }
        self.creating_only = true;
        Ok(self)
    }

    /// What distinguishes uploads of this scope from all others.
    pub(crate) fn mark(&self) -> String {
        self.scope.prefix("")
    }

    /// What decides, if that is the policy.
    pub(super) fn judge(&self) -> Option<Judge<'p, 'c>> {
        match &self.authority {
            Authority::Policy(judge) => Some(*judge),
            Authority::Link(..) => None,
        }
    }

    pub(super) fn into_scope(self) -> Scope {
        self.scope
    }

    /// The common prefix of the keys in this folder, which ends in `/`.
    pub(super) fn prefix(&self, folder: &str) -> String {
        self.scope.prefix(folder)
    }
}

impl Anonymous for Storing<'_, '_> {
    fn is_anonymous(&self) -> bool {
        let without_token = match &self.authority {
            Authority::Policy(judge) => judge.is_without_token(),
            Authority::Link(_, grant) => grant.terms.without_token,
        };
        self.scope == Scope::Public && without_token
    }

    fn under(mut self, pseudonym: Pseudonym) -> Self {
        self.pseudonym = Some(pseudonym);
        self
    }
}

impl Store<'_> {
    /// The area that the file is stored in.
    pub(crate) fn area(&self) -> Area {
        self.scope.area()
    }

    /// The file's name.
    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// The key under which it is stored.
    pub(crate) fn key(&self) -> BlobKey {
        self.scope.key(&self.name)
    }

    /// The same permit, but for creating only.
    pub(crate) fn creating_only(mut self) -> Result<Self, Problem> {
        self.create.clone()?;
        self.replace = Err(Problem::AlreadyExists);
        Ok(self)
    }

    /// Whether it allows more than to replace what the caller has stored.
    pub(crate) fn is_not_only_for_own(&self) -> bool {
        self.create.is_ok() || matches!(self.replace, Ok(Reach::All))
    }

    /// Whether a new file may be created.
    pub(super) fn may_create(&self) -> bool {
        self.create.is_ok()
    }

    /// Whose file may be replaced.
    pub(super) fn may_replace(&self) -> Guard {
        self.replace.as_ref().map_or(Guard::None, Reach::guard)
    }

    /// The problem to answer with if the store refuses.
    pub(crate) fn refusals(&self) -> Refusals {
        Refusals::of_storing(self.rules, &self.create, &self.replace, self.max_size())
    }
}

impl Anonymous for Store<'_> {
    fn is_anonymous(&self) -> bool {
        self.scope == Scope::Public && self.without_token
    }

    fn under(mut self, pseudonym: Pseudonym) -> Self {
        self.uploader = Some(Uploader::Anonymous(pseudonym));
        self
    }
}
