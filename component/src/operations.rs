//! One file an operation: parse, ask the store, answer.

pub(crate) mod delete;
pub(crate) mod download;
pub(crate) mod form;
pub(crate) mod list;
pub(crate) mod receipt;
pub(crate) mod upload;
pub(crate) mod url;

mod file;

use ::http::{HeaderName, HeaderValue};

use crate::http::Request;
use crate::policy::Policy;
use crate::settings::Settings;
use crate::token::Caller;

/// What every operation may look at.
pub(crate) struct Context<'a> {
    /// The rules.
    pub(crate) policy: &'a Policy,
    /// How this service was set up.
    pub(crate) settings: &'a Settings,
    /// Who asks.
    pub(crate) caller: Caller,
    /// What stands behind the path's `?`.
    pub(crate) query: &'a str,
    /// The fields that every answer to this request gets.
    pub(crate) shared: &'a [(HeaderName, HeaderValue)],
}

impl Context<'_> {
    /// The service's own address, as this request's client knows it.
    pub(crate) fn base_url(&self, request: &Request) -> String {
        match self.settings.public_url() {
            Some(url) => url.to_owned(),
            None => format!("http://{}", request.authority()),
        }
    }
}
