//! What the policy decides about the caller of a request that is not there: for a policy that the
//! host compares with the one in force.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use crate::bindings::coffer::storage::decisions::{Question, Verdict};
use crate::bindings::wasi::clocks::wall_clock;
use crate::http::outgoing;
use crate::memo::HostMemo;
use crate::permit::{explained, reported};
use crate::settings::Settings;
use crate::token::{self, Unverified};

/// The verdicts on these questions for a request with this `Authorization` field.
///
/// # Errors
/// Why there are none: the settings, or keys that are unavailable.
pub(super) fn verdicts(
    authorization: Option<Vec<u8>>,
    questions: &[Question],
) -> Result<Vec<Verdict>, String> {
    // Nothing here is a request's own decision.
    reported::begin(false);
    let settings = Settings::default();
    let policy = settings.remembered_policy(&HostMemo);
    let policy = policy.map_err(|error| error.to_string())?;
    let imports = token::Imports {
        secrets: &|name| settings.secret(name),
        fetch: &outgoing::get,
        memo: &HostMemo,
        tell: &|_| {},
    };
    let mut fields = HeaderMap::new();
    if let Some(value) = authorization {
        let value = HeaderValue::from_bytes(&value).map_err(|error| error.to_string())?;
        fields.insert(AUTHORIZATION, value);
    }
    let now = wall_clock::now().seconds;
    match token::caller(&fields, policy, &imports, now) {
        Ok(caller) => {
            let verdict = |question| reported::judge(policy, &caller, question);
            Ok(questions.iter().map(verdict).collect())
        }
        Err(reason @ Unverified::Refused(_)) => {
            let reason = reason.to_string();
            let verdict = |_| explained::refused(reason.clone());
            Ok(questions.iter().map(verdict).collect())
        }
        Err(unverifiable) => Err(unverifiable.to_string()),
    }
}
