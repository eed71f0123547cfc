//! Why settings are refused, as shown to operators.

use bytesize::ByteSize;

use crate::store::s3::PrefixError;

/// Settings that no deployment should run with.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Development tokens where other people's files are.
    #[error(
        "--dev trusts anyone who can read the data directory, so staging and production refuse it"
    )]
    SharedDev,
    /// One machine's disk where several machines should serve.
    #[error("the local engine is for test and develop; staging and production need --engine s3")]
    SharedLocal,
    /// Each host would sign with a secret of its own.
    #[error(
        "the s3 engine needs --link-secret-file, with the same secret on every host, because it \
         stores nothing on this machine"
    )]
    NoLinkSecret,
    /// Flags of an engine that is not in use.
    #[error(
        "{flags} needs the {other} engine, but the {this} engine is in use: use --engine {other}, \
         or unset it"
    )]
    OtherEngine {
        /// The flags that were given.
        flags: String,
        /// The engine in use.
        this: &'static str,
        /// The engine that they belong to.
        other: &'static str,
    },
    /// `--public-url`.
    #[error("--public-url {0} is not an http or https URL without user, query and fragment")]
    PublicUrl(String),
    /// No `--s3-bucket`.
    #[error("the s3 engine needs --s3-bucket")]
    NoBucket,
    /// `--s3-endpoint`, or that of a source.
    #[error("{flag} {url} is not an http or https URL")]
    Endpoint {
        /// The flag.
        flag: &'static str,
        /// What was given.
        url: String,
    },
    /// `--from-s3-…` where no bucket is read.
    #[error("--from-s3-endpoint, -region, -path-style and -profile need --from s3://BUCKET/PREFIX")]
    NoSourceBucket,
    /// `--from` and `--to`.
    #[error("--from and --to are the same place, or one is inside the other")]
    Overlap,
    /// `--s3-prefix`.
    #[error("--s3-prefix {prefix}: {source}")]
    Prefix {
        /// What was given.
        prefix: String,
        /// What is wrong with it.
        source: PrefixError,
    },
    /// `--s3-sse-kms-key` without KMS.
    #[error("--s3-sse-kms-key needs --s3-sse aws:kms or aws:kms:dsse")]
    KmsKey,
    /// `--s3-sse-bucket-key` where there are none.
    #[error("--s3-sse-bucket-key needs --s3-sse aws:kms")]
    BucketKey,
    /// `--s3-tag`.
    #[error("--s3-tag {0} is given twice")]
    TagTwice(String),
    /// `--s3-tag`.
    #[error("--s3-tag: an object has at most {0} tags")]
    TooManyTags(usize),
    /// `--s3-memory`.
    #[error("--s3-memory must be at least {0}")]
    TooLittleMemory(ByteSize),
}
