//! Whether requests should be sent to this host.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Operations;
use crate::store::{Error, causes, one_line};

/// Not ready: if a request waits longer than this for an instance, others should be sent
/// elsewhere.
const QUEUE_TIME: Duration = Duration::from_secs(1);
/// How long the engine may take to respond.
const ENGINE_TIME: Duration = Duration::from_secs(2);

/// Why not.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotReady {
    /// No more requests are accepted.
    #[error("draining")]
    Draining,
    /// The engine is not open yet, for this reason.
    #[error("waiting for the store: {0}")]
    Unopened(String),
    /// The engine failed.
    #[error("{}", line(.0))]
    Store(#[source] Error),
    /// The engine took too long.
    #[error("the store did not respond within {} s", ENGINE_TIME.as_secs())]
    NoResponse,
    /// Every instance is in use.
    #[error("requests wait too long for an instance")]
    Busy,
}

/// The cause in one line: what an operator must do, if that is known.
fn line(error: &Error) -> String {
    match error {
        Error::Misconfigured(cause) => one_line(&cause.to_string()),
        error => causes(error),
    }
}

impl Operations {
    /// Asks the engine, and waits for an instance meanwhile: it takes as long as the slower of
    /// the two. A component is always in force.
    ///
    /// # Errors
    /// [`NotReady`].
    pub(super) async fn readiness(&self) -> Result<(), NotReady> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(NotReady::Draining);
        }
        if let Some(reason) = self.store.unopened() {
            return Err(NotReady::Unopened(reason));
        }
        let in_force = self.swap.in_force();
        let room = in_force.sandbox.has_room(QUEUE_TIME);
        let (engine, has_room) = tokio::join!(self.engine(), room);
        engine.inspect_err(|reason| tracing::warn!(%reason, "not ready"))?;
        match has_room {
            true => Ok(()),
            false => Err(NotReady::Busy),
        }
    }

    async fn engine(&self) -> Result<(), NotReady> {
        match tokio::time::timeout(ENGINE_TIME, self.store.ready()).await {
            Ok(ready) => ready.map_err(NotReady::Store),
            Err(_) => Err(NotReady::NoResponse),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_one_line_with_every_cause() {
        for (error, expected) in [
            (
                Error::unavailable("connection refused;\n  check that it runs"),
                "the store is unavailable: connection refused; check that it runs",
            ),
            (
                Error::Misconfigured("create the bucket".into()),
                "create the bucket",
            ),
            (Error::NoSpace, "no space left"),
        ] {
            assert_eq!(NotReady::Store(error).to_string(), expected);
        }
    }
}
