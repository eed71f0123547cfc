//! What a shadow policy decides, beside the policy in force.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Word;
use super::labels::{DecisionLabels, OutcomeLabel};

/// Compared decisions; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct ShadowMetrics {
    decisions: Family<DecisionLabels, Counter>,
    changes: Family<OutcomeLabel, Counter>,
    running: Gauge,
}

impl ShadowMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "shadow_decisions",
            "Decisions compared with those of the shadow policy: same, would_allow, would_deny, skipped",
            self.decisions.clone(),
        );
        registry.register(
            "shadow_changes",
            "Changes of the shadow policy: started, stopped, promoted, refused, dropped",
            self.changes.clone(),
        );
        registry.register(
            "shadow_running",
            "1 while there is a shadow policy",
            self.running.clone(),
        );
    }

    pub(super) fn begin_at_zero(&self) {
        for outcome in ["started", "stopped", "promoted", "refused", "dropped"] {
            let outcome = Word(outcome);
            drop(self.changes.get_or_create(&OutcomeLabel { outcome }));
        }
    }

    /// A decision was compared, or skipped.
    pub fn compared(&self, action: Word, area: Word, result: Word) {
        let labels = DecisionLabels {
            action,
            area,
            result,
        };
        self.decisions.get_or_create(&labels).inc();
    }

    /// A shadow policy was `started`, `stopped`, `promoted`, `refused` or `dropped`.
    pub fn changed(&self, outcome: Word) {
        self.changes.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// Whether there is one.
    pub fn running(&self, running: bool) {
        self.running.set(running.into());
    }
}
