//! Sends clients on to where a file's bytes are.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, LOCATION, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use super::outgoing;
use crate::store::Error;
use crate::store::body::{Elsewhere, ServedAs};

/// What the CORS fields of an answer begin with.
const CORS: &str = "access-control-";

/// Which pages may embed the file: asked of a redirect as well (the Fetch standard, 3.7).
const CORP: &str = "cross-origin-resource-policy";

/// 307 (RFC 9110, 15.4.8) to the bytes, which are then served with the fields that the
/// component gave; of the fields here only those stay that are not about the file.
/// 503 where no URL can be made.
pub(super) async fn to(place: &dyn Elsewhere, given: &HeaderMap) -> Response<HyperOutgoingBody> {
    let location = locate(place, given).await;
    let mut fields = HeaderMap::new();
    for name in given.keys().filter(|name| stays(name)) {
        for value in given.get_all(name) {
            fields.append(name, value.clone());
        }
    }
    let (status, text) = match location {
        Ok(location) => {
            fields.insert(LOCATION, location);
            // The URL is for whoever asked, and does not live long.
            let private = HeaderValue::from_static("private, no-store");
            fields.insert(CACHE_CONTROL, private);
            (StatusCode::TEMPORARY_REDIRECT, Bytes::new())
        }
        Err(error) => {
            outgoing::log(&error);
            let problem = HeaderValue::from_static("application/problem+json");
            fields.insert(CONTENT_TYPE, problem);
            fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            fields.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            (StatusCode::SERVICE_UNAVAILABLE, unavailable().into())
        }
    };
    fields.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    let body = Full::new(text).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    *response.headers_mut() = fields;
    response
}

async fn locate(place: &dyn Elsewhere, given: &HeaderMap) -> Result<HeaderValue, Error> {
    let text = |name| Some(given.get(name)?.to_str().ok()?.to_owned());
    let fields = ServedAs {
        content_type: text(CONTENT_TYPE),
        content_disposition: text(CONTENT_DISPOSITION),
        cache_control: text(CACHE_CONTROL),
    };
    let url = place.url(fields).await?;
    HeaderValue::try_from(url).map_err(|error| Error::Unavailable(Box::new(error)))
}

fn stays(name: &HeaderName) -> bool {
    let name = name.as_str();
    name == VARY || name == X_CONTENT_TYPE_OPTIONS || name == CORP || name.starts_with(CORS)
}

/// As the component says it (RFC 9457).
fn unavailable() -> String {
    let document = serde_json::json!({
        "type": "/problems/unavailable",
        "title": "Unavailable",
        "status": 503,
        "detail": "the storage is out of reach; try again",
    });
    document.to_string()
}
