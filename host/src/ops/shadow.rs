//! The shadow policy: what it would decide otherwise, and how operators change it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::answer::{self, OpsResponse};
use super::component::time;
use crate::shadow::Shadow;
use crate::swap::Swap;

/// Max size of a policy document, in bytes.
const MOST: usize = 1 << 20;
/// How long a document may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The shadow policy and what it decided so far, or why there is none anymore.
pub(super) fn status(shadow: &Shadow) -> OpsResponse {
    answer::json(&describe(shadow))
}

/// Begins with the policy in the body: 200 once it decides, 413 if it is too large, 422 with the
/// reason if it is refused.
pub(super) async fn begin(swap: &Arc<Swap>, body: Incoming) -> OpsResponse {
    let document = match document(body).await {
        Ok(document) => document,
        Err(refusal) => return refusal,
    };
    // Continues if the client disconnects: what has begun counts as tried.
    let beginning = Arc::clone(swap);
    let begun = tokio::spawn(async move { beginning.begin_shadow(document).await }).await;
    let refused = |reason: &str| answer::problem(StatusCode::UNPROCESSABLE_ENTITY, reason);
    match begun {
        Ok(Ok(())) => status(swap.shadow()),
        Ok(Err(reason)) => refused(&reason.to_string()),
        Err(panic) => refused(&panic.to_string()),
    }
}

/// Ends it: 204, or 404 if there is none.
pub(super) async fn end(swap: &Swap) -> OpsResponse {
    match swap.end_shadow().await {
        Ok(()) => answer::done(),
        Err(none) => answer::problem(StatusCode::NOT_FOUND, &none.to_string()),
    }
}

async fn document(body: Incoming) -> Result<String, OpsResponse> {
    let arriving = Limited::new(body, MOST).collect();
    let (status, detail) = match tokio::time::timeout(BODY_TIME, arriving).await {
        Ok(Ok(document)) => match String::from_utf8(document.to_bytes().into()) {
            Ok(document) => return Ok(document),
            Err(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "the policy is not valid UTF-8".to_owned(),
            ),
        },
        Ok(Err(error)) if error.is::<LengthLimitError>() => (
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("a policy has at most {MOST} bytes"),
        ),
        Ok(Err(error)) => (StatusCode::BAD_REQUEST, error.to_string()),
        Err(_) => (
            StatusCode::REQUEST_TIMEOUT,
            "the policy took too long to arrive".to_owned(),
        ),
    };
    Err(answer::problem(status, &detail))
}

fn describe(shadow: &Shadow) -> Value {
    let past = shadow.past();
    let event = |event: Option<(String, SystemTime)>| {
        event.map(|(reason, at)| json!({"reason": reason, "at": time(at)}))
    };
    let running = shadow.running();
    let state = match (&running, &past.dropped) {
        (Some(_), _) => "running",
        (None, Some(_)) => "dropped",
        (None, None) => "off",
    };
    let mut document = json!({
        "state": state,
        "share": shadow.share(),
        "dropped": event(past.dropped),
        "refused": event(past.refused),
    });
    if let Some((about, counted)) = running {
        document["policy"] = about.policy.into();
        document["component"] = about.component.into();
        document["source"] = about.source.into();
        document["since"] = time(about.since).into();
        document["decisions"] = json!({
            "same": counted.same,
            "would_allow": counted.would_allow,
            "would_deny": counted.would_deny,
            "skipped": counted.skipped,
        });
    }
    document
}
