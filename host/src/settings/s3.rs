//! The flags of the S3 engine.

mod fields;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use super::error::SettingsError;
use super::values::{ByteSize, Duration, Wait};
use crate::store::s3::{Config, Prefix};
use fields::FieldFlags;

/// Where the bucket is and how it is used. Credentials come from the AWS SDK's
/// standard chain.
#[derive(Debug, Args)]
pub struct S3Flags {
    /// The bucket
    #[arg(long, env = "COFFER_S3_BUCKET", value_name = "NAME")]
    s3_bucket: Option<String>,

    #[command(flatten)]
    service: ServiceFlags,

    /// Prefix (folder) in the bucket for all objects, up to 53 bytes
    #[arg(
        long,
        env = "COFFER_S3_PREFIX",
        value_name = "FOLDER",
        default_value = "",
        hide_default_value = true
    )]
    s3_prefix: String,

    /// Redirect downloads to a presigned URL of the bucket, valid for 60 s
    #[arg(long, env = "COFFER_S3_REDIRECT", value_parser = BoolishValueParser::new())]
    s3_redirect: bool,

    /// Age at which abandoned uploads of crashed hosts are aborted
    #[arg(
        long,
        env = "COFFER_S3_ABANDONED_AFTER",
        value_name = "TIME",
        default_value = "7d"
    )]
    s3_abandoned_after: Duration,

    /// Start even if the service is unreachable, answer 503 until it responds, and exit if it still
    /// does not after this time [default: exit at once; without TIME: forever]
    #[arg(
        long,
        env = "COFFER_S3_WAIT",
        value_name = "TIME",
        num_args = 0..=1,
        default_missing_value = "forever"
    )]
    s3_wait: Option<Wait>,
}

/// The service, and how objects are stored there.
#[derive(Debug, Args)]
pub struct ServiceFlags {
    /// Whether to create the bucket
    #[arg(
        long,
        env = "COFFER_S3_CREATE_BUCKET",
        value_enum,
        default_value_t = CreateBucket::IfMissing
    )]
    s3_create_bucket: CreateBucket,

    /// Whether a bucket that Coffer creates gets the public access block
    #[arg(
        long,
        env = "COFFER_S3_PUBLIC_ACCESS_BLOCK",
        value_enum,
        default_value_t = PublicAccessBlock::On
    )]
    s3_public_access_block: PublicAccessBlock,

    /// The service's URL, for services other than AWS [default: AWS]
    #[arg(long, env = "COFFER_S3_ENDPOINT", value_name = "URL")]
    s3_endpoint: Option<String>,

    /// The bucket's region [default: the AWS environment's, else us-east-1]
    #[arg(long, env = "COFFER_S3_REGION", value_name = "REGION")]
    s3_region: Option<String>,

    /// Use path-style addressing, which most services other than AWS need
    #[arg(long, env = "COFFER_S3_PATH_STYLE", value_parser = BoolishValueParser::new())]
    s3_path_style: bool,

    /// Max memory for all uploads together, at least 64 MiB; further ones wait
    #[arg(
        long,
        env = "COFFER_S3_MEMORY",
        value_name = "SIZE",
        default_value = "1 GiB"
    )]
    s3_memory: ByteSize,

    /// What to do if the service does not evaluate conditions on uploads (If-None-Match, If-Match)
    #[arg(
        long,
        env = "COFFER_S3_CONDITIONAL",
        value_enum,
        default_value_t = ConditionalMode::BestEffort
    )]
    s3_conditional: ConditionalMode,

    #[command(flatten)]
    fields: FieldFlags,
}

/// Whether to create the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CreateBucket {
    /// If it does not exist
    IfMissing,
    /// Refuse to start without it
    Never,
}

/// Whether a created bucket gets the public access block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PublicAccessBlock {
    /// All four settings, if the service supports them
    On,
    /// No settings
    Off,
}

/// How to treat a service that does not evaluate every condition on uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ConditionalMode {
    /// Refuse to start
    Require,
    /// Warn at startup, and check before each write: concurrent hosts can overwrite each other
    BestEffort,
}

/// Long enough for a service under load.
const STALLED_AFTER: std::time::Duration = std::time::Duration::from_secs(20);
/// The default of `--s3-abandoned-after`.
const ABANDONED_AFTER: std::time::Duration = std::time::Duration::from_hours(7 * 24);
/// The minimum for `--s3-memory`: one upload needs up to 32 MiB.
const LEAST_MEMORY: bytesize::ByteSize = bytesize::ByteSize::mib(64);

impl S3Flags {
    /// How long to wait for the service; none: not at all.
    pub fn wait(&self) -> Option<Wait> {
        self.s3_wait
    }

    /// The engine's configuration.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn checked(&self) -> Result<Config, SettingsError> {
        let bucket = given(self.s3_bucket.as_ref()).ok_or(SettingsError::NoBucket)?;
        let config = self.service.checked(bucket, &self.s3_prefix)?;
        Ok(Config {
            redirect: self.s3_redirect,
            abandoned_after: self.s3_abandoned_after.into(),
            ..config
        })
    }
}

impl ServiceFlags {
    /// The configuration for a prefix in a bucket, by default for what else there is.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn checked(&self, bucket: String, prefix: &str) -> Result<Config, SettingsError> {
        if *self.s3_memory < LEAST_MEMORY {
            return Err(SettingsError::TooLittleMemory(LEAST_MEMORY));
        }
        Ok(Config {
            bucket,
            endpoint: checked_endpoint("--s3-endpoint", self.s3_endpoint.as_ref())?,
            region: given(self.s3_region.as_ref()),
            create_bucket: self.s3_create_bucket == CreateBucket::IfMissing,
            block_public_access: self.s3_public_access_block == PublicAccessBlock::On,
            prefix: Prefix::new(prefix).map_err(|source| SettingsError::Prefix {
                prefix: prefix.to_owned(),
                source,
            })?,
            path_style: self.s3_path_style,
            memory: self.s3_memory.as_u64(),
            require_conditional: self.s3_conditional == ConditionalMode::Require,
            redirect: false,
            stalled_after: STALLED_AFTER,
            abandoned_after: ABANDONED_AFTER,
            fields: self.fields.checked()?,
        })
    }
}

/// A value that is not empty.
pub(super) fn given(value: Option<&String>) -> Option<String> {
    value.filter(|value| !value.is_empty()).cloned()
}

/// An endpoint, if one is given.
///
/// # Errors
/// [`SettingsError::Endpoint`] if it is not an http or https URL.
pub(super) fn checked_endpoint(
    flag: &'static str,
    url: Option<&String>,
) -> Result<Option<String>, SettingsError> {
    let Some(url) = given(url) else {
        return Ok(None);
    };
    let parsed = url.parse::<http::Uri>().ok();
    let scheme = parsed.as_ref().and_then(http::Uri::scheme_str);
    match scheme {
        Some("http" | "https") => Ok(Some(url)),
        _ => Err(SettingsError::Endpoint { flag, url }),
    }
}
