//! Buckets, and what is set for them.

use s3s::dto::*;
use s3s::{S3Request, s3_error};

use super::super::objects::Bucket;
use super::{Memory, Response, done};

impl Memory {
    pub(super) fn new_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> Response<CreateBucketOutput> {
        let mut buckets = self.buckets();
        if buckets.contains_key(&req.input.bucket) {
            return Err(s3_error!(BucketAlreadyOwnedByYou));
        }
        buckets.insert(req.input.bucket, Bucket::default());
        done(CreateBucketOutput::default())
    }

    pub(super) fn block_public_access(
        &self,
        req: S3Request<PutPublicAccessBlockInput>,
    ) -> Response<PutPublicAccessBlockOutput> {
        if !self.knows.settings {
            return Err(s3_error!(NotImplemented));
        }
        let asked = req.input.public_access_block_configuration;
        let all = [
            asked.block_public_acls,
            asked.block_public_policy,
            asked.ignore_public_acls,
            asked.restrict_public_buckets,
        ];
        self.with(&req.input.bucket, |bucket| {
            bucket.private = all == [Some(true); 4];
            bucket.blocks_acls = all[0] == Some(true);
            done(PutPublicAccessBlockOutput::default())
        })
    }

    pub(super) fn set_lifecycle(
        &self,
        req: S3Request<PutBucketLifecycleConfigurationInput>,
    ) -> Response<PutBucketLifecycleConfigurationOutput> {
        if !self.knows.settings {
            return Err(s3_error!(NotImplemented));
        }
        let rules = req.input.lifecycle_configuration.map(|asked| asked.rules);
        let rule = rules
            .into_iter()
            .flatten()
            .find_map(|rule| rule.abort_incomplete_multipart_upload);
        self.with(&req.input.bucket, |bucket| {
            bucket.abandoned_after = rule.and_then(|rule| rule.days_after_initiation);
            done(PutBucketLifecycleConfigurationOutput::default())
        })
    }
}
