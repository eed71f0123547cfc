//! Which files of a scope the words of a rule give a caller.

use super::uploader::Uploader;
use crate::bindings::coffer::storage::blobs::Guard;
use crate::policy::{Iam, Operation, Why, Word};
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

/// What the words of a rule allow this caller. A word that allows everything wins over
/// `uploader`, in any order.
pub(super) fn reach(words: &[Word], caller: &Caller, operation: Operation) -> Result<Reach, Why> {
    let bearer = bearer(caller);
    let gives_all = |word: &Word| match word {
        Word::Anyone => true,
        Word::SignedIn => bearer.is_some(),
        Word::Role(role) => bearer.is_some_and(|bearer| bearer.has_role(role)),
        Word::Claim(pointer, value) => caller.facts().has(pointer.as_str(), value),
        Word::Uploader | Word::Nobody => false,
    };
    if words.iter().any(gives_all) {
        return Ok(Reach::All);
    }
    let bearer = bearer.ok_or(Why::Token)?;
    let asks_for_user = words.contains(&Word::Uploader) && operation.is_about_a_file();
    let user = bearer.user();
    if let (true, Ok(user)) = (asks_for_user, user) {
        return Ok(Reach::UploadedBy(Uploader::User(user.clone())));
    }
    if words.iter().any(|word| matches!(word, Word::Role(_))) {
        let count = |roles: &[String]| u32::try_from(roles.len()).unwrap_or(u32::MAX);
        return Err(Why::Role(bearer.roles().map(count)));
    }
    if words.iter().any(|word| matches!(word, Word::Claim(..))) {
        return Err(Why::Claim);
    }
    let absent = user.err().filter(|_| asks_for_user);
    Err(absent.map_or(Why::Rule, Why::User))
}

/// Whether any token could satisfy this word.
pub(super) fn token_could_meet(word: &Word, iam: Option<&Iam>, operation: Operation) -> bool {
    iam.is_some_and(|iam| match word {
        Word::Anyone | Word::SignedIn | Word::Claim(..) => true,
        Word::Role(_) => iam.names_roles(),
        Word::Uploader => operation.is_about_a_file(),
        Word::Nobody => false,
    })
}
