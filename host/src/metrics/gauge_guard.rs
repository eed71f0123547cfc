//! A gauge of what is in progress.

use std::sync::atomic::AtomicI64;

use prometheus_client::metrics::gauge::Gauge;

/// Counts as one for as long as it is held.
pub struct GaugeGuard(Gauge);

impl GaugeGuard {
    pub(super) fn new(gauge: &Gauge<i64, AtomicI64>) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}
