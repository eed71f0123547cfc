//! Which component is in force, and how operators change that.

use std::sync::Arc;
use std::time::SystemTime;

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{self, OpsResponse};
use crate::swap::{InForce, PromoteError, Swap};

/// What is in force and on which engine, what was in force before, and why the last change was
/// refused, if it was.
pub(super) async fn status(swap: &Swap, engine: &str) -> OpsResponse {
    let status = swap.status().await;
    let mut document = describe(&status.in_force);
    document["previous"] = status.previous.as_deref().map_or(Value::Null, describe);
    document["refused"] = status.refused.map_or(
        Value::Null,
        |(reason, at)| json!({"reason": reason.to_string(), "at": time(at)}),
    );
    document["engine"] = engine.into();
    document["swaps"] = status.swaps.into();
    document["rollbacks"] = status.rollbacks.into();
    answer::json(&document)
}

/// Reloads component and policy from their files: 200 once they are in force, 422 with the reason
/// if they are refused.
pub(super) async fn reload(swap: &Arc<Swap>) -> OpsResponse {
    // Continues if the client disconnects: a change that has begun counts as tried.
    let swap = Arc::clone(swap);
    let reloading = tokio::spawn(async move { swap.reload("requested by an operator").await });
    let reloaded = reloading
        .await
        .unwrap_or_else(|panic| Err(Arc::new(panic.into())));
    match reloaded {
        Ok(in_force) => answer::json(&describe(&in_force)),
        Err(reason) => answer::problem(StatusCode::UNPROCESSABLE_ENTITY, &reason.to_string()),
    }
}

/// Rolls back to the previous version: 200, or 409 if there is none.
pub(super) async fn rollback(swap: &Arc<Swap>) -> OpsResponse {
    // Continues if the client disconnects, as a reload does.
    let swap = Arc::clone(swap);
    let rolling_back = async move { swap.rollback("requested by an operator").await };
    match tokio::spawn(rolling_back).await {
        Ok(Ok(in_force)) => answer::json(&describe(&in_force)),
        Ok(Err(none)) => answer::problem(StatusCode::CONFLICT, &none.to_string()),
        Err(panic) => answer::problem(StatusCode::UNPROCESSABLE_ENTITY, &panic.to_string()),
    }
}

/// Puts the shadow policy in force: 200, 409 if there is none, or 422 with the reason if it is
/// refused.
pub(super) async fn promote(swap: &Arc<Swap>) -> OpsResponse {
    // Continues if the client disconnects, as a reload does.
    let swap = Arc::clone(swap);
    let promoting = async move { swap.promote("promoted by an operator").await };
    match tokio::spawn(promoting).await {
        Ok(Ok(in_force)) => answer::json(&describe(&in_force)),
        Ok(Err(none @ PromoteError::None(_))) => {
            answer::problem(StatusCode::CONFLICT, &none.to_string())
        }
        Ok(Err(refused)) => answer::problem(StatusCode::UNPROCESSABLE_ENTITY, &refused.to_string()),
        Err(panic) => answer::problem(StatusCode::UNPROCESSABLE_ENTITY, &panic.to_string()),
    }
}

fn describe(in_force: &InForce) -> Value {
    json!({
        "component": in_force.digests.component.to_string(),
        "policy": in_force.digests.policy.map(|digest| digest.to_string()),
        "since": time(in_force.since),
        "failures": in_force.sandbox.failures().count(),
    })
}

/// RFC 3339, in UTC.
pub(super) fn time(time: SystemTime) -> String {
    // humantime panics before 1970.
    let time = time.max(SystemTime::UNIX_EPOCH);
    humantime::format_rfc3339_seconds(time).to_string()
}
