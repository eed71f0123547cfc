//! Lets scripts of other origins read the host's own answers. Which origins is the
//! component's word (`self-check`).

use http::{HeaderMap, HeaderValue, header};

const EXPOSED: HeaderValue = HeaderValue::from_static("X-Request-Id");

/// Adds to an answer what its request's origin needs to read it.
pub(super) fn allow(origins: &[String], origin: Option<&HeaderValue>, answer: &mut HeaderMap) {
    if origins.is_empty() {
        return;
    }
    let allowed = if origins.iter().any(|origin| origin == "*") {
        HeaderValue::from_static("*")
    } else {
        answer.append(header::VARY, HeaderValue::from_static("Origin"));
        match origin {
            Some(origin) if origins.iter().any(|listed| *origin == listed.as_str()) => {
                origin.clone()
            }
            _ => return,
        }
    };
    answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}
