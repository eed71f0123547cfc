//! Where a resumable upload is reached.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::area::Area;

/// Below which path, and so by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum UploadPlace {
    /// `/v1/{area}/uploads/{id}`, by those who have files there.
    Area(Area),
    /// `/v1/links/uploads/{id}`, by those who know the id: it began at a link.
    Link,
}

impl UploadPlace {
    /// The segment below `/v1/links/`.
    pub(super) const BELOW_LINKS: &str = "uploads";

    /// The URL of the upload with this id.
    pub(crate) fn url(self, base_url: &str, id: &str) -> String {
        match self {
            Self::Area(area) => format!("{base_url}/v1/{area}/uploads/{id}"),
            Self::Link => format!("{base_url}/v1/links/{}/{id}", Self::BELOW_LINKS),
        }
    }
}
