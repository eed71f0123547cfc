//! What the attempts of one write tell beyond the SDK's result.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use aws_sdk_s3::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};

use super::seconds;
use crate::store::s3::failure::S3Failure;

/// Watches the attempts of one write.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    time: OnceLock<DateTime>,
    /// An attempt that failed may have been carried out.
    lost: AtomicBool,
}

impl Answer {
    /// When the object was stored: the time that the service has recorded, if it says so (Swift
    /// does, and rounds it up), else its clock when it responded.
    pub(super) fn modified(&self) -> SystemTime {
        let own = || DateTime::from(SystemTime::now());
        seconds(Some(self.0.time.get_or_init(own)))
    }

    /// What the last attempt's failure means after the earlier ones.
    pub(super) fn explain(&self, failure: S3Failure) -> S3Failure {
        match self.0.lost.load(Ordering::Relaxed) {
            true => failure.after_lost_answer(),
            false => failure,
        }
    }
}

impl Intercept for Answer {
    fn name(&self) -> &'static str {
        "answer"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response();
        if answer.status().is_success() {
            let fields = ["last-modified", "date"];
            let dates = fields.iter().filter_map(|name| answer.headers().get(*name));
            let mut times =
                dates.filter_map(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
            if let Some(time) = times.next() {
                let _ = self.0.time.set(time);
            }
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let status = context.response().map(|answer| answer.status().as_u16());
        // A gateway does not know, and neither does who got no answer. What was throttled or
        // refused was not carried out.
        if matches!(status, None | Some(200..=299 | 500 | 502 | 504)) {
            self.0.lost.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}
