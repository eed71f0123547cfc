//! What the operator's commands ask the component: whether its policy is valid and what it
//! opens, and whom a token names.

mod probes;

use crate::Coffer;
use crate::bindings::exports::coffer::storage::explain::{self, Identity};
use crate::bindings::exports::coffer::storage::self_check::{self, Opening, Report};
use crate::bindings::wasi::clocks::wall_clock;
use crate::http;
use crate::policy::{Iam, WebUrl, openings};
use crate::settings::Settings;
use crate::token::identity;
use crate::token::keyring::{self, Keyring};

impl self_check::Guest for Coffer {
    fn check() -> Result<Report, String> {
        let settings = Settings::default();
        let policy = settings.policy().map_err(|error| error.to_string())?;
        keyring::check(&policy, &|name| settings.secret(name))
            .map_err(|error| format!("the policy: {error}"))?;
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

fn opening(opening: openings::Opening) -> Opening {
    Opening {
        what: opening.what,
        stated: opening.stated,
        statement: opening.statement,
    }
}
