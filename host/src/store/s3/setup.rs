//! Before anything is served: the bucket is found or created, and any fault is reported in
//! one line.

mod error;
mod settings;

use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, EncodingType};

use super::bucket::Bucket;
use super::client::DEFAULT_REGION;
use super::diagnosis::Diagnosis;
use super::failure::S3Failure;
use super::xml::LenientXml;
use crate::store::{Error, causes};

pub use error::SetupError;

/// What was done about public access to the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Nothing: the bucket existed, or the settings are not wanted or not supported.
    Unchanged,
    /// The bucket was created with all settings on.
    Blocked,
}

/// How the bucket is set up, and what the error messages mention.
pub(super) struct Setup<'a> {
    pub(super) bucket: &'a Bucket,
    /// Where the files are.
    pub(super) place: &'a str,
    /// Whether the bucket is named in the host of an endpoint that is configured.
    pub(super) bucket_in_host: bool,
    pub(super) region: String,
    /// Whether to create the bucket if it does not exist.
    pub(super) create: bool,
    /// Whether a bucket that is created gets the public access block.
    pub(super) block_public_access: bool,
    pub(super) abandoned_after: Duration,
}

impl Setup<'_> {
    /// Finds the bucket, which is created if missing. Requests a list, since the response to
    /// HEAD would not say what is wrong.
    pub(super) async fn find_or_create(&self) -> Result<Access, SetupError> {
        let found = self
            .bucket
            .client
            .list_objects_v2()
            .bucket(&self.bucket.name)
            .prefix(self.bucket.prefix.to_string())
            .max_keys(1)
            .encoding_type(EncodingType::Url)
            .customize()
            .interceptor(LenientXml)
            .send()
            .await;
        match found {
            Ok(_) => Ok(Access::Unchanged),
            Err(error) if error.code() == Some("NoSuchBucket") && !self.create => {
                Err(SetupError::NoBucket(self.bucket.name.clone()))
            }
            Err(error) if error.code() == Some("NoSuchBucket") => self.make().await,
            Err(error) => Err(self.explain(&error.into())),
        }
    }

    async fn make(&self) -> Result<Access, SetupError> {
        let name = &self.bucket.name;
        let place = (self.region != DEFAULT_REGION).then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(self.region.as_str()))
                .build()
        });
        let made = self
            .bucket
            .client
            .create_bucket()
            .bucket(name)
            .set_create_bucket_configuration(place)
            .send()
            .await;
        match made {
            Ok(_) => tracing::info!(bucket = name, "created the bucket"),
            // Another host was faster.
            Err(error) if error.code() == Some("BucketAlreadyOwnedByYou") => {
                return Ok(Access::Unchanged);
            }
            Err(error) if error.code() == Some("BucketAlreadyExists") => {
                return Err(SetupError::NotMade {
                    bucket: name.clone(),
                    cause: "its name belongs to another account; choose another --s3-bucket",
                });
            }
            Err(error) if error.code() == Some("InvalidBucketName") => {
                return Err(SetupError::NotMade {
                    bucket: name.clone(),
                    cause: "S3 does not accept this name; choose another --s3-bucket",
                });
            }
            Err(error) => return Err(self.explain(&error.into())),
        }
        let blocked = self.block_public_access && self.set_access_block(true).await;
        self.add_lifecycle_rule().await;
        Ok(match blocked {
            true => Access::Blocked,
            false => Access::Unchanged,
        })
    }

    /// Explains the failure of one of the first requests.
    pub(super) fn explain(&self, failure: &S3Failure) -> SetupError {
        let mut cause = why(failure);
        if self.bucket_in_host
            && failure
                .diagnosis()
                .is_some_and(Diagnosis::may_be_addressing)
        {
            cause.push_str("; most services other than AWS need --s3-path-style");
        }
        // At the start, what is not an answer of S3 means a wrong endpoint.
        let is_other = failure.diagnosis().is_some_and(Diagnosis::is_other_service);
        let temporary = matches!(failure, S3Failure::Other(Error::Unavailable(_))) && !is_other;
        SetupError::unusable(self.place, &cause, temporary)
    }
}

/// The cause of a failure, in one line.
fn why(failure: &S3Failure) -> String {
    match (failure.diagnosis(), failure) {
        (Some(diagnosis), _) => diagnosis.to_string(),
        (None, S3Failure::Other(error)) => causes(error),
        (None, other) => format!("unexpected response to the first requests: {other:?}"),
    }
}

/// Whether the service denied access.
pub(super) fn is_denied(failure: &S3Failure) -> bool {
    failure.diagnosis().is_some_and(Diagnosis::is_denied)
}
