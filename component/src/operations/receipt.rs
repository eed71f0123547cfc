//! The response to an upload, decided before its bytes arrive, and carried over to the
//! instance that runs once they have.

use borsh::{BorshDeserialize, BorshSerialize};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::Context;
use super::file::{File, location};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{Error, Upload};
use crate::http::{Answer, Request, Response};
use crate::permit::Refusals;
use crate::problem::Problem;
use crate::url::Name;

/// Everything about an upload that its response needs.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Receipt {
    area: Area,
    name: Name,
    base_url: String,
    refusals: Refusals,
    /// The header fields of every response to this request.
    shared: Vec<(String, Vec<u8>)>,
}

impl Receipt {
    /// For a file with this name, which the caller may store unless `refusals` says
    /// otherwise.
    pub(super) fn new(
        context: &Context<'_>,
        request: &Request,
        area: Area,
        name: &Name,
        refusals: Refusals,
    ) -> Self {
        let shared = context.shared.iter();
        Self {
            area,
            name: name.clone(),
            base_url: context.base_url(request),
            refusals,
            shared: shared
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
        }
    }

    /// The receipt as bytes for [`Receipt::read`].
    pub(super) fn note(&self) -> Vec<u8> {
        borsh::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`Receipt::note`] wrote.
    pub(crate) fn read(note: &[u8]) -> Option<Self> {
        borsh::from_slice(note).ok()
    }

    /// What the store's error means to the caller.
    pub(super) fn problem(&self, error: Error) -> Problem {
        self.refusals.problem(error)
    }

    /// Publishes the upload, if its bytes were received, and responds.
    pub(crate) fn answer(
        &self,
        upload: Upload,
        received: Result<u64, Error>,
    ) -> Result<Answer, Problem> {
        received.map_err(|error| self.problem(error))?;
        let stored = Upload::finish(vec![upload]);
        let mut stored = stored.map_err(|refused| self.problem(refused.error))?;
        let stored = stored.pop().ok_or(Problem::Internal)?;

        let status = if stored.replaced {
            StatusCode::OK
        } else {
            StatusCode::CREATED
        };
        let file = File::new(self.area, &self.name, stored.info, &self.base_url);
        let mut response = Response::json(status, &file);
        if let Ok(etag) = HeaderValue::try_from(file.etag()) {
            response.headers.insert(header::ETAG, etag);
        }
        if !stored.replaced
            && let Ok(url) = HeaderValue::try_from(location(&self.base_url, self.area, &self.name))
        {
            response.headers.insert(header::LOCATION, url);
        }
        Ok(Answer::Whole(response))
    }

    /// The header fields that every response has in addition to its own.
    pub(crate) fn shared(&self) -> HeaderMap {
        let fields = self.shared.iter().filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_bytes(value).ok()?))
        });
        fields.collect()
    }
}
