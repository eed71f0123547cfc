//! Decisions that a policy cannot express: a legal hold that comes with the token, a quota for
//! each file by the caller's plan, and a document that only its two signatories may read.

#[allow(missing_docs, unsafe_code, clippy::all, clippy::pedantic)]
mod bindings {
    wit_bindgen::generate!({ path: "../../../wit", world: "decider" });
    use super::Decider;
    export!(Decider);
}

use bindings::exports::coffer::storage::decide::{Action, Answer, Caller, Guest, Question};
use serde_json::Value;

/// What a file of a member without a plan may have, in bytes.
const FREE: u64 = 1 << 20;

struct Decider;

impl Guest for Decider {
    fn decide(question: Question) -> Answer {
        let claims = claims(question.caller.as_ref());
        let changes = matches!(question.action, Action::Replace | Action::Delete);
        if changes && holds(&claims, &question.name) {
            return Answer::Deny(format!("{} is on legal hold", question.name));
        }
        if let Some(size) = question.size.filter(|size| *size > FREE)
            && claims["plan"] != "pro"
        {
            return Answer::Deny(format!("{size} bytes are more than the free plan has"));
        }
        match signatories(&question.name) {
            Some(signatories) if question.action == Action::Read => {
                let user = question.caller.and_then(|caller| caller.user);
                match user.is_some_and(|user| signatories.contains(&user.as_str())) {
                    true => Answer::Allow,
                    false => Answer::Deny("the caller is not a signatory".to_owned()),
                }
            }
            _ => Answer::ByPolicy,
        }
    }
}

/// The claims of the token; null without one.
fn claims(caller: Option<&Caller>) -> Value {
    let claims = caller.map(|caller| serde_json::from_str(&caller.claims));
    claims.and_then(Result::ok).unwrap_or_default()
}

/// Whether the file is in a folder that the claim `holds` lists.
fn holds(claims: &Value, name: &str) -> bool {
    let holds = claims["holds"].as_array().into_iter().flatten();
    let mut folders = holds.filter_map(Value::as_str);
    folders.any(|folder| name.starts_with(folder))
}

/// The two users that a name such as `contracts/ann+bob/lease.pdf` names.
fn signatories(name: &str) -> Option<[&str; 2]> {
    let rest = name.strip_prefix("contracts/")?;
    let (folder, _) = rest.split_once('/')?;
    let (first, second) = folder.split_once('+')?;
    Some([first, second])
}
