//! Where no other component decides.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Answer, Question};
use crate::token::Caller;

pub(in crate::permit) const IS_ASKED: bool = false;

/// Whom later questions are about.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(in crate::permit) struct Asker;

impl Asker {
    pub(in crate::permit) fn of(_: &Caller) -> Self {
        Self
    }

    pub(in crate::permit) fn ask(&self, _: Question<'_>) -> Answer {
        Answer::ByPolicy
    }
}

/// Asks about a caller.
pub(in crate::permit) fn ask(_: &Caller, _: Question<'_>) -> Answer {
    Answer::ByPolicy
}
