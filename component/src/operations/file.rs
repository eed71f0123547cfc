//! How files are described to clients.

use serde::{Serialize, Serializer};

use crate::area::Area;
use crate::bindings::coffer::storage::blobs::Info;
use crate::time;
use crate::url::{Name, Version};

/// A stored file, as JSON.
#[derive(Serialize)]
pub(super) struct File {
    name: String,
    size: u64,
    content_type: String,
    etag: String,
    last_modified: String,
    #[serde(serialize_with = "members")]
    metadata: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    versioned_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manage_url: Option<String>,
}

impl File {
    /// Describes the file stored under this name.
    pub(super) fn new(area: Area, name: &Name, info: Info, base_url: &str) -> Self {
        let public_url = (area == Area::Public).then(|| location(base_url, area, name));
        let versioned_url = public_url
            .as_deref()
            .map(|url| [url, "?", &Version::query(&info.etag)].concat());
        Self {
            name: name.to_string(),
            size: info.size,
            content_type: info.content_type,
            etag: info.etag,
            last_modified: time::rfc3339(info.modified),
            metadata: info.metadata,
            public_url,
            versioned_url,
            manage_url: None,
        }
    }

    /// With the link by which it is replaced and deleted.
    pub(super) fn managed(self, manage_url: Option<String>) -> Self {
        Self { manage_url, ..self }
    }

    /// The entity tag, as in the `ETag` field.
    pub(super) fn etag(&self) -> &str {
        &self.etag
    }
}

/// Pairs of a name and a value as an object.
fn members<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// The URL of a file; that of a public file works for everyone.
pub(super) fn location(base_url: &str, area: Area, name: &Name) -> String {
    format!("{base_url}/v1/{area}/files/{}", name.to_path())
}

/// The same for somebody who has a link and no token, if it is of use to them.
pub(super) fn location_by_link(base_url: &str, area: Area, name: &Name) -> Option<String> {
    (area == Area::Public).then(|| location(base_url, area, name))
}
