//! The page's files, embedded in the program.

use bytes::Bytes;
use headers::{ETag, HeaderMapExt, IfNoneMatch};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use sha2::{Digest, Sha256};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Each file of `host/page`: its name, type and content.
macro_rules! files {
    ($($name:literal $type:ident,)*) => {
        &[$(($name, $type, include_bytes!(concat!("../../../page/", $name)))),*]
    };
}

const FILES: &[(&str, &str, &[u8])] = files! {
    "index.html" HTML,
    "page.css" CSS,
    "icon.svg" SVG,
    "actions.js" SCRIPT,
    "api.js" SCRIPT,
    "dom.js" SCRIPT,
    "files.js" SCRIPT,
    "format.js" SCRIPT,
    "links.js" SCRIPT,
    "listing.js" SCRIPT,
    "main.js" SCRIPT,
    "memory.js" SCRIPT,
    "panel.js" SCRIPT,
    "route.js" SCRIPT,
    "selection.js" SCRIPT,
    "session.js" SCRIPT,
    "texts.js" SCRIPT,
    "thumbnails.js" SCRIPT,
    "tus.js" SCRIPT,
    "uploads.js" SCRIPT,
    "viewer.js" SCRIPT,
};

/// A file of the page.
pub(in crate::server) struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static [u8],
    tag: ETag,
}

/// All of them.
pub(super) struct Assets(Vec<Asset>);

impl Assets {
    pub(super) fn new() -> Self {
        let asset = |&(name, media_type, content): &(_, _, &'static [u8])| {
            let digest = base16ct::lower::encode_string(&Sha256::digest(content)[..16]);
            // Hexadecimal digits in quotes are a valid tag.
            let tag = format!("\"{digest}\"").parse().ok()?;
            Some(Asset {
                name,
                media_type,
                content,
                tag,
            })
        };
        Self(FILES.iter().filter_map(asset).collect())
    }

    pub(super) fn find(&self, name: &str) -> Option<&Asset> {
        self.0.iter().find(|asset| asset.name == name)
    }
}

impl Asset {
    /// The file, or 304 if the client has this version of it.
    pub(super) fn response(&self, fields: &HeaderMap) -> Response<Full<Bytes>> {
        let known = fields.typed_get::<IfNoneMatch>();
        let fresh = known.is_none_or(|known| known.precondition_passes(&self.tag));
        let mut response = if fresh {
            Response::new(Full::new(Bytes::from_static(self.content)))
        } else {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        };
        let fields = response.headers_mut();
        if fresh {
            let media_type = HeaderValue::from_static(self.media_type);
            fields.insert(header::CONTENT_TYPE, media_type);
        }
        fields.typed_insert(self.tag.clone());
        // A new version of the program has new files, and they must fit together.
        let no_cache = HeaderValue::from_static("no-cache");
        fields.insert(header::CACHE_CONTROL, no_cache);
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_is_served_and_together_they_are_small() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        let entries = std::fs::read_dir(folder).expect("the folder");
        let entries = entries.map(|entry| entry.expect("an entry"));
        let on_disk: BTreeSet<_> = entries
            .filter(|entry| entry.file_type().expect("a type").is_file())
            .map(|entry| entry.file_name().into_string().expect("text"))
            .collect();
        let assets = Assets::new();
        let served: BTreeSet<_> = assets.0.iter().map(|asset| asset.name.to_owned()).collect();
        assert_eq!(served, on_disk);
        let size: usize = assets.0.iter().map(|asset| asset.content.len()).sum();
        assert!(size <= 60 << 10, "{size} bytes");
    }

    #[test]
    fn a_client_that_has_the_version_gets_no_bytes() {
        let assets = Assets::new();
        let asset = assets.find("index.html").expect("a page");
        let first = asset.response(&HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        let tag = &first.headers()[header::ETAG];
        for (known, expected) in [
            (tag.clone(), StatusCode::NOT_MODIFIED),
            (HeaderValue::from_static("\"other\""), StatusCode::OK),
        ] {
            let fields = HeaderMap::from_iter([(header::IF_NONE_MATCH, known)]);
            assert_eq!(asset.response(&fields).status(), expected);
        }
    }
}
