//! The check of a policy's keys, once at startup.

use crate::policy::{KeySource, Policy, PolicyError, Secrets};
use crate::token::keys::{KeySet, KeysError};

/// Whether tokens can be verified under this policy: checks the keys, which
/// [`Policy::parse`] does not.
///
/// # Errors
/// A key set that is malformed, or has a secret or no usable key; a named secret that
/// is missing or too short. Keys that have to be fetched are not checked: an IAM API
/// that is down must not take the public area down.
pub(crate) fn check(policy: &Policy, secrets: &Secrets<'_>) -> Result<(), PolicyError> {
    let Some(iam) = policy.iam() else {
        return Ok(());
    };
    let fault = |line, message: String| Err(PolicyError::at_line(line, message));
    match iam.keys() {
        KeySource::Inline { jwks, line } => match KeySet::check(jwks) {
            Ok(()) => Ok(()),
            Err(error) => {
                let within = match &error {
                    KeysError::NotASet { line, .. } => line - 1,
                    _ => 0,
                };
                let line = line.map(|first| first + within);
                fault(line, format!("iam.jwks: {error}"))
            }
        },
        KeySource::Secret { name, line } => {
            let setting = format!("COFFER_SECRET_{name}");
            match secrets(name) {
                None => fault(*line, format!("iam.hs256-secret: {setting} is not set")),
                Some(secret) => match KeySet::of_secret(secret) {
                    Ok(_) => Ok(()),
                    Err(error) => fault(*line, format!("iam.hs256-secret: {setting}: {error}")),
                },
            }
        }
        KeySource::Url(_) | KeySource::Discovery(_) => Ok(()),
    }
}
