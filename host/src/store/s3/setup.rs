//! Before anything is served: the bucket is found or created, and any fault is reported in
//! one line.

use std::time::Duration;

use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint,
    CreateBucketConfiguration, EncodingType, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
    PublicAccessBlockConfiguration,
};

use super::bucket::Bucket;
use super::client::DEFAULT_REGION;
use super::failure::S3Failure;
use super::xml::LenientXml;

/// Why an S3 store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// No credentials are set.
    #[error(
        "no credentials for S3; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use another of the SDK's standard sources: {0}"
    )]
    NoCredentials(String),
    /// The service rejects the credentials.
    #[error("S3 rejected the credentials ({0}); check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")]
    WrongCredentials(String),
    /// The bucket is in another region.
    #[error("the bucket {bucket} is not in the region {region}; set --s3-region{hint}")]
    WrongRegion {
        /// The bucket's name.
        bucket: String,
        /// The configured region.
        region: String,
        /// The right one, if the service names it.
        hint: String,
    },
    /// Access is denied.
    #[error("S3 denied {action} on the bucket {bucket}: {cause}")]
    Forbidden {
        /// The permission's name.
        action: &'static str,
        /// The bucket's name.
        bucket: String,
        /// The service's error.
        cause: String,
    },
    /// A bucket of this name cannot be created.
    #[error("cannot create the bucket {bucket}: {cause}")]
    NotMade {
        /// The bucket's name.
        bucket: String,
        /// The service's error.
        cause: String,
    },
    /// `--s3-create-bucket=never`, and there is none.
    #[error("the bucket {0} does not exist; create it, or use --s3-create-bucket=if-missing")]
    NoBucket(String),
    /// The service cannot be reached.
    #[error("S3 at {endpoint} cannot be reached: {cause}")]
    Unreachable {
        /// The URL, or AWS's.
        endpoint: String,
        /// The network error.
        cause: String,
    },
    /// Anything else.
    #[error("S3 failed at {action} on the bucket {bucket}: {cause}")]
    Other {
        /// The permission's name.
        action: &'static str,
        /// The bucket's name.
        bucket: String,
        /// The service's error.
        cause: String,
    },
    /// `--s3-conditional=require`, and the service does not support conditional writes.
    #[error("{0}; --s3-conditional=require does not accept that")]
    Unconditional(&'static str),
}

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
    pub(super) endpoint: &'a str,
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
            Err(error) => Err(self.explain("s3:ListBucket", error)),
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
            Err(error) if matches!(status(&error), Some(400 | 409)) => {
                return Err(SetupError::NotMade {
                    bucket: name.clone(),
                    cause: said(&error),
                });
            }
            Err(error) => return Err(self.explain("s3:CreateBucket", error)),
        }
        let blocked = self.block_public_access && self.set_access_block(true).await;
        self.add_lifecycle_rule().await;
        Ok(match blocked {
            true => Access::Blocked,
            false => Access::Unchanged,
        })
    }

    /// Takes back what keeps some services from storing anything: Ceph's radosgw refuses every
    /// upload to a bucket with BlockPublicAcls (its tracker, issue 49135). The other settings
    /// stay on. Whether that worked.
    pub(super) async fn allow_acls(&self) -> bool {
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
    async fn set_access_block(&self, block_acls: bool) -> bool {
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
        if let Err(error) = &done {
            tracing::info!(
                cause = said(error),
                "cannot set the bucket's public access block"
            );
        }
        done.is_ok()
    }

    async fn add_lifecycle_rule(&self) {
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
        if let Err(error) = done {
            tracing::info!(
                cause = said(&error),
                "cannot add a lifecycle rule for abandoned multipart uploads; this host aborts them"
            );
        }
    }

    /// Explains the failure of one of the first requests.
    pub(super) fn explain<E>(
        &self,
        action: &'static str,
        error: SdkError<E, aws_sdk_s3::config::http::HttpResponse>,
    ) -> SetupError
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let (bucket, cause) = (self.bucket.name.clone(), said(&error));
        let header = |name| error.raw_response()?.headers().get(name).map(str::to_owned);
        match (error.code(), status(&error)) {
            (
                Some(
                    "InvalidAccessKeyId"
                    | "SignatureDoesNotMatch"
                    | "InvalidToken"
                    | "ExpiredToken",
                ),
                _,
            ) => SetupError::WrongCredentials(cause),
            (
                Some(
                    "AuthorizationHeaderMalformed"
                    | "PermanentRedirect"
                    | "IllegalLocationConstraintException",
                ),
                _,
            )
            | (_, Some(301)) => SetupError::WrongRegion {
                bucket,
                region: self.region.clone(),
                hint: match header("x-amz-bucket-region") {
                    Some(right) => format!(" {right}"),
                    None => format!(" ({cause})"),
                },
            },
            (_, Some(401 | 403)) => SetupError::Forbidden {
                action,
                bucket,
                cause,
            },
            (_, Some(_)) => SetupError::Other {
                action,
                bucket,
                cause,
            },
            (_, None) if cause.to_lowercase().contains("credential") => {
                SetupError::NoCredentials(cause)
            }
            (_, None) => SetupError::Unreachable {
                endpoint: self.endpoint.to_owned(),
                cause,
            },
        }
    }

    /// Explains the failure of a request of [`Bucket`].
    pub(super) fn explain_failure(&self, action: &'static str, failure: &S3Failure) -> SetupError {
        let cause = match failure {
            S3Failure::Other(error) => causes(error),
            other => format!("{other:?}"),
        };
        let bucket = self.bucket.name.clone();
        match is_denied(failure) {
            true => SetupError::Forbidden {
                action,
                bucket,
                cause,
            },
            false => SetupError::Other {
                action,
                bucket,
                cause,
            },
        }
    }
}

/// Whether the service denied access.
pub(super) fn is_denied(failure: &S3Failure) -> bool {
    matches!(failure, S3Failure::Other(error) if causes(error).contains("AccessDenied"))
}

fn status<E>(error: &SdkError<E, aws_sdk_s3::config::http::HttpResponse>) -> Option<u16> {
    error.raw_response().map(|raw| raw.status().as_u16())
}

/// The service's error, or else the network's, in one line.
fn said<E>(error: &SdkError<E, aws_sdk_s3::config::http::HttpResponse>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => causes(error),
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    DisplayErrorContext(error).to_string().replace('\n', " ")
}
