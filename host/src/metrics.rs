//! Metrics, and their text for Prometheus (OpenMetrics 1.0).

mod gauge_guard;
mod labels;
mod s3_requests;
mod shadow;
mod state;

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use labels::{
    CallLabel, CallLabels, ComponentLabels, KindLabel, OperationLabel, OutcomeLabel, RequestLabels,
};

pub use gauge_guard::GaugeGuard;
pub use labels::Word;
pub use s3_requests::S3Requests;
pub use shadow::ShadowMetrics;
pub use state::State;

/// Upper bounds of latencies, in seconds: from a cached token to a large upload.
const BUCKETS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 25.0,
    100.0,
];

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// All metrics.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latencies: Histograms<OperationLabel>,
    received: Counter,
    sent: Counter,
    connections: Gauge,
    instances: Gauge,
    queue: Gauge,
    failures: Family<KindLabel, Counter>,
    changes: Family<OutcomeLabel, Counter>,
    component: Family<ComponentLabels, Gauge>,
    calls: Family<CallLabels, Counter>,
    call_latencies: Histograms<CallLabel>,
    tokens: Family<OutcomeLabel, Counter>,
    s3_requests: S3Requests,
    shadow: ShadowMetrics,
    state: State,
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Default for Metrics {
    fn default() -> Self {
        let histograms = histogram as fn() -> Histogram;
        let mut metrics = Self {
            registry: Registry::with_prefix("coffer"),
            requests: Family::default(),
            latencies: Family::new_with_constructor(histograms),
            received: Counter::default(),
            sent: Counter::default(),
            connections: Gauge::default(),
            instances: Gauge::default(),
            queue: Gauge::default(),
            failures: Family::default(),
            changes: Family::default(),
            component: Family::default(),
            calls: Family::default(),
            call_latencies: Family::new_with_constructor(histograms),
            tokens: Family::default(),
            s3_requests: S3Requests::default(),
            shadow: ShadowMetrics::default(),
            state: State::default(),
        };
        metrics.register();
        metrics.begin_at_zero();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "build",
            "The version of this program and the commit that it was built from",
            Info::new([
                ("version", env!("CARGO_PKG_VERSION")),
                ("commit", env!("COFFER_COMMIT")),
            ]),
        );
        registry.register("requests", "Answered requests", self.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from the request's header to the header of its response",
            Unit::Seconds,
            self.latencies.clone(),
        );
        registry.register_with_unit(
            "received",
            "Bytes of request bodies received",
            Unit::Bytes,
            self.received.clone(),
        );
        registry.register_with_unit(
            "sent",
            "Bytes of response bodies sent",
            Unit::Bytes,
            self.sent.clone(),
        );
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register("instances", "Instances in use", self.instances.clone());
        registry.register(
            "queue",
            "Requests waiting for an instance",
            self.queue.clone(),
        );
        registry.register(
            "component_failures",
            "Requests that failed in the component",
            self.failures.clone(),
        );
        registry.register(
            "component_changes",
            "Hot reloads of component or policy: swapped, refused, rolled-back",
            self.changes.clone(),
        );
        registry.register(
            "component_info",
            "1 for the component and the policy in force",
            self.component.clone(),
        );
        registry.register(
            "engine_calls",
            "Calls of the storage engine",
            self.calls.clone(),
        );
        registry.register_with_unit(
            "engine_call_duration",
            "Duration of calls of the storage engine; of a download, until its first byte",
            Unit::Seconds,
            self.call_latencies.clone(),
        );
        registry.register(
            "tokens",
            "Bearer tokens of requests, by outcome",
            self.tokens.clone(),
        );
        self.s3_requests.register(registry);
        self.shadow.register(registry);
        self.state.register(registry);
    }

    /// Has counters of rare events there from the start: Prometheus does not see an increase in a
    /// series that begins with its first event.
    fn begin_at_zero(&self) {
        for outcome in ["swapped", "refused", "rolled-back"] {
            let label = OutcomeLabel {
                outcome: Word(outcome),
            };
            drop(self.changes.get_or_create(&label));
        }
        self.shadow.begin_at_zero();
    }

    /// Those of the S3 engine.
    pub fn s3_requests(&self) -> S3Requests {
        self.s3_requests.clone()
    }

    /// Those of a shadow policy.
    pub fn shadow(&self) -> ShadowMetrics {
        self.shadow.clone()
    }

    /// What is found out at each scrape.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// A request was answered.
    pub fn answered(&self, operation: Word, area: Word, status: u16, time: Duration) {
        let labels = RequestLabels {
            operation,
            area,
            status,
        };
        self.requests.get_or_create(&labels).inc();
        let label = OperationLabel { operation };
        self.latencies
            .get_or_create(&label)
            .observe(time.as_secs_f64());
    }

    /// The counter of bytes of request bodies.
    pub fn received(&self) -> Counter {
        self.received.clone()
    }

    /// The counter of bytes of response bodies.
    pub fn sent(&self) -> Counter {
        self.sent.clone()
    }

    /// One more connection, until what this returns is dropped.
    pub fn connection(&self) -> GaugeGuard {
        GaugeGuard::new(&self.connections)
    }

    /// One more instance in use, until what this returns is dropped.
    pub fn instance(&self) -> GaugeGuard {
        GaugeGuard::new(&self.instances)
    }

    /// One more request that waits, until what this returns is dropped.
    pub fn waiting(&self) -> GaugeGuard {
        GaugeGuard::new(&self.queue)
    }

    /// Has a counter for each of these kinds of failures from the start.
    pub fn may_fail(&self, kinds: &[&'static str]) {
        for kind in kinds {
            let label = KindLabel { kind: Word(kind) };
            drop(self.failures.get_or_create(&label));
        }
    }

    /// The component failed a request.
    pub fn failed(&self, kind: &'static str) {
        let label = KindLabel { kind: Word(kind) };
        self.failures.get_or_create(&label).inc();
    }

    /// Another component or policy was `swapped`, `refused` or `rolled-back`.
    pub fn changed(&self, outcome: &'static str) {
        let label = OutcomeLabel {
            outcome: Word(outcome),
        };
        self.changes.get_or_create(&label).inc();
    }

    /// This component and this policy are in force.
    pub fn in_force(&self, component: String, policy: String) {
        self.component.clear();
        let labels = ComponentLabels { component, policy };
        self.component.get_or_create(&labels).set(1);
    }

    /// The engine was called.
    pub fn called(&self, call: &'static str, outcome: &'static str, time: Duration) {
        let (call, outcome) = (Word(call), Word(outcome));
        self.calls
            .get_or_create(&CallLabels { call, outcome })
            .inc();
        let label = CallLabel { call };
        self.call_latencies
            .get_or_create(&label)
            .observe(time.as_secs_f64());
    }

    /// A request had a token.
    pub fn token(&self, outcome: &'static str) {
        let label = OutcomeLabel {
            outcome: Word(outcome),
        };
        self.tokens.get_or_create(&label).inc();
    }

    /// All metrics as text.
    pub fn text(&self) -> String {
        self.state.count_log();
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        text
    }
}
