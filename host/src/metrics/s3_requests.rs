//! Requests of the S3 engine to its service.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::labels::{OperationLabel, S3Labels};
use super::{Histograms, Word, histogram};

/// What the engine requested; cheap to clone.
#[derive(Debug, Clone)]
pub struct S3Requests {
    requests: Family<S3Labels, Counter>,
    retries: Family<OperationLabel, Counter>,
    durations: Histograms<OperationLabel>,
}

impl Default for S3Requests {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            retries: Family::default(),
            durations: Family::new_with_constructor(histogram as fn() -> Histogram),
        }
    }
}

impl S3Requests {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "s3_requests",
            "Requests to the S3 service, each attempt, by outcome",
            self.requests.clone(),
        );
        registry.register(
            "s3_retries",
            "Those that repeated an earlier one",
            self.retries.clone(),
        );
        registry.register_with_unit(
            "s3_request_duration",
            "Time from a request to the S3 service to its answer; of a download, to its header",
            Unit::Seconds,
            self.durations.clone(),
        );
    }

    /// A request ended.
    pub fn answered(&self, operation: Word, outcome: Word, time: Duration) {
        let labels = S3Labels { operation, outcome };
        self.requests.get_or_create(&labels).inc();
        let label = OperationLabel { operation };
        self.durations
            .get_or_create(&label)
            .observe(time.as_secs_f64());
    }

    /// A request repeats an earlier one.
    pub fn retried(&self, operation: Word) {
        let label = OperationLabel { operation };
        self.retries.get_or_create(&label).inc();
    }
}
