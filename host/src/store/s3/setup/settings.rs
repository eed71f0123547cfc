//! What is set on a bucket that was created.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleRule,
    LifecycleRuleFilter, PublicAccessBlockConfiguration,
};

use super::{Setup, why};
use crate::store::s3::failure::S3Failure;

impl Setup<'_> {
    /// Takes back what keeps some services from storing anything: Ceph's radosgw refuses every
    /// upload to a bucket with BlockPublicAcls (its tracker, issue 49135). The other settings
    /// stay on. Whether that worked.
    pub(in crate::store::s3) async fn allow_acls(&self) -> bool {
        let allowed = self.set_access_block(false).await;
        if allowed {
            tracing::warn!(
                bucket = self.bucket.name,
                "turned BlockPublicAcls off again, since the service refuses uploads with it"
            );
        }
        allowed
    }

    /// Not every service supports this; those that do not keep buckets private anyway.
    pub(super) async fn set_access_block(&self, block_acls: bool) -> bool {
        let blocked = PublicAccessBlockConfiguration::builder()
            .block_public_acls(block_acls)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true);
        let done = self
            .bucket
            .client
            .put_public_access_block()
            .bucket(&self.bucket.name)
            .public_access_block_configuration(blocked.build())
            .send()
            .await;
        let done = done.map(drop).map_err(S3Failure::from);
        if let Err(failure) = &done {
            tracing::info!(
                cause = why(failure),
                "cannot set the bucket's public access block"
            );
        }
        done.is_ok()
    }

    pub(super) async fn add_lifecycle_rule(&self) {
        let days = self.abandoned_after.as_secs().div_ceil(24 * 3600).max(1);
        let abandoned = AbortIncompleteMultipartUpload::builder()
            .days_after_initiation(i32::try_from(days).unwrap_or(i32::MAX));
        let rule = LifecycleRule::builder()
            .id("coffer-abandoned-uploads")
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix("").build())
            .abort_incomplete_multipart_upload(abandoned.build())
            .build();
        let rules =
            rule.and_then(|rule| BucketLifecycleConfiguration::builder().rules(rule).build());
        let Ok(rules) = rules else { return };
        let done = self
            .bucket
            .client
            .put_bucket_lifecycle_configuration()
            .bucket(&self.bucket.name)
            .lifecycle_configuration(rules)
            .send()
            .await;
        if let Err(failure) = done.map_err(S3Failure::from) {
            tracing::info!(
                cause = why(&failure),
                "cannot add a lifecycle rule for abandoned multipart uploads; this host aborts them"
            );
        }
    }
}
