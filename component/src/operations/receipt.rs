//! The response to an upload, decided before its bytes arrive, and carried over to the
//! instance that runs once they have.

use borsh::{BorshDeserialize, BorshSerialize};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::file::File;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{Error, Stored, Upload};
use crate::http::{Answer, Response};
use crate::permit::{OnceSized, Refusals};
use crate::problem::Problem;
use crate::url::Name;

/// Everything about an upload that its response needs.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Receipt {
    pub(super) area: Area,
    pub(super) name: Name,
    pub(super) base_url: String,
    /// How many bytes the body must have, if the client has said so apart from HTTP itself.
    pub(super) length: Option<u64>,
    /// The URL of the file, if it is of use to the client.
    pub(super) location: Option<String>,
    /// The link by which the file is replaced and deleted, if the client gets one.
    pub(super) manage_url: Option<String>,
    /// What the caller may not store.
    pub(super) refusals: Refusals,
    /// What is still to be decided once the size is known.
    pub(super) once_sized: Option<OnceSized>,
    /// The header fields of every response to this request.
    pub(super) shared: Vec<(String, Vec<u8>)>,
}

impl Receipt {
    /// Header fields as a receipt has them, for [`headers`].
    pub(super) fn fields(shared: &[(HeaderName, HeaderValue)]) -> Vec<(String, Vec<u8>)> {
        let fields = shared.iter();
        fields
            .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
            .collect()
    }

    /// What the store's error means to the caller.
    fn problem(&self, error: Error) -> Problem {
        self.refusals.problem(error)
    }

    /// Publishes the upload, if its bytes were received, and responds.
    pub(crate) fn answer(
        &self,
        upload: Upload,
        received: Result<u64, Error>,
    ) -> Result<Answer, Problem> {
        let received = received.map_err(|error| self.problem(error))?;
        if self.length.is_some_and(|length| length != received) {
            return Err(Problem::InconsistentLength);
        }
        if let Some(undecided) = &self.once_sized {
            undecided.check(received)?;
        }
        let stored = Upload::finish(vec![upload]);
        let mut stored = stored.map_err(|refused| self.problem(refused.error))?;
        let stored = stored.pop().ok_or(Problem::Internal)?;
        Ok(Answer::Whole(self.response(stored)))
    }

    /// The response once the file is stored.
    pub(super) fn response(&self, stored: Stored) -> Response {
        let status = if stored.replaced {
            StatusCode::OK
        } else {
            StatusCode::CREATED
        };
        let file = File::new(self.area, &self.name, stored.info, &self.base_url)
            .managed(self.manage_url.clone());
        let mut response = Response::json(status, &file);
        if let Ok(etag) = HeaderValue::try_from(file.etag()) {
            response.headers.insert(header::ETAG, etag);
        }
        if !stored.replaced
            && let Some(location) = &self.location
            && let Ok(url) = HeaderValue::try_from(location)
        {
            response.headers.insert(header::LOCATION, url);
        }
        response
    }
}

/// What [`Receipt::fields`] made, as header fields again.
pub(super) fn headers(shared: &[(String, Vec<u8>)]) -> HeaderMap {
    let fields = shared.iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(value).ok()?))
    });
    fields.collect()
}
