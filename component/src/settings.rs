//! The operator's settings, read from the environment.

use std::cell::OnceCell;
use std::sync::OnceLock;

use crate::bindings::wasi::cli::environment::get_environment;
use crate::memo::Memo;
use crate::permit::link::{self, LinkKey};
use crate::policy::{Policy, PolicyError};
use crate::url::seal::SealKey;

/// The policy that was built into this component.
const BAKED: &str = include_str!(env!("COFFER_POLICY_FILE"));
/// Whether it was built with a policy of its own, which cannot be replaced.
const PINNED: bool = cfg!(pinned_policy);
/// The prefix of the secrets that a policy may refer to.
const SECRETS: &str = "COFFER_SECRET_";

/// The key under which a parsed policy is remembered.
const MEMO_KEY: &[u8] = b"policy";
/// For how long, in seconds: the longest that anything is remembered.
const MEMO_TIME: u32 = 60;

/// Why the settings cannot be used. Displays as one line for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingsError {
    /// A policy was given to a component that has its own.
    #[error("this component was built with its own policy, which cannot be replaced")]
    Pinned,
    /// The policy document is invalid.
    #[error("the policy: {0}")]
    Policy(PolicyError),
    /// The keys for development are invalid.
    #[error(transparent)]
    Development(PolicyError),
}

/// The settings of one run, read when one is first needed: most requests need none.
#[derive(Default)]
pub(crate) struct Settings(OnceCell<Vec<(String, String)>>);

impl Settings {
    /// The value of one setting; other environment variables are ignored.
    fn value(&self, name: &str) -> Option<&str> {
        let settings = self.0.get_or_init(get_environment);
        let found = settings.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The policy document in force.
    pub(crate) fn policy_document(&self) -> &str {
        self.value("COFFER_POLICY").unwrap_or(BAKED)
    }

    /// The policy in force, read from its document.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub(crate) fn policy(&self) -> Result<Policy, SettingsError> {
        let given = self.value("COFFER_POLICY");
        if PINNED && given.is_some() {
            return Err(SettingsError::Pinned);
        }
        let policy = Policy::parse(self.policy_document()).map_err(SettingsError::Policy)?;
        match self.value("COFFER_DEV_JWKS") {
            None => Ok(policy),
            Some(jwks) => policy
                .with_development_iam(jwks)
                .map_err(SettingsError::Development),
        }
    }

    /// The same, but as an earlier request parsed it, if it is still remembered: parsing
    /// the document takes longer than everything else that most requests need.
    /// Settings last as long as the instance, so each instance reads it once.
    ///
    /// # Errors
    /// As [`Settings::policy`].
    pub(crate) fn remembered_policy(
        &self,
        memo: &dyn Memo,
    ) -> Result<&'static Policy, SettingsError> {
        static IN_FORCE: OnceLock<Policy> = OnceLock::new();
        if let Some(policy) = IN_FORCE.get() {
            return Ok(policy);
        }
        let recalled = memo.recall(MEMO_KEY);
        if let Some(policy) = recalled.and_then(Policy::from_bytes) {
            return Ok(IN_FORCE.get_or_init(|| policy));
        }
        let policy = self.policy()?;
        memo.remember(MEMO_KEY, &policy.to_bytes(), MEMO_TIME);
        Ok(IN_FORCE.get_or_init(|| policy))
    }

    /// The key that signs links, if this service has a link secret.
    pub(crate) fn link_key(&self) -> Option<LinkKey> {
        LinkKey::derive(self.link_secret()?)
    }

    /// The key that hides positions in lists, if this service has a link secret.
    pub(crate) fn cursor_key(&self) -> Option<SealKey> {
        let secret = self.link_secret()?;
        (secret.len() >= link::MIN_SECRET).then(|| SealKey::derive(secret))
    }

    /// A trailing line break, which a secret file or a platform's form may add, is not part of
    /// it.
    fn link_secret(&self) -> Option<&[u8]> {
        let secret = self.value("COFFER_LINK_SECRET")?;
        Some(secret.trim_ascii().as_bytes())
    }

    /// How clients reach this service, without a trailing slash.
    pub(crate) fn public_url(&self) -> Option<&str> {
        self.value("COFFER_PUBLIC_URL")
    }

    /// The secret that a policy calls by this name.
    pub(crate) fn secret(&self, name: &str) -> Option<&[u8]> {
        self.value(&format!("{SECRETS}{name}")).map(str::as_bytes)
    }
}

#[cfg(test)]
mod tests;
