//! What a policy keeps closed, for the one that replaces it.

use crate::Coffer;
use crate::bindings::exports::coffer::storage::succession::{self, Guest, Reopening};
use crate::policy::Policy;
use crate::policy::closings::Closing;
use crate::settings::Settings;

impl Guest for Coffer {
    fn closings() -> Result<Vec<succession::Closing>, String> {
        let closings = policy()?.closings().into_iter();
        let closing = |closing: Closing| succession::Closing {
            action: closing.operation.into(),
            pattern: closing.pattern,
        };
        Ok(closings.map(closing).collect())
    }

    fn reopened(closings: Vec<succession::Closing>) -> Result<Vec<Reopening>, String> {
        let closing = |closing: succession::Closing| Closing {
            operation: closing.action.into(),
            pattern: closing.pattern,
        };
        let closings: Vec<Closing> = closings.into_iter().map(closing).collect();
        let reopened = policy()?.reopened(&closings).into_iter();
        Ok(reopened
            .map(|open| Reopening {
                what: open.what,
                statement: open.statement,
            })
            .collect())
    }
}

fn policy() -> Result<Policy, String> {
    let policy = Settings::default().policy();
    policy.map_err(|error| error.to_string())
}
