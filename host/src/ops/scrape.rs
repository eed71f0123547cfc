//! The metrics, with what only a scrape finds out.

use std::time::Duration;

use super::Operations;
use super::answer::{self, OpsResponse};

/// How long to wait for a change of component or policy that is under way.
const CHANGE_TIME: Duration = Duration::from_secs(1);

impl Operations {
    /// The metrics. A host that is alive and gets no requests fails none either, so readiness is
    /// among them.
    pub(super) async fn scrape(&self) -> OpsResponse {
        let status = tokio::time::timeout(CHANGE_TIME, self.swap.status());
        let (ready, status) = tokio::join!(self.readiness(), status);
        let state = self.metrics.state();
        state.ready(ready.is_ok());
        if let Ok(status) = status {
            state.change_refused(status.refused.is_some());
        }
        state.damaged(self.store.damaged_files());
        state.mismatched(self.store.checksum_mismatches());
        answer::metrics(self.metrics.text())
    }
}
