//! The preconditions of a request that began an upload, kept until it is complete.

use borsh::{BorshDeserialize, BorshSerialize};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::bindings::coffer::storage::blobs::Conditions;
use crate::fields::conditions::conditions;
use crate::problem::Problem;

/// The fields as they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Preconditions(Vec<(String, Vec<u8>)>);

impl Preconditions {
    /// Those of a request.
    pub(super) fn of_request(headers: &HeaderMap) -> Self {
        let names = [
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::IF_UNMODIFIED_SINCE,
        ];
        let fields = names.iter().flat_map(|name| {
            let values = headers.get_all(name).iter();
            values.map(|value| (name.to_string(), value.as_bytes().to_vec()))
        });
        Self(fields.collect())
    }

    /// What must hold for the version that is replaced.
    ///
    /// # Errors
    /// As [`conditions`].
    pub(super) fn conditions(&self) -> Result<Conditions, Problem> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.0 {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_bytes(value);
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.append(name, value);
            }
        }
        conditions(&headers)
    }
}
