//! `GET`, `HEAD /v1/openapi.json`

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::bindings::coffer::storage::blobs::Etags;
use crate::fields::conditions::of_read;
use crate::http::{Answer, Response};
use crate::problem::Problem;

/// The document, compressed: `build.rs` makes it.
static COMPRESSED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.deflate"));
/// Its entity tag: another one for another document.
const ETAG: &str = env!("COFFER_OPENAPI_ETAG");
/// The maximum size of the document, in bytes.
const MAX_BYTES: usize = 144 << 10;

/// Describes this API. The same for everyone, so no token is looked at.
pub(crate) fn answer(headers: &HeaderMap) -> Result<Answer, Problem> {
    let conditions = of_read(headers)?;
    if conditions.if_match.is_some_and(|etags| !names(&etags)) {
        return Err(Problem::PreconditionFailed);
    }
    let is_known = conditions.if_none_match.is_some_and(|etags| names(&etags));
    let mut response = if is_known {
        Response::empty(StatusCode::NOT_MODIFIED)
    } else {
        let mut response = Response::empty(StatusCode::OK);
        let json = HeaderValue::from_static("application/json");
        response.headers.insert(header::CONTENT_TYPE, json);
        response.body = Some(document()?);
        response
    };
    for (name, value) in [
        (header::ETAG, ETAG),
        (header::CACHE_CONTROL, "public, no-cache"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ] {
        response
            .headers
            .insert(name, HeaderValue::from_static(value));
    }
    Ok(Answer::Whole(response))
}

fn document() -> Result<Vec<u8>, Problem> {
    miniz_oxide::inflate::decompress_to_vec_with_limit(COMPRESSED, MAX_BYTES)
        .map_err(|_| Problem::Internal)
}

fn names(etags: &Etags) -> bool {
    match etags {
        Etags::Any => true,
        Etags::List(etags) => etags.iter().any(|etag| etag == ETAG),
    }
}

#[cfg(test)]
mod tests;
