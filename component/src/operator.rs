//! What operators ask the component: whether its policy is valid and what it opens, also where it
//! replaces another, whom a token names, and what a policy decides.

mod by_token;
mod judge;
mod probes;
mod succession;

use crate::Coffer;
use crate::bindings::exports::coffer::storage::explain::{self, Identity};
use crate::bindings::exports::coffer::storage::self_check::{self, Opening, Report};
use crate::bindings::wasi::clocks::wall_clock;
use crate::http;
use crate::permit::tested;
use crate::policy::{Case, Iam, Policy, WebUrl, openings};
use crate::settings::Settings;
use crate::token::identity;
use crate::token::keyring::{self, Keyring};

impl self_check::Guest for Coffer {
    fn check() -> Result<Report, String> {
        let settings = Settings::default();
        let policy = settings.policy().map_err(|error| error.to_string())?;
        keyring::check(&policy, &|name| settings.secret(name))
            .map_err(|error| format!("the policy: {error}"))?;
        test(&policy, settings.policy_document())?;
        Ok(Report {
            notices: policy.notices(settings.policy_document(), wall_clock::now().seconds),
            cors_origins: policy
                .origins()
                .listed()
                .iter()
                .map(|origin| origin.as_ref().to_owned())
                .collect(),
            iam_origins: policy
                .iam()
                .and_then(Iam::asks)
                .map(WebUrl::origin)
                .into_iter()
                .collect(),
            openings: policy.openings().into_iter().map(opening).collect(),
            probes: probes::all(),
        })
    }
}

impl explain::Guest for Coffer {
    fn token(token: String) -> Result<Identity, String> {
        let settings = Settings::default();
        let policy = settings.policy().map_err(|error| error.to_string())?;
        let iam = policy
            .iam()
            .ok_or("the policy has no [iam], so tokens are ignored")?;
        let keyring = Keyring {
            iam,
            secrets: &|name| settings.secret(name),
            fetch: &http::outgoing::get,
        };
        let now = wall_clock::now().seconds;
        let found = identity::identify(&token, iam, &keyring, now);
        let found = found.map_err(|refused| refused.to_string())?;
        Ok(Identity {
            user: found.user.map_err(|absent| absent.user(iam)),
            organization: found.org.map_err(|absent| absent.org(iam)),
            roles: found.roles.map_err(|absent| absent.roles(iam)),
            seconds_left: found.seconds_left,
        })
    }
}

/// Runs the tests in the policy.
///
/// # Errors
/// A line for each that fails, or for one that cannot be read.
fn test(policy: &Policy, document: &str) -> Result<(), String> {
    let failures = match Case::parse_all(document) {
        Ok(cases) => tested::failures(policy, &cases),
        Err(error) => vec![error],
    };
    if failures.is_empty() {
        return Ok(());
    }
    let lines = failures.iter().map(|error| format!("the policy: {error}"));
    Err(lines.collect::<Vec<_>>().join("\n"))
}

fn opening(opening: openings::Opening) -> Opening {
    Opening {
        what: opening.what,
        stated: opening.stated,
        statement: opening.statement,
    }
}
