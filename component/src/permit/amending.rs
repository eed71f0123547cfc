//! The permit to change what is stored beside a file's bytes: it needs what replacing the file
//! needs, and what reading it needs, since the answer describes all of it.

use super::decision::Judge;
use super::key::BlobKey;
use super::{Read, Store};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{Error, Guard};
use crate::fields::ContentType;
use crate::policy::Policy;
use crate::problem::Problem;
use crate::token::Caller;
use crate::url::Name;

/// Permission to change a file's description.
pub(crate) struct Amend<'p> {
    store: Store<'p>,
    read: Read,
}

/// May this caller change the description of this file? [`Amend::may_amend`] says whose it
/// has to be.
pub(crate) fn amend<'p>(
    policy: &'p Policy,
    caller: &Caller,
    area: Area,
    name: Name,
) -> Result<Amend<'p>, Problem> {
    let judge = Judge::new(policy, caller, area);
    Ok(Amend {
        store: judge.replace(name.clone())?,
        read: judge.read(name)?,
    })
}

impl Amend<'_> {
    /// The file's key.
    pub(crate) fn key(&self) -> BlobKey {
        self.store.key()
    }

    /// Whose file it has to be. A rule `uploader` is about this caller in both.
    pub(crate) fn may_amend(&self) -> Guard {
        match self.store.may_replace() {
            Guard::Any => self.read.may_read(),
            guard => guard,
        }
    }

    /// The type as it is stored.
    ///
    /// # Errors
    /// [`Problem::UnsupportedMediaType`] for a type that is not accepted here.
    pub(crate) fn content_type(&self, content_type: &ContentType) -> Result<String, Problem> {
        let options = self.store.options(content_type, None)?;
        Ok(options.content_type)
    }

    /// The problem to answer with if the store refuses.
    pub(crate) fn problem(&self, error: Error) -> Problem {
        match (error, self.store.may_replace()) {
            (Error::Protected, Guard::Any) => self.read.problem(Error::Protected),
            (error, _) => self.store.refusals().problem(error),
        }
    }
}
