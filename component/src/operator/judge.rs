//! What the policy decides without a request, about callers who are given by name too.

use super::by_token;
use crate::Coffer;
use crate::bindings::exports::coffer::storage::judge::{self, Guest, Verdict};
use crate::json;
use crate::permit::explained::explain;
use crate::policy::{Policy, Question, Subject};
use crate::settings::Settings;
use crate::token::Caller;
use crate::token::supposed::suppose;

impl Guest for Coffer {
    fn by_token(
        authorization: Option<Vec<u8>>,
        questions: Vec<judge::Question>,
    ) -> Result<Vec<Verdict>, String> {
        by_token::verdicts(authorization, &questions)
    }

    fn by_claims(
        subject: Option<judge::Subject>,
        question: judge::Question,
    ) -> Result<Verdict, String> {
        let policy = Settings::default().policy();
        let policy = policy.map_err(|error| error.to_string())?;
        of_subject(&policy, subject, question)
    }
}

fn of_subject(
    policy: &Policy,
    subject: Option<judge::Subject>,
    question: judge::Question,
) -> Result<Verdict, String> {
    let caller = match subject {
        None => Caller::Anonymous,
        Some(given) => {
            let claims = json::object(given.claims.as_bytes());
            let subject = Subject {
                user: given.user,
                org: given.org,
                roles: given.roles,
                claims: claims.ok_or("the claims are not a JSON object")?,
            };
            suppose(&subject, policy).map_err(|impossible| impossible.to_string())?
        }
    };
    let question = Question {
        operation: question.action.into(),
        area: question.area.into(),
        path: question.name,
    };
    let explained = explain(policy, &caller, &question).map_err(|reason| {
        format!(
            "{:?} does not name a file or folder: {reason}",
            question.path
        )
    })?;
    Ok(explained.verdict(policy))
}
