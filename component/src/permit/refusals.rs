//! What a store's refusal means to the caller of a [`Store`](super::Store) permit.

use borsh::{BorshDeserialize, BorshSerialize};

use super::key::Scope;
use crate::bindings::coffer::storage::blobs::Error;
use crate::policy::{Denied, Operation, Why};
use crate::problem::Problem;

/// Why a caller may not create, or may not replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
enum Denial {
    Unauthenticated(Denied),
    Forbidden(Denied),
    IamNotConfigured,
    AlreadyExists,
}

/// The decision of a permit on what it does not allow, as plain data: it outlives the
/// instance that took it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Refusals {
    /// Where there is no file and none may be created.
    create: Denial,
    /// Where there is one that may not be replaced.
    replace: Denial,
    /// In bytes.
    max_file_size: u64,
}

impl Refusals {
    /// Of a permit whose decisions on creating and on replacing these are, for files of at
    /// most this size.
    pub(super) fn new<R>(
        scope: &Scope,
        create: &Result<(), Problem>,
        replace: &Result<R, Problem>,
        max_file_size: u64,
    ) -> Self {
        let denial = |problem: Option<&Problem>, operation, why| match problem {
            Some(Problem::Unauthenticated(denied)) => Denial::Unauthenticated(*denied),
            Some(Problem::IamNotConfigured) => Denial::IamNotConfigured,
            Some(Problem::AlreadyExists) => Denial::AlreadyExists,
            Some(Problem::Forbidden(denied)) => Denial::Forbidden(*denied),
            _ => Denial::Forbidden(Denied::new(scope.area(), operation, why)),
        };
        Self {
            create: denial(create.as_ref().err(), Operation::Create, Why::Rule),
            replace: denial(replace.as_ref().err(), Operation::Replace, Why::Upload),
            max_file_size,
        }
    }

    /// What to answer where the store did not do what the permit named.
    pub(crate) fn problem(&self, error: Error) -> Problem {
        match error {
            Error::NotFound => self.create.into(),
            Error::Protected => self.replace.into(),
            Error::TooLarge => Problem::TooLarge(format!(
                "the file is larger than {} bytes, the most that is allowed here",
                self.max_file_size
            )),
            error => error.into(),
        }
    }
}

impl From<Denial> for Problem {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Unauthenticated(denied) => Self::Unauthenticated(denied),
            Denial::Forbidden(denied) => Self::Forbidden(denied),
            Denial::IamNotConfigured => Self::IamNotConfigured,
            Denial::AlreadyExists => Self::AlreadyExists,
        }
    }
}
