//! What a service answers to a request for a list.

use crate::{Entry, Error};

/// One answer.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Objects, as they came.
    pub files: Vec<Found>,
    /// Common prefixes, as they came.
    pub folders: Vec<Found>,
    /// For the names behind those; none if these are the last.
    pub token: Option<String>,
}

/// A name in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A file, or a folder of files.
    Entry(Entry),
    /// A name that is not a key or the beginning of one: others put objects there.
    Other(Vec<u8>),
}

/// What makes a service's lists useless: a walk would skip names, or never end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Disorder {
    /// Names do not come in the order of their bytes.
    #[error("the service does not list names in the order of their UTF-8 bytes")]
    OutOfOrder,
    /// The list goes on, with what has come already.
    #[error("the service's list goes on without a new name")]
    NothingNew,
    /// There is more, and no way to ask for it.
    #[error("the service's list is cut off without a token to go on with")]
    NoToken,
    /// A page takes too many requests.
    #[error("the list takes more than {0} requests")]
    TooLong(usize),
    /// There are too many names that are not keys.
    #[error("the bucket has too many objects in a row whose names are not Coffer's")]
    Strangers,
}

impl Found {
    /// The name's bytes.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        match self {
            Found::Entry(entry) => entry.name().as_bytes(),
            Found::Other(name) => name,
        }
    }
}

impl Answer {
    /// Files and folders together, in order, and the token.
    pub(super) fn in_order(self) -> Result<(Vec<Found>, Option<String>), Disorder> {
        let ascending = |names: &[Found]| names.is_sorted_by(|a, b| a.name() < b.name());
        if !ascending(&self.files) || !ascending(&self.folders) {
            return Err(Disorder::OutOfOrder);
        }
        let mut names = self.files;
        names.extend(self.folders);
        names.sort_by(|a, b| a.name().cmp(b.name()));
        Ok((names, self.token))
    }
}

/// An operator has to act: another attempt would end the same.
impl From<Disorder> for Error {
    fn from(disorder: Disorder) -> Error {
        Error::Misconfigured(Box::new(disorder))
    }
}
