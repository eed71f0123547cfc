//! Why settings are refused, as operators are told.

use bytesize::ByteSize;

use crate::store::s3::PrefixError;

/// What no deployment should run with.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Development tokens where other people's files are.
    #[error(
        "--dev trusts anybody who can read the data directory, so it is not for staging or \
         production"
    )]
    SharedDev,
    /// One machine's disk where several are to serve.
    #[error("the local engine is for test and develop; staging and production need --engine s3")]
    SharedLocal,
    /// Each host would sign with another one.
    #[error(
        "the s3 engine keeps nothing on this machine, so it needs --link-secret-file, the same on \
         every host"
    )]
    NoLinkSecret,
    /// Something is asked of an engine that is not in use.
    #[error(
        "{flags} needs the {other} engine, and this is the {this} one: give --engine {other}, or \
         leave it out"
    )]
    OtherEngine {
        /// What was asked.
        flags: String,
        /// The engine in use.
        this: &'static str,
        /// The one that it is asked of.
        other: &'static str,
    },
    /// `--public-url`.
    #[error("--public-url {0} is no http or https URL of a service")]
    PublicUrl(String),
    /// No `--s3-bucket`.
    #[error("the s3 engine needs --s3-bucket")]
    NoBucket,
    /// `--s3-endpoint`.
    #[error("--s3-endpoint {0} is no http or https URL")]
    Endpoint(String),
    /// `--s3-prefix`.
    #[error("--s3-prefix {prefix}: {source}")]
    Prefix {
        /// What was given.
        prefix: String,
        /// What is wrong with it.
        source: PrefixError,
    },
    /// `--s3-memory`.
    #[error("--s3-memory must be at least {0}")]
    TooLittleMemory(ByteSize),
}
