//! What the component says of a caller or a token.

use super::{Answer, CheckError, say};
use crate::bindings::judge::decisions::{Outcome, Verdict};
use crate::bindings::judge::exports::coffer::storage::judge::Subject;
use crate::sandbox::{Candidate, Identity, Sandbox};
use crate::settings::{Asked, Caller};

/// Prints what it decides about a question.
///
/// # Errors
/// [`CheckError::NoVerdict`]; that of the sandbox.
pub(super) async fn decide(
    candidate: &Candidate,
    checked: &Sandbox,
    caller: Caller,
    Asked(question): &Asked,
) -> Result<Answer, CheckError> {
    let subject = match caller {
        Caller::Nobody => None,
        Caller::Named(named) => Some(Subject {
            user: named.user,
            org: named.org,
            roles: named.roles,
            claims: serde_json::Value::from(named.claims).to_string(),
        }),
    };
    let verdict = candidate.decide(checked, subject.as_ref(), question);
    let Verdict {
        outcome,
        rule,
        reason,
    } = verdict.await?.map_err(CheckError::NoVerdict)?;
    let (answer, words) = match outcome {
        Outcome::Allowed => (Answer::Yes, "allowed"),
        Outcome::OwnFiles => (Answer::Yes, "allowed for files that the caller stored"),
        Outcome::Denied => (Answer::No, "denied"),
    };
    say(words)?;
    say(&format!("rule: {rule}"))?;
    if let Some(reason) = reason {
        say(&format!("reason: {reason}"))?;
    }
    Ok(answer)
}

/// Prints whom a token identifies.
///
/// # Errors
/// [`CheckError::Token`]; that of the sandbox.
pub(super) async fn identify(
    candidate: &Candidate,
    checked: &Sandbox,
    token: &str,
) -> Result<(), CheckError> {
    let Identity {
        user,
        organization,
        roles,
        seconds_left,
    } = candidate
        .identify(checked, token)
        .await?
        .map_err(CheckError::Token)?;
    let named = |found: Result<String, String>| match found {
        Ok(name) => name.escape_debug().to_string(),
        Err(reason) => format!("none ({reason})"),
    };
    say(&format!("user: {}", named(user)))?;
    say(&format!("organization: {}", named(organization)))?;
    say(&format!(
        "roles: {}",
        named(roles.map(|all| all.join(", ")))
    ))?;
    say(&format!("valid for: {}", left(seconds_left)))
}

fn left(seconds: u32) -> String {
    let left = std::time::Duration::from_secs(seconds.into());
    humantime::format_duration(left).to_string()
}
