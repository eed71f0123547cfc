//! One file per operation: parse, call the store, respond.

pub(crate) mod amend;
pub(crate) mod continued;
pub(crate) mod copy;
pub(crate) mod delete;
pub(crate) mod delete_many;
pub(crate) mod download;
pub(crate) mod form;
pub(crate) mod info;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod openapi;
pub(crate) mod receipt;
pub(crate) mod upload;
pub(crate) mod uploads;
pub(crate) mod url;
pub(crate) mod urls;

mod file;
mod json_body;
mod listing;
mod managed;
mod progress;

use ::http::{HeaderName, HeaderValue};

use crate::http::Request;
use crate::policy::Policy;
use crate::problem::Problem;
use crate::settings::Settings;
use crate::token::Caller;

/// What every operation has access to.
pub(crate) struct Context<'a> {
    /// The rules.
    pub(crate) policy: &'a Policy,
    /// The settings of this service.
    pub(crate) settings: &'a Settings,
    /// Who is asking.
    pub(crate) caller: Caller,
    /// The query: what follows the `?`.
    pub(crate) query: &'a str,
    /// The header fields of every response to this request.
    pub(crate) shared: &'a [(HeaderName, HeaderValue)],
}

impl Context<'_> {
    /// The service's base URL as the client of this request knows it.
    ///
    /// # Errors
    /// As [`Request::authority`].
    pub(crate) fn base_url(&self, request: &Request) -> Result<String, Problem> {
        match self.settings.public_url() {
            Some(url) => Ok(url.to_owned()),
            None => Ok(format!("http://{}", request.authority()?)),
        }
    }
}
