//! Which settings may be combined, checked before anything is opened.

use super::error::SettingsError;
use super::serve::{Engine, Environment, Serve};
use crate::server::Hosts;

impl Serve {
    /// The host names that the operations listener answers to.
    pub fn own_hosts(&self) -> Hosts {
        let url = self.public_url.as_ref().and_then(|url| url.parse().ok());
        let host = url.and_then(|url: http::Uri| url.host().map(str::to_owned));
        Hosts::only(self.allowed_hosts.iter().cloned().chain(host))
    }

    /// The host names that clients may use. Except on loopback, the network decides who
    /// reaches this service, and it may have any name.
    pub fn hosts(&self) -> Hosts {
        if self.listen.ip().is_loopback() || self.public_url.is_some() {
            self.own_hosts()
        } else {
            Hosts::any()
        }
    }

    /// Whether the page is served: unless it is said otherwise, for developers only.
    pub fn serves_page(&self) -> bool {
        self.page.unwrap_or(self.dev)
    }

    /// Refuses combinations that no deployment should run with.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn checked_engine(&self) -> Result<Engine, SettingsError> {
        let shared = matches!(self.env, Environment::Staging | Environment::Production);
        let engine = self
            .engine
            .unwrap_or(if shared { Engine::S3 } else { Engine::Local });
        if shared && self.dev {
            return Err(SettingsError::SharedDev);
        }
        if shared && engine == Engine::Local {
            return Err(SettingsError::SharedLocal);
        }
        self.checked_given(engine)?;
        if engine == Engine::S3 {
            self.s3.checked()?;
            if self.link_secret_file.is_none() {
                return Err(SettingsError::NoLinkSecret);
            }
        }
        Ok(engine)
    }

    /// Refuses flags of an engine that is not in use: they would have no effect, and the files
    /// would end up in the wrong place.
    fn checked_given(&self, engine: Engine) -> Result<(), SettingsError> {
        let foreign = |id: &&String| match engine {
            Engine::Local => id.starts_with("s3_"),
            // `--dev` stores its key there.
            Engine::S3 => *id == "data_dir" && !self.dev,
        };
        let flags: Vec<_> = self
            .given
            .iter()
            .filter(foreign)
            .map(|id| flag(id))
            .collect();
        if flags.is_empty() {
            return Ok(());
        }
        let (other, this) = match engine {
            Engine::Local => ("s3", "local"),
            Engine::S3 => ("local", "s3"),
        };
        let flags = flags.join(", ");
        Err(SettingsError::OtherEngine { flags, this, other })
    }

    /// The public URL without a trailing slash.
    ///
    /// # Errors
    /// [`SettingsError::PublicUrl`] if it is not an http or https URL, or has a user, query or
    /// fragment.
    pub fn checked_public_url(&self) -> Result<Option<String>, SettingsError> {
        let Some(url) = &self.public_url else {
            return Ok(None);
        };
        let wrong = || SettingsError::PublicUrl(url.clone());
        let parsed: http::Uri = url.parse().map_err(|_| wrong())?;
        let scheme = matches!(parsed.scheme_str(), Some("http" | "https"));
        if !scheme || parsed.host().is_none_or(str::is_empty) || url.contains(['?', '#', '@']) {
            return Err(wrong());
        }
        Ok(Some(url.trim_end_matches('/').to_owned()))
    }
}

/// A flag and its environment variable, by its id.
fn flag(id: &str) -> String {
    let twin = id.to_uppercase();
    format!("--{} (COFFER_{twin})", id.replace('_', "-"))
}
