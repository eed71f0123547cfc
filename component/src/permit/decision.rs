//! The one decision behind every permit: area, rule and caller.

use super::key::Scope;
use super::uploader::Uploader;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::Guard;
use crate::policy::{Absent, Denied, Iam, Operation, Policy, Why, Word};
use crate::problem::Problem;
use crate::token::{Bearer, Caller};

/// Which files of a scope a permit is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    All,
    /// Only those that this uploader stored.
    UploadedBy(Uploader),
}

impl Reach {
    pub(super) fn guard(&self) -> Guard {
        match self {
            Self::All => Guard::Any,
            Self::UploadedBy(uploader) => Guard::Uploader(uploader.as_str().to_owned()),
        }
    }
}

pub(super) fn bearer(caller: &Caller) -> Option<&Bearer> {
    match caller {
        Caller::Anonymous => None,
        Caller::Bearer(bearer) => Some(bearer),
    }
}

/// The whole decision: the area first, then its rule.
pub(super) fn decide(
    policy: &Policy,
    caller: &Caller,
    area: Area,
    operation: Operation,
) -> Result<(Scope, Reach), Problem> {
    if area != Area::Public && policy.iam().is_none() {
        return Err(Problem::IamNotConfigured);
    }
    let words = policy.rule(area, operation);
    let could_be_met = || {
        words
            .iter()
            .any(|word| token_could_meet(word, policy.iam(), operation))
    };
    let refusal = |why| {
        let denied = |why| Denied::new(area, operation, why);
        match caller {
            Caller::Anonymous if !token_could_enter(area, policy.iam()) => {
                Problem::Forbidden(denied(Why::Org(Absent::NotConfigured)))
            }
            Caller::Anonymous if could_be_met() => Problem::Unauthenticated(denied(Why::Token)),
            Caller::Bearer(_) if could_be_met() => Problem::Forbidden(denied(why)),
            _ => Problem::Forbidden(denied(Why::Rule)),
        }
    };
    let scope = enter(area, caller).map_err(refusal)?;
    let reach = reach(words, bearer(caller), operation).map_err(refusal)?;
    Ok((scope, reach))
}

/// The scope of an area for this caller, whatever its rules are.
pub(super) fn scope(policy: &Policy, caller: &Caller, area: Area) -> Result<Scope, Problem> {
    if area != Area::Public && policy.iam().is_none() {
        return Err(Problem::IamNotConfigured);
    }
    enter(area, caller).map_err(|why| {
        let denied = |why| Denied::new(area, Operation::Create, why);
        match caller {
            Caller::Anonymous if token_could_enter(area, policy.iam()) => {
                Problem::Unauthenticated(denied(Why::Token))
            }
            Caller::Anonymous => Problem::Forbidden(denied(Why::Org(Absent::NotConfigured))),
            Caller::Bearer(_) => Problem::Forbidden(denied(why)),
        }
    })
}

/// The scope of an area for this caller. The owner comes from the verified token only.
fn enter(area: Area, caller: &Caller) -> Result<Scope, Why> {
    let bearer = bearer(caller).ok_or(Why::Token);
    match area {
        Area::Public => Ok(Scope::Public),
        Area::User => bearer?
            .user()
            .map(|user| Scope::User(user.clone()))
            .map_err(Why::User),
        Area::Org => bearer?
            .org()
            .map(|org| Scope::Org(org.clone()))
            .map_err(Why::Org),
    }
}

/// What the words of a rule allow this caller. A word that allows everything wins over
/// `uploader`, in any order.
fn reach(words: &[Word], bearer: Option<&Bearer>, operation: Operation) -> Result<Reach, Why> {
    let gives_all = |word: &Word| match word {
        Word::Anyone => true,
        Word::SignedIn => bearer.is_some(),
        Word::Role(role) => bearer.is_some_and(|bearer| bearer.has_role(role)),
        Word::Uploader | Word::Nobody => false,
    };
    if words.iter().any(gives_all) {
        return Ok(Reach::All);
    }
    let bearer = bearer.ok_or(Why::Token)?;
    let user = match bearer.user() {
        Ok(user) if words.contains(&Word::Uploader) && operation.is_about_a_file() => {
            return Ok(Reach::UploadedBy(Uploader::User(user.clone())));
        }
        user => user,
    };
    if words.iter().any(|word| matches!(word, Word::Role(_))) {
        let count = |roles: &[String]| u32::try_from(roles.len()).unwrap_or(u32::MAX);
        return Err(Why::Role(bearer.roles().map(count)));
    }
    Err(user.err().map_or(Why::Rule, Why::User))
}

fn token_could_meet(word: &Word, iam: Option<&Iam>, operation: Operation) -> bool {
    iam.is_some_and(|iam| match word {
        Word::Anyone | Word::SignedIn => true,
        Word::Role(_) => iam.names_roles(),
        Word::Uploader => operation.is_about_a_file(),
        Word::Nobody => false,
    })
}

fn token_could_enter(area: Area, iam: Option<&Iam>) -> bool {
    match area {
        Area::Public | Area::User => true,
        Area::Org => iam.is_some_and(Iam::names_orgs),
    }
}
