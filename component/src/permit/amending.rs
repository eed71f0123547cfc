//! The permit to change what is stored beside a file's bytes: it needs what replacing the file
//! needs.

use super::Store;
use super::decision::Judge;
use super::key::BlobKey;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{Error, Guard};
use crate::fields::ContentType;
use crate::policy::Policy;
use crate::problem::Problem;
use crate::token::Caller;
use crate::url::Name;

/// Permission to change a file's description.
pub(crate) struct Amend<'p>(Store<'p>);

/// May this caller change the description of this file? [`Amend::may_replace`] says whose it
/// has to be.
pub(crate) fn amend<'p>(
    policy: &'p Policy,
    caller: &Caller,
    area: Area,
    name: Name,
) -> Result<Amend<'p>, Problem> {
    let judge = Judge::new(policy, caller, area);
    judge.replace(name).map(Amend)
}

impl Amend<'_> {
    /// The file's key.
    pub(crate) fn key(&self) -> BlobKey {
        self.0.key()
    }

    /// Whose file it has to be.
    pub(crate) fn may_replace(&self) -> Guard {
        self.0.may_replace()
    }

    /// The type as it is stored.
    ///
    /// # Errors
    /// [`Problem::UnsupportedMediaType`] for a type that is not accepted here.
    pub(crate) fn content_type(&self, content_type: &ContentType) -> Result<String, Problem> {
        let options = self.0.options(content_type, None)?;
        Ok(options.content_type)
    }

    /// The problem to answer with if the store refuses.
    pub(crate) fn problem(&self, error: Error) -> Problem {
        self.0.refusals().problem(error)
    }
}
