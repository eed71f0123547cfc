//! Why an S3 store cannot be used: one line that names what to do.

use crate::store::s3::diagnosis::brief;
use crate::store::s3::network::NetworkError;

/// The most that the line may have, in bytes: with the program's name less than 200.
const LONGEST: usize = 190;
/// How much of a line may say where the files are, in bytes.
const LONGEST_PLACE: usize = 72;

/// Why an S3 store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// `--s3-create-bucket=never`, and there is none.
    #[error("the bucket {0} does not exist; create it, or use --s3-create-bucket=if-missing")]
    NoBucket(String),
    /// A bucket of this name cannot be created.
    #[error("cannot create the bucket {bucket}: {cause}")]
    NotMade {
        /// The bucket's name.
        bucket: String,
        /// Why, and what to do.
        cause: &'static str,
    },
    /// The service or the network refuses.
    #[error("{line}")]
    Unusable {
        /// What to do.
        line: String,
        /// Whether it may pass without anybody's doing.
        temporary: bool,
    },
    /// The environment's proxies or certificates.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// `--s3-conditional=require`, and the service does not evaluate these conditions.
    #[error("the S3 service does not evaluate {0}; --s3-conditional=require does not accept that")]
    Unconditional(String),
}

impl SetupError {
    /// Whether it may pass without anybody's doing.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            SetupError::Unusable {
                temporary: true,
                ..
            }
        )
    }

    /// For files at this place, of which URLs may be long.
    pub(super) fn unusable(place: &str, cause: &str, temporary: bool) -> SetupError {
        let place = brief(place, LONGEST_PLACE);
        let line = brief(&format!("cannot use {place}: {cause}"), LONGEST);
        SetupError::Unusable { line, temporary }
    }
}
