//! What a store's refusal means to the caller who has the permit.

use borsh::{BorshDeserialize, BorshSerialize};

use super::reach::Reach;
use super::uploader::Uploader;
use crate::bindings::coffer::storage::blobs::Error;
use crate::policy::{Denied, RuleRef, Why};
use crate::problem::Problem;

/// Why a caller may not do what the store refused.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
enum Denial {
    Unauthenticated(Denied),
    Forbidden(Denied),
    Overruled(String),
    IamNotConfigured,
    AlreadyExists,
    NotFound,
    /// The link is for a file that is not there any more.
    LinkInvalid,
}

/// What a permit does not allow and why, as plain data: it outlives the instance that
/// decided it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Refusals {
    /// If there is no file: why none may be created. `None` if the operation creates none.
    missing: Option<Denial>,
    /// If there is a file that the permit does not cover.
    protected: Denial,
    /// In bytes, for uploads.
    max_file_size: Option<u64>,
}

impl Refusals {
    /// Of a permit by this rule for existing files within this reach.
    pub(super) fn of_file(rule: RuleRef, reach: &Reach) -> Self {
        Self {
            missing: None,
            protected: Denial::beyond(reach, rule),
            max_file_size: None,
        }
    }

    /// Of a permit with these decisions on creating and replacing, by these rules, for files of
    /// at most this size.
    pub(super) fn of_storing(
        [of_create, of_replace]: [RuleRef; 2],
        create: &Result<(), Problem>,
        replace: &Result<Reach, Problem>,
        max_file_size: u64,
    ) -> Self {
        let denial = |problem: &Problem, rule| match problem {
            Problem::Unauthenticated(denied) => Denial::Unauthenticated(*denied),
            Problem::Overruled(reason) => Denial::Overruled(reason.clone()),
            Problem::IamNotConfigured => Denial::IamNotConfigured,
            Problem::AlreadyExists => Denial::AlreadyExists,
            Problem::NotFound => Denial::NotFound,
            Problem::Forbidden(denied) => Denial::Forbidden(*denied),
            _ => Denial::Forbidden(Denied::new(rule, Why::Rule)),
        };
        Self {
            missing: Some(match create {
                Ok(()) => Denial::Forbidden(Denied::new(of_create, Why::Rule)),
                Err(problem) => denial(problem, of_create),
            }),
            protected: match replace {
                Ok(reach) => Denial::beyond(reach, of_replace),
                Err(problem) => denial(problem, of_replace),
            },
            max_file_size: Some(max_file_size),
        }
    }

    /// The problem to answer with if the store returned this error.
    pub(crate) fn problem(&self, error: Error) -> Problem {
        match error {
            Error::NotFound => self
                .missing
                .clone()
                .map_or(Problem::NotFound, Problem::from),
            Error::Protected => self.protected.clone().into(),
            Error::TooLarge => match self.max_file_size {
                Some(max_file_size) => Problem::TooLarge(format!(
                    "the file is larger than {max_file_size} bytes, the maximum here"
                )),
                None => error.into(),
            },
            error => error.into(),
        }
    }
}

impl Denial {
    /// Of a file that is not within this reach.
    fn beyond(reach: &Reach, rule: RuleRef) -> Self {
        match reach {
            Reach::UploadedBy(Uploader::Anonymous(_)) => Self::LinkInvalid,
            Reach::All | Reach::UploadedBy(Uploader::User(_)) => {
                Self::Forbidden(Denied::new(rule, Why::Upload))
            }
        }
    }
}

impl From<Denial> for Problem {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Unauthenticated(denied) => Self::Unauthenticated(denied),
            Denial::Forbidden(denied) => Self::Forbidden(denied),
            Denial::Overruled(reason) => Self::Overruled(reason),
            Denial::IamNotConfigured => Self::IamNotConfigured,
            Denial::AlreadyExists => Self::AlreadyExists,
            Denial::NotFound => Self::NotFound,
            Denial::LinkInvalid => Self::LinkInvalid,
        }
    }
}
