//! Signal handlers.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::ServeError;
use crate::swap::Swap;

/// Reloads component and policy on each SIGHUP.
pub(super) fn reload_on_hangup(swap: Arc<Swap>) -> Result<impl Future<Output = ()>, ServeError> {
    let mut hangup = signal(SignalKind::hangup()).map_err(ServeError::NoSignals)?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            // The outcome has been logged.
            let _ = swap.reload("SIGHUP").await;
        }
    })
}

/// Resolves on SIGTERM or SIGINT.
pub(super) fn stop() -> Result<impl Future<Output = ()>, ServeError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::NoSignals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::NoSignals)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
