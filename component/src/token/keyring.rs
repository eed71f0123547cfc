//! Where verification keys come from: the policy, a setting, or the IAM API
//! itself, by OpenID Connect Discovery 1.0 or at the URL of its JWK Set.

mod check;

use hmac_sha256::Hash;
use serde::Deserialize;

use super::keys::{KeySet, KeysError};
use super::refusal::{MAX_TEXT, difference};
use crate::http::outgoing::{FetchError, Freshness};
use crate::log;
use crate::policy::{Iam, KeySource, Secrets, WebUrl};

pub(crate) use check::check;

/// Fetches a document of the IAM API.
pub(crate) type Fetch<'a> = dyn Fn(&WebUrl, Freshness) -> Result<Vec<u8>, FetchError> + 'a;

/// Access to the keys of one IAM API, wherever they are.
pub(crate) struct Keyring<'a> {
    pub(crate) iam: &'a Iam,
    pub(crate) secrets: &'a Secrets<'a>,
    pub(crate) fetch: &'a Fetch<'a>,
}

/// Why there are no keys to verify a token with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoKeys {
    #[error("the policy's keys: {0}")]
    Given(KeysError),
    #[error("the secret {0} is not set")]
    NoSecret(String),
    #[error("{url}: {error}")]
    Fetch { url: String, error: FetchError },
    #[error("{url}: {error}")]
    Keys { url: String, error: KeysError },
    #[error("{url}: this is not an OpenID provider's configuration: {fault}")]
    Configuration { url: String, fault: String },
    #[error("{url}: this is the configuration of another issuer: its issuer is {found:?}, the \
             policy's is {expected:?}{}", difference(.found, .expected))]
    Issuer {
        url: String,
        found: String,
        expected: String,
    },
    #[error("{0} has its keys on another origin, {1}; to trust it, set jwks-url in the policy")]
    Foreign(String, String),
}

/// The parts of a provider's configuration that matter (OpenID Connect Discovery 1.0, 3).
#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

impl Keyring<'_> {
    /// The keys.
    ///
    /// # Errors
    /// A [`NoKeys`], for the log.
    pub(crate) fn keys(&self, freshness: Freshness) -> Result<KeySet, NoKeys> {
        match self.iam.keys() {
            KeySource::Inline { jwks, .. } => KeySet::parse(jwks).map_err(NoKeys::Given),
            KeySource::Secret { name, .. } => {
                let secret = (self.secrets)(name).ok_or_else(|| NoKeys::NoSecret(name.clone()))?;
                KeySet::of_secret(secret).map_err(NoKeys::Given)
            }
            KeySource::Url(url) => self.published(url, freshness),
            KeySource::Discovery(url) => self.published(&self.discover(url)?, freshness),
        }
    }

    /// Whether verifying with them costs much more than looking up a remembered token.
    pub(crate) fn is_worth_remembering(&self) -> bool {
        !matches!(self.iam.keys(), KeySource::Secret { .. })
    }

    /// Whether fetching again may return other keys.
    pub(crate) fn may_change(&self) -> bool {
        matches!(self.iam.keys(), KeySource::Url(_) | KeySource::Discovery(_))
    }

    fn published(&self, url: &WebUrl, freshness: Freshness) -> Result<KeySet, NoKeys> {
        self.read(url, freshness, |document| {
            KeySet::published(document).map_err(|error| NoKeys::Keys {
                url: url.to_string(),
                error,
            })
        })
    }

    /// Where the provider says that its keys are. The configuration of another issuer
    /// is not trusted (4.3), nor one that points away from the origin that the policy
    /// names.
    fn discover(&self, url: &WebUrl) -> Result<WebUrl, NoKeys> {
        self.read(url, Freshness::Cached, |document| {
            self.keys_address(url, document)
        })
    }

    fn keys_address(&self, url: &WebUrl, document: &[u8]) -> Result<WebUrl, NoKeys> {
        let wrong = |fault: String| NoKeys::Configuration {
            url: url.to_string(),
            fault,
        };
        let configuration: Configuration =
            serde_json::from_slice(document).map_err(|error| wrong(error.to_string()))?;
        if configuration.issuer != self.iam.issuer() {
            return Err(NoKeys::Issuer {
                url: url.to_string(),
                found: configuration.issuer.chars().take(MAX_TEXT).collect(),
                expected: self.iam.issuer().to_owned(),
            });
        }
        let keys = WebUrl::parse(&configuration.jwks_uri)
            .ok_or_else(|| wrong("its jwks_uri is not an http or https URL".to_owned()))?;
        if keys.origin() != url.origin() {
            return Err(NoKeys::Foreign(url.to_string(), keys.origin()));
        }
        Ok(keys)
    }

    /// Fetches a document and parses it. An unusable one, such as a maintenance page with
    /// status 200, does not replace the previous one, if the platform still has that.
    fn read<T>(
        &self,
        url: &WebUrl,
        freshness: Freshness,
        read: impl Fn(&[u8]) -> Result<T, NoKeys>,
    ) -> Result<T, NoKeys> {
        let document = self.get(url, freshness)?;
        read(&document).or_else(|error| {
            let instead = Freshness::InsteadOf(Hash::hash(&document));
            let earlier = self.get(url, instead).ok();
            match earlier.and_then(|earlier| read(&earlier).ok()) {
                // A request for the current document must not get an old one.
                Some(found) if freshness != Freshness::Revalidated => {
                    log::failed(&format_args!("{error}; the previous document is used"));
                    Ok(found)
                }
                _ => Err(error),
            }
        })
    }

    fn get(&self, url: &WebUrl, freshness: Freshness) -> Result<Vec<u8>, NoKeys> {
        (self.fetch)(url, freshness).map_err(|error| NoKeys::Fetch {
            url: url.to_string(),
            error,
        })
    }
}

#[cfg(test)]
mod tests;
