//! The one decision behind every permit: area, rule and caller.

use super::key::Scope;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::Whose;
use crate::owner::Owner;
use crate::policy::{Iam, Operation, Policy, Word};
use crate::problem::Problem;
use crate::token::{Bearer, Caller};

/// Which files of a scope a permit is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    All,
    /// Those that this user stored.
    UploadedBy(Owner),
}

impl Reach {
    pub(super) fn whose(&self) -> Whose {
        match self {
            Self::All => Whose::Anyones,
            Self::UploadedBy(user) => Whose::Uploaders(user.as_str().to_owned()),
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
    let refusal = || match caller {
        Caller::Anonymous if could_be_met() && token_could_enter(area, policy.iam()) => {
            Problem::Unauthenticated
        }
        _ => Problem::Forbidden,
    };
    let scope = enter(area, caller).ok_or_else(refusal)?;
    let reach = reach(words, bearer(caller), operation).ok_or_else(refusal)?;
    Ok((scope, reach))
}

/// The scope that an area is for this caller. The owner comes from the verified
/// token alone.
fn enter(area: Area, caller: &Caller) -> Option<Scope> {
    match area {
        Area::Public => Some(Scope::Public),
        Area::User => bearer(caller)?.user().cloned().map(Scope::User),
        Area::Org => bearer(caller)?.org().cloned().map(Scope::Org),
    }
}

/// What the words give this caller. A word that gives everything comes before
/// `uploader`, wherever it is written.
fn reach(words: &[Word], bearer: Option<&Bearer>, operation: Operation) -> Option<Reach> {
    let gives_all = |word: &Word| match word {
        Word::Anyone => true,
        Word::SignedIn => bearer.is_some(),
        Word::Role(role) => bearer.is_some_and(|bearer| bearer.has_role(role)),
        Word::Uploader | Word::Nobody => false,
    };
    if words.iter().any(gives_all) {
        return Some(Reach::All);
    }
    if words.contains(&Word::Uploader) && is_about_a_file(operation) {
        return bearer?.user().cloned().map(Reach::UploadedBy);
    }
    None
}

/// Whether there is a file, and so an uploader, when the operation is judged.
pub(super) fn is_about_a_file(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::Read | Operation::Replace | Operation::Delete
    )
}

fn token_could_meet(word: &Word, iam: Option<&Iam>, operation: Operation) -> bool {
    iam.is_some_and(|iam| match word {
        Word::Anyone | Word::SignedIn => true,
        Word::Role(_) => iam.names_roles(),
        Word::Uploader => is_about_a_file(operation),
        Word::Nobody => false,
    })
}

fn token_could_enter(area: Area, iam: Option<&Iam>) -> bool {
    match area {
        Area::Public | Area::User => true,
        Area::Org => iam.is_some_and(Iam::names_orgs),
    }
}
