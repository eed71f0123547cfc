//! The one decision behind every permit: area, path, rule and caller.

use super::asked::{self, Answer, Content, Question};
use super::key::Scope;
use super::reach::{Reach, bearer, reach, token_could_meet};
use super::reported;
use super::uploader::Uploader;
use crate::area::Area;
use crate::policy::{Absent, Applied, Denied, Iam, Operation, Policy, RuleRef, Why};
use crate::problem::Problem;
use crate::token::Caller;

/// What a rule permits, and which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) scope: Scope,
    pub(super) reach: Reach,
    pub(super) rule: RuleRef,
    /// Whether a component that is asked before the policy permits it, whatever the rule says.
    pub(super) is_overruled: bool,
}

/// How names are judged that start alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// None of them may be, whatever they are.
    Closed,
    /// All of them may be.
    Open,
    /// Each has to be looked at.
    Mixed,
}

/// Decides what a caller may do in an area.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judge<'p, 'c> {
    pub(super) policy: &'p Policy,
    pub(super) caller: &'c Caller,
    pub(super) area: Area,
}

impl<'p, 'c> Judge<'p, 'c> {
    pub(super) fn new(policy: &'p Policy, caller: &'c Caller, area: Area) -> Self {
        Self {
            policy,
            caller,
            area,
        }
    }

    /// Whether the caller may do this to the file with this name.
    pub(super) fn decide(self, operation: Operation, name: &str) -> Result<Granted, Problem> {
        self.decide_by(operation, name, &self.applied(name))
    }

    /// What the policy says about the file with this name.
    pub(super) fn applied(self, name: &str) -> Applied<'p> {
        self.policy.applied(self.area, name, self.caller.facts())
    }

    /// The same as [`Judge::decide`], by what [`Judge::applied`] returned.
    pub(super) fn decide_by(
        self,
        operation: Operation,
        name: &str,
        applied: &Applied<'_>,
    ) -> Result<Granted, Problem> {
        let others = || self.policy.applied_to_any(self.area, name);
        let decided = self.enter().and_then(|enter| {
            let by_policy = |enter| self.weigh(operation, enter, applied, others);
            self.ask(operation, name, enter, by_policy)
        });
        // Of a list, what was asked for is reported, and not each name in it.
        if operation != Operation::List {
            reported::report(self, operation, name, &decided);
        }
        decided
    }

    /// Whether there may be a file that the caller may do this to: an answer that does not have
    /// to know which.
    pub(super) fn decide_anywhere(self, operation: Operation) -> Result<Scope, Problem> {
        let decided = self.anywhere(operation);
        // Otherwise each file is decided.
        if decided.is_err() {
            reported::report(self, operation, "", &decided);
        }
        decided.map(|Granted { scope, .. }| scope)
    }

    /// How files are judged whose names start with `prefix`, which may be empty.
    ///
    /// # Errors
    /// The problem of all of them, if none may be.
    pub(super) fn decide_within(
        self,
        operation: Operation,
        prefix: &str,
    ) -> Result<Scope, Problem> {
        let decided = self.within(operation, prefix);
        reported::report(self, operation, prefix, &decided);
        decided.map(|Granted { scope, .. }| scope)
    }

    /// The same as [`Judge::decide_anywhere`], with the rule that decides.
    pub(super) fn anywhere(self, operation: Operation) -> Result<Granted, Problem> {
        // Each file is asked about.
        if asked::IS_ASKED
            && let Ok(scope) = self.enter()?
        {
            return Ok(self.overruled(scope, operation));
        }
        let rest = self.policy.applied_elsewhere(self.area);
        let all = || self.policy.all_applied(self.area);
        let own = || {
            if self.reach(operation, &rest).is_ok() {
                return vec![rest];
            }
            all()
        };
        self.decide_any(operation, self.enter()?, own, all)
    }

    /// The same as [`Judge::decide_within`], with a rule that decides about some of them.
    pub(super) fn within(self, operation: Operation, prefix: &str) -> Result<Granted, Problem> {
        let (area, facts) = (self.area, self.caller.facts());
        let own = || self.policy.applied_within(area, prefix, facts);
        let others = || self.policy.applied_within_to_any(area, prefix);
        let by_policy = |enter| self.decide_any(operation, enter, own, others);
        self.ask(operation, prefix, self.enter()?, by_policy)
    }

    /// What applies to the names that start with `prefix`.
    ///
    /// # Errors
    /// There may be a name for which the caller may not.
    pub(super) fn decide_all(
        self,
        operation: Operation,
        prefix: &str,
    ) -> Result<Vec<Applied<'p>>, Problem> {
        let facts = self.caller.facts();
        let all = self.policy.applied_within(self.area, prefix, facts);
        let others = || self.policy.applied_within_to_any(self.area, prefix);
        let by_policy = |enter: Result<Scope, Why>| {
            let mut granted = Err(Problem::Internal);
            for applied in &all {
                granted = Ok(self.weigh(operation, enter.clone(), applied, others)?);
            }
            granted
        };
        self.ask(operation, prefix, self.enter()?, by_policy)?;
        Ok(all)
    }

    /// Who is recorded as having stored a file.
    pub(super) fn uploader(self) -> Option<Uploader> {
        let user = bearer(self.caller)?.user().ok()?;
        Some(Uploader::User(user.clone()))
    }

    /// Whether the caller has no token.
    pub(super) fn is_without_token(self) -> bool {
        bearer(self.caller).is_none()
    }

    /// Whether what applies lets the caller, who has entered the area, do this.
    pub(super) fn may(self, operation: Operation, applied: &Applied<'_>) -> bool {
        self.reach(operation, applied).is_ok()
    }

    /// What a component decides that is asked before the policy, else what the policy decides.
    /// Whoever may not enter the area is not asked about.
    fn ask(
        self,
        operation: Operation,
        name: &str,
        enter: Result<Scope, Why>,
        by_policy: impl FnOnce(Result<Scope, Why>) -> Result<Granted, Problem>,
    ) -> Result<Granted, Problem> {
        let Ok(scope) = enter else {
            return by_policy(enter);
        };
        let question = Question {
            operation,
            area: self.area,
            name,
            content: Content::default(),
        };
        match asked::ask(self.caller, question) {
            Answer::ByPolicy => by_policy(Ok(scope)),
            Answer::Allow => Ok(self.overruled(scope, operation)),
            Answer::Deny(reason) => Err(Problem::Overruled(reason)),
        }
    }

    fn overruled(self, scope: Scope, operation: Operation) -> Granted {
        Granted {
            scope,
            reach: Reach::All,
            rule: RuleRef::of_area(self.area, operation),
            is_overruled: true,
        }
    }

    fn decide_any(
        self,
        operation: Operation,
        enter: Result<Scope, Why>,
        own: impl FnOnce() -> Vec<Applied<'p>>,
        others: impl FnOnce() -> Vec<Applied<'p>>,
    ) -> Result<Granted, Problem> {
        let applied = own();
        let may = |applied: &&Applied<'_>| self.reach(operation, applied).is_ok();
        // The last one is the most general, and there is one.
        let decisive = applied.iter().find(may).or(applied.last());
        let decisive = decisive.ok_or(Problem::Internal)?;
        self.weigh(operation, enter, decisive, others)
    }

    /// The scope of the area for this caller, whatever its rules are.
    pub(super) fn scope(self) -> Result<Scope, Problem> {
        self.enter()?.map_err(|why| {
            let rule = RuleRef::of_area(self.area, Operation::Create);
            let denied = |why| Denied::new(rule, why);
            match self.caller {
                Caller::Anonymous if self.token_could_enter() => {
                    Problem::Unauthenticated(denied(Why::Token))
                }
                Caller::Anonymous => Problem::Forbidden(denied(Why::Org(Absent::NotConfigured))),
                Caller::Bearer(_) => Problem::Forbidden(denied(why)),
            }
        })
    }

    /// `others` is what could apply to another caller, for the status of a refusal.
    fn weigh(
        self,
        operation: Operation,
        enter: Result<Scope, Why>,
        applied: &Applied<'_>,
        others: impl FnOnce() -> Vec<Applied<'p>>,
    ) -> Result<Granted, Problem> {
        let rule = applied.rule(operation);
        let decided = enter.and_then(|scope| {
            let reach = self.reach(operation, applied)?;
            Ok(Granted {
                scope,
                reach,
                rule,
                is_overruled: false,
            })
        });
        decided.map_err(|why| self.refusal(operation, rule, why, &others()))
    }

    fn refusal(
        self,
        operation: Operation,
        rule: RuleRef,
        why: Why,
        others: &[Applied<'_>],
    ) -> Problem {
        let denied = |why| Denied::new(rule, why);
        let iam = self.policy.iam();
        let could_be_met = || {
            // What a component decides that is asked is known of no token.
            if asked::IS_ASKED {
                return true;
            }
            let mut words = others.iter().flat_map(|applied| applied.words(operation));
            words.any(|word| token_could_meet(word, iam, operation))
        };
        match self.caller {
            Caller::Anonymous if !self.token_could_enter() => {
                Problem::Forbidden(denied(Why::Org(Absent::NotConfigured)))
            }
            Caller::Anonymous if could_be_met() => Problem::Unauthenticated(denied(Why::Token)),
            // Another token could do more, even if this rule says nothing about tokens.
            Caller::Bearer(_) if could_be_met() => Problem::Forbidden(denied(match why {
                Why::Rule if others.len() > 1 => Why::Path,
                why => why,
            })),
            _ => Problem::Forbidden(denied(Why::Rule)),
        }
    }

    /// The scope of the area for this caller. The owner comes from the verified token only.
    fn enter(self) -> Result<Result<Scope, Why>, Problem> {
        if self.area != Area::Public && self.policy.iam().is_none() {
            return Err(Problem::IamNotConfigured);
        }
        let bearer = bearer(self.caller).ok_or(Why::Token);
        Ok(match self.area {
            Area::Public => Ok(Scope::Public),
            Area::User => bearer.and_then(|bearer| {
                let user = bearer.user().map(|user| Scope::User(user.clone()));
                user.map_err(Why::User)
            }),
            Area::Org => bearer.and_then(|bearer| {
                let org = bearer.org().map(|org| Scope::Org(org.clone()));
                org.map_err(Why::Org)
            }),
        })
    }

    fn reach(self, operation: Operation, applied: &Applied<'_>) -> Result<Reach, Why> {
        reach(applied.words(operation), self.caller, operation)
    }

    fn token_could_enter(self) -> bool {
        match self.area {
            Area::Public | Area::User => true,
            Area::Org => self.policy.iam().is_some_and(Iam::names_orgs),
        }
    }
}
