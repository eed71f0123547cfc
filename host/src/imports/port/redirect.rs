//! Redirects clients to a presigned URL of a file's bytes.

use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, LOCATION, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use super::outgoing;
use crate::problem::Problem;
use crate::store::Error;
use crate::store::body::{Elsewhere, ServedAs};

/// The prefix of the CORS fields of a response.
const CORS: &str = "access-control-";

/// Which pages may embed the file: checked on a redirect as well (the Fetch standard, 3.7).
const CORP: &str = "cross-origin-resource-policy";

/// As the component says it.
const UNAVAILABLE: Problem<'_> = Problem {
    slug: Some("unavailable"),
    status: StatusCode::SERVICE_UNAVAILABLE,
    title: "Unavailable",
    detail: "the storage is unavailable; try again",
};

/// 307 (RFC 9110, 15.4.8) to the bytes, which are then served with the fields that the component
/// gave; this response keeps only the fields that are not about the file. 503 if no URL can be
/// created.
pub(super) async fn to(place: &dyn Elsewhere, given: &HeaderMap) -> Response<HyperOutgoingBody> {
    let location = locate(place, given).await;
    let mut fields = HeaderMap::new();
    for name in given.keys().filter(|name| stays(name)) {
        for value in given.get_all(name) {
            fields.append(name, value.clone());
        }
    }
    let mut response = match location {
        Ok(location) => {
            fields.insert(LOCATION, location);
            // The URL is for this client only, and short-lived.
            let private = HeaderValue::from_static("private, no-store");
            fields.insert(CACHE_CONTROL, private);
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            response
        }
        Err(error) => {
            outgoing::log(&error);
            UNAVAILABLE.response()
        }
    };
    response.headers_mut().extend(fields);
    let length = response.body().size_hint().lower();
    let fields = response.headers_mut();
    fields.insert(CONTENT_LENGTH, HeaderValue::from(length));
    response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
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
