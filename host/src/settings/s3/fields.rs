//! The flags that say how objects are stored, whose the bucket is and who pays.

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use crate::settings::error::SettingsError;
use crate::store::s3::{AccountId, Encryption, Fields, KmsKey, StorageClass, Tag};

/// How many tags an object can have.
const TAGS: usize = 10;

/// How objects are stored, whose the bucket is and who pays.
#[derive(Debug, Args)]
pub(super) struct FieldFlags {
    /// Encryption of objects by the service
    #[arg(long, env = "COFFER_S3_SSE", value_enum, default_value_t = Sse::None)]
    s3_sse: Sse,

    /// The KMS key for `--s3-sse aws:kms` and `aws:kms:dsse`: its ID, ARN or alias [default: the
    /// account's own for S3]
    #[arg(long, env = "COFFER_S3_SSE_KMS_KEY", value_name = "KEY")]
    s3_sse_kms_key: Option<KmsKey>,

    /// With `--s3-sse aws:kms`, use one data key for many objects (S3 Bucket Key), which saves
    /// requests to KMS
    #[arg(long, env = "COFFER_S3_SSE_BUCKET_KEY", value_parser = BoolishValueParser::new())]
    s3_sse_bucket_key: bool,

    /// The storage class of objects, such as STANDARD_IA or INTELLIGENT_TIERING [default: the
    /// service's]
    #[arg(long, env = "COFFER_S3_STORAGE_CLASS", value_name = "CLASS")]
    s3_storage_class: Option<StorageClass>,

    /// A tag of every object; repeatable, up to 10
    #[arg(
        long,
        env = "COFFER_S3_TAG",
        value_name = "KEY=VALUE",
        value_delimiter = ','
    )]
    s3_tag: Vec<Tag>,

    /// The AWS account that must own the bucket; requests to another's are refused
    #[arg(long, env = "COFFER_S3_EXPECTED_BUCKET_OWNER", value_name = "ACCOUNT")]
    s3_expected_bucket_owner: Option<AccountId>,

    /// Pay for requests and transfer, in a bucket whose owner demands that (Requester Pays)
    #[arg(long, env = "COFFER_S3_REQUEST_PAYER", value_parser = BoolishValueParser::new())]
    s3_request_payer: bool,
}

/// Encryption by the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sse {
    /// What the bucket does by default
    None,
    /// Keys of the service (SSE-S3)
    #[value(name = "AES256")]
    Aes256,
    /// A key of KMS (SSE-KMS)
    #[value(name = "aws:kms")]
    Kms,
    /// Two layers, with a key of KMS (DSSE-KMS)
    #[value(name = "aws:kms:dsse")]
    DualKms,
}

impl FieldFlags {
    /// What requests say.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub(super) fn checked(&self) -> Result<Fields, SettingsError> {
        let (key, bucket_key) = (self.s3_sse_kms_key.clone(), self.s3_sse_bucket_key);
        let encryption = match self.s3_sse {
            Sse::None | Sse::Aes256 if key.is_some() => return Err(SettingsError::KmsKey),
            Sse::None | Sse::Aes256 | Sse::DualKms if bucket_key => {
                return Err(SettingsError::BucketKey);
            }
            Sse::None => None,
            Sse::Aes256 => Some(Encryption::Aes256),
            Sse::Kms => Some(Encryption::Kms { key, bucket_key }),
            Sse::DualKms => Some(Encryption::DualKms { key }),
        };
        for (place, tag) in self.s3_tag.iter().enumerate() {
            if self.s3_tag[..place]
                .iter()
                .any(|other| other.key() == tag.key())
            {
                return Err(SettingsError::TagTwice(tag.key().to_owned()));
            }
        }
        if self.s3_tag.len() > TAGS {
            return Err(SettingsError::TooManyTags(TAGS));
        }
        Ok(Fields {
            encryption,
            storage_class: self.s3_storage_class.clone(),
            tags: self.s3_tag.clone(),
            expected_owner: self.s3_expected_bucket_owner.clone(),
            requester_pays: self.s3_request_payer,
        })
    }
}
