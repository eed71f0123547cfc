//! Counts the requests to the service: each attempt, its outcome and its time.

use std::sync::OnceLock;
use std::time::Instant;

use aws_sdk_s3::config::interceptors::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_types::config_bag::{Storable, StoreReplace};

use super::fields::Presigned;
use crate::metrics::{S3Requests, Word};

/// The operations that the engine uses, as labels.
const OPERATIONS: [&str; 14] = [
    "AbortMultipartUpload",
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateBucket",
    "CreateMultipartUpload",
    "DeleteObject",
    "DeleteObjects",
    "GetObject",
    "HeadObject",
    "ListMultipartUploads",
    "ListObjectsV2",
    "PutObject",
    "UploadPart",
    "UploadPartCopy",
];

/// Counts what a client requests.
#[derive(Debug)]
pub(super) struct Observe(pub(super) S3Requests);

impl Intercept for Observe {
    fn name(&self) -> &'static str {
        "observe"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // What is only signed is not sent.
        if Presigned::is_marked(config) {
            return Ok(());
        }
        let attempts = config
            .load::<RequestAttempts>()
            .map_or(1, RequestAttempts::attempts);
        let operation = label(config.load::<Metadata>().map_or("", Metadata::name));
        if attempts > 1 {
            self.0.retried(operation);
        }
        config.interceptor_state().store_put(Attempt {
            requests: self.0.clone(),
            operation,
            start: Instant::now(),
            outcome: OnceLock::new(),
        });
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(attempt) = config.load::<Attempt>() {
            let status = context.response().map(|answer| answer.status().as_u16());
            let failed = matches!(context.output_or_error(), Some(Err(_)));
            attempt.end(outcome(status, failed));
        }
        Ok(())
    }
}

/// A request that is sent, counted once it ends.
#[derive(Debug)]
struct Attempt {
    requests: S3Requests,
    operation: Word,
    start: Instant,
    outcome: OnceLock<&'static str>,
}

impl Attempt {
    fn end(&self, outcome: &'static str) {
        if self.outcome.set(outcome).is_ok() {
            let time = self.start.elapsed();
            self.requests.answered(self.operation, Word(outcome), time);
        }
    }
}

impl Storable for Attempt {
    type Storer = StoreReplace<Self>;
}

/// One that nobody waits for any more, or that took longer than all attempts may.
impl Drop for Attempt {
    fn drop(&mut self) {
        self.end("canceled");
    }
}

/// By the answer's status. An answer of success can hold an error too.
fn outcome(status: Option<u16>, failed: bool) -> &'static str {
    match status {
        None => "unanswered",
        Some(429 | 503) => "throttled",
        Some(500..) => "failed",
        Some(400..) => "refused",
        Some(200..300) if failed => "failed",
        Some(_) => "done",
    }
}

/// A label from a bounded set.
fn label(operation: &str) -> Word {
    let known = OPERATIONS.into_iter().find(|known| *known == operation);
    Word(known.unwrap_or("other"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_says_whose_turn_it_is() {
        for (status, failed, expected) in [
            (Some(200), false, "done"),
            (Some(206), false, "done"),
            (Some(304), true, "done"),
            (Some(200), true, "failed"),
            (Some(404), true, "refused"),
            (Some(412), true, "refused"),
            (Some(429), true, "throttled"),
            (Some(503), true, "throttled"),
            (Some(500), true, "failed"),
            (None, true, "unanswered"),
        ] {
            assert_eq!(outcome(status, failed), expected, "{status:?}");
        }
    }

    #[test]
    fn labels_are_few() {
        assert_eq!(label("PutObject").0, "PutObject");
        assert_eq!(label("PutBucketLifecycleConfiguration").0, "other");
    }
}
