//! What the component tells the host to count (`wit/signals.wit`).

use wasmtime::component::HasData;

use crate::bindings::coffer::storage::signals::{Host, TokenOutcome};
use crate::metrics::Metrics;

/// Counts for one request.
pub struct SignalsView<'a> {
    /// Where it is counted.
    pub metrics: &'a Metrics,
    /// Whether the request's token has been told of.
    pub told: &'a mut bool,
}

/// The type of [`SignalsView`] for the linker.
pub struct Signalling;

impl HasData for Signalling {
    type Data<'a> = SignalsView<'a>;
}

impl Host for SignalsView<'_> {
    fn token(&mut self, outcome: TokenOutcome) -> wasmtime::Result<()> {
        // A component that says more does not get to count more.
        if !std::mem::replace(self.told, true) {
            self.metrics.token(match outcome {
                TokenOutcome::Verified => "verified",
                TokenOutcome::Remembered => "remembered",
                TokenOutcome::Refused => "refused",
                TokenOutcome::Unverifiable => "unverifiable",
            });
        }
        Ok(())
    }
}
