//! What a store's refusal means to the caller that a permit was given to.

use borsh::{BorshDeserialize, BorshSerialize};

use super::key::Scope;
use crate::bindings::coffer::storage::blobs::Error;
use crate::policy::{Denied, Operation, Why};
use crate::problem::Problem;

/// Why a caller may not have what the store keeps from them.
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
    /// Where there is no file: why none may be created. None where none is to be.
    missing: Option<Denial>,
    /// Where there is one that the permit is not for.
    protected: Denial,
    /// In bytes, where bytes are to come.
    max_file_size: Option<u64>,
}

impl Refusals {
    /// Of a permit for this operation on a file that there is.
    pub(super) fn of_file(scope: &Scope, operation: Operation) -> Self {
        Self {
            missing: None,
            protected: Denial::Forbidden(Denied::new(scope.area(), operation, Why::Upload)),
            max_file_size: None,
        }
    }

    /// Of a permit whose decisions on creating and on replacing these are, for files of at
    /// most this size.
    pub(super) fn of_storing<R>(
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
            missing: Some(denial(create.as_ref().err(), Operation::Create, Why::Rule)),
            protected: denial(replace.as_ref().err(), Operation::Replace, Why::Upload),
            max_file_size: Some(max_file_size),
        }
    }

    /// What to answer where the store did not do what the permit named.
    pub(crate) fn problem(&self, error: Error) -> Problem {
        match error {
            Error::NotFound => self.missing.map_or(Problem::NotFound, Problem::from),
            Error::Protected => self.protected.into(),
            Error::TooLarge => match self.max_file_size {
                Some(max_file_size) => Problem::TooLarge(format!(
                    "the file is larger than {max_file_size} bytes, the most that is allowed here"
                )),
                None => error.into(),
            },
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
