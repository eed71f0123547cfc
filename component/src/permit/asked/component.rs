//! Asks the component that this one is composed with.

use borsh::{BorshDeserialize, BorshSerialize};

use super::{Answer, Question};
use crate::bindings::coffer::storage::decide;
use crate::token::Caller;

pub(in crate::permit) const IS_ASKED: bool = true;

/// Whom later questions are about.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(in crate::permit) struct Asker(Box<Caller>);

impl Asker {
    pub(in crate::permit) fn of(caller: &Caller) -> Self {
        Self(Box::new(caller.clone()))
    }

    pub(in crate::permit) fn ask(&self, question: Question<'_>) -> Answer {
        ask(&self.0, question)
    }
}

/// Asks about a caller.
pub(in crate::permit) fn ask(caller: &Caller, question: Question<'_>) -> Answer {
    let question = decide::Question {
        caller: by(caller),
        action: question.operation.into(),
        area: question.area.into(),
        name: question.name.to_owned(),
        size: question.content.size,
        content_type: question.content.content_type.map(str::to_owned),
    };
    match decide::decide(&question) {
        decide::Answer::ByPolicy => Answer::ByPolicy,
        decide::Answer::Allow => Answer::Allow,
        decide::Answer::Deny(reason) => Answer::Deny(reason),
    }
}

fn by(caller: &Caller) -> Option<decide::Caller> {
    match caller {
        Caller::Anonymous => None,
        Caller::Bearer(bearer) => {
            let said = bearer.said();
            Some(decide::Caller {
                user: said.user.clone(),
                org: said.org.clone(),
                roles: bearer.roles().unwrap_or_default().to_vec(),
                claims: said.claims.clone(),
            })
        }
    }
}
