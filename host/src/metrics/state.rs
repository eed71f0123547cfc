//! The state of the host, which is found out at each scrape.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::process::log;

/// What was found out last.
#[derive(Debug, Default)]
pub struct State {
    ready: Gauge,
    change_refused: Gauge,
    damaged_files: Gauge,
    checksum_mismatches: Counter,
    log_dropped: Counter,
}

impl State {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "ready",
            "1 if requests can be served, as /readyz says",
            self.ready.clone(),
        );
        registry.register(
            "component_change_refused",
            "1 if the last change of component or policy was refused, until one is accepted",
            self.change_refused.clone(),
        );
        registry.register(
            "damaged_files",
            "Damaged files found since the start: missing, too short, too long or unreadable",
            self.damaged_files.clone(),
        );
        registry.register(
            "checksum_mismatches",
            "Downloads broken off because the bytes did not match the stored checksum",
            self.checksum_mismatches.clone(),
        );
        registry.register(
            "log_dropped",
            "Log lines dropped because nobody read the log",
            self.log_dropped.clone(),
        );
    }

    /// Whether requests can be served.
    pub fn ready(&self, ready: bool) {
        self.ready.set(ready.into());
    }

    /// Whether the last change of component or policy was refused.
    pub fn change_refused(&self, refused: bool) {
        self.change_refused.set(refused.into());
    }

    /// The number of damaged files found since the start.
    pub fn damaged(&self, files: u64) {
        self.damaged_files
            .set(i64::try_from(files).unwrap_or(i64::MAX));
    }

    /// The number of downloads since the start whose bytes did not match their checksum.
    pub fn mismatched(&self, downloads: u64) {
        raise(&self.checksum_mismatches, downloads);
    }

    /// Takes over how many lines the log has dropped.
    pub(super) fn count_log(&self) {
        raise(&self.log_dropped, log::dropped());
    }
}

/// To this total, which never falls.
fn raise(counter: &Counter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}
