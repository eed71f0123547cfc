//! A request that the service or the network let fail, as an operator reads it: one short
//! line that names what to do. The SDK's whole account of it goes to the debug log.

mod line;
mod network;
mod response;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::permission::NeedsPermission;

pub(super) use line::brief;

/// The most that is repeated of an error of others, in bytes.
const LONGEST_CAUSE: usize = 70;

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Diagnosis {
    kind: Kind,
    /// The permission that the request needs.
    permission: &'static str,
    /// The error code and message of the service, or the network's error.
    cause: String,
    /// Responses to such a request say why; those to HEAD cannot.
    explained: bool,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// No source of credentials has any.
    NoCredentials,
    /// A source of credentials is not usable.
    InvalidCredentials,
    /// A source of credentials failed.
    CredentialsFailed,
    /// The service does not know the access key.
    UnknownKey,
    /// The signature is wrong, so the secret is.
    WrongSecret,
    /// The session has ended.
    SessionEnded,
    /// The clocks differ: by how many seconds the service's is ahead of this host's, if known.
    Clock(Option<i64>),
    /// The bucket is in another region: which, if the service says so.
    WrongRegion(Option<String>),
    /// The bucket does not exist.
    NoBucket,
    /// The credentials lack the permission.
    Denied,
    /// The key for encryption cannot be used.
    Encryption,
    /// The account is suspended or the like.
    Account,
    /// The object was moved to an archive.
    Archived,
    /// The service refuses this name.
    Name,
    /// The service refuses for another reason.
    Refused,
    /// The service failed.
    Failed,
    /// What answers does not answer as S3 does.
    NotS3,
    /// The endpoint's host name is unknown.
    Unresolved,
    /// Nothing listens at the endpoint.
    NotListening,
    /// The endpoint's certificate is invalid.
    Certificate,
    /// The endpoint does not speak TLS.
    NotTls,
    /// No response in time.
    TimedOut,
    /// Another failure of the network.
    Unreachable,
    /// The request could not even be made.
    NotSendable,
}

impl Diagnosis {
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Diagnosis
    where
        E: NeedsPermission + ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        tracing::debug!(
            permission = E::PERMISSION,
            error = %DisplayErrorContext(error),
            "a request to S3 failed"
        );
        let (kind, cause) = match error.raw_response() {
            Some(response) => {
                let document = response::Document {
                    code: error.code().filter(|code| !code.is_empty()),
                    message: error.message().unwrap_or_default(),
                    expected: E::EXPLAINED,
                };
                response::explain(response, &document)
            }
            None => network::explain(error),
        };
        Diagnosis {
            kind,
            permission: E::PERMISSION,
            cause: brief(&cause, LONGEST_CAUSE),
            explained: E::EXPLAINED,
        }
    }

    /// Of one of several objects that a request was about.
    pub(super) fn of_one(code: &str, message: &str, permission: &'static str) -> Diagnosis {
        let (kind, cause) = response::explain_one(code, message);
        Diagnosis {
            kind,
            permission,
            cause: brief(&cause, LONGEST_CAUSE),
            explained: true,
        }
    }

    /// Whether a failure without a response may pass by itself.
    pub(super) fn passes(&self) -> bool {
        !matches!(
            self.kind,
            Kind::NoCredentials
                | Kind::InvalidCredentials
                | Kind::Certificate
                | Kind::NotTls
                | Kind::NotSendable
        )
    }

    pub(super) fn is_denied(&self) -> bool {
        self.kind == Kind::Denied
    }

    /// Whether it says that the bucket does not exist.
    pub(super) fn is_without_bucket(&self) -> bool {
        self.kind == Kind::NoBucket
    }

    /// Whether the service does not accept the request itself, whoever makes it.
    pub(super) fn is_refused(&self) -> bool {
        self.kind == Kind::Refused
    }

    /// Whether what responds does not respond as S3 does.
    pub(super) fn is_other_service(&self) -> bool {
        self.kind == Kind::NotS3
    }

    /// Whether the service could have said more in response to another request.
    pub(super) fn is_unexplained(&self) -> bool {
        !self.explained
    }

    /// Whether it may come from naming the bucket in the host name: that host is unknown, or
    /// another service's.
    pub(super) fn may_be_addressing(&self) -> bool {
        matches!(
            self.kind,
            Kind::Unresolved | Kind::NotS3 | Kind::Certificate
        )
    }
}

impl std::error::Error for Diagnosis {}

#[cfg(test)]
mod tests;
