//! What whoever runs the component tells it: settings read from its environment.

use crate::bindings::wasi::cli::environment::get_environment;
use crate::link::LinkKey;
use crate::policy::Policy;

/// The policy that was built into this component.
const BAKED: &str = include_str!(env!("COFFER_POLICY_FILE"));
/// Whether it was built with a policy of its own, which nothing may replace.
const PINNED: bool = cfg!(pinned_policy);
/// Names of secrets that a policy may refer to start with this.
const SECRETS: &str = "COFFER_SECRET_";

/// The settings of one run.
pub(crate) struct Settings {
    policy: Option<String>,
    development_jwks: Option<String>,
    link_secret: Option<String>,
    public_url: Option<String>,
    secrets: Vec<(String, String)>,
}

impl Settings {
    /// Reads the environment. Unknown variables are left alone.
    pub(crate) fn read() -> Self {
        let mut settings = Self {
            policy: None,
            development_jwks: None,
            link_secret: None,
            public_url: None,
            secrets: Vec::new(),
        };
        for (name, value) in get_environment() {
            match name.as_str() {
                "COFFER_POLICY" => settings.policy = Some(value),
                "COFFER_DEV_JWKS" => settings.development_jwks = Some(value),
                "COFFER_LINK_SECRET" => settings.link_secret = Some(value),
                "COFFER_PUBLIC_URL" => settings.public_url = Some(value),
                _ => {
                    if let Some(secret) = name.strip_prefix(SECRETS) {
                        settings.secrets.push((secret.to_owned(), value));
                    }
                }
            }
        }
        settings
    }

    /// The policy in force.
    ///
    /// # Errors
    /// One message for the operator.
    pub(crate) fn policy(&self) -> Result<Policy, String> {
        if PINNED && self.policy.is_some() {
            return Err(
                "this component was built with a policy of its own, which no other \
                        policy replaces"
                    .to_owned(),
            );
        }
        let document = self.policy.as_deref().unwrap_or(BAKED);
        let policy = Policy::parse(document).map_err(|error| format!("the policy: {error}"))?;
        match &self.development_jwks {
            None => Ok(policy),
            Some(jwks) => policy
                .with_development_iam(jwks)
                .map_err(|error| error.to_string()),
        }
    }

    /// What links are signed with, where this service has a secret for them.
    pub(crate) fn link_key(&self) -> Option<LinkKey> {
        LinkKey::derive(self.link_secret.as_ref()?.as_bytes())
    }

    /// How clients reach this service, without a slash at the end.
    pub(crate) fn public_url(&self) -> Option<&str> {
        self.public_url.as_deref()
    }

    /// The secret that a policy calls by this name.
    pub(crate) fn secret(&self, name: &str) -> Option<&[u8]> {
        let found = self.secrets.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_bytes())
    }
}
