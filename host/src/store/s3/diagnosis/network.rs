//! Failures without a response: credentials, names, connections.

use std::error::Error;
use std::io::ErrorKind;
use std::iter::successors;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;

use super::Kind;

/// What is wrong, and the innermost cause.
pub(super) fn explain<E>(error: &SdkError<E, HttpResponse>) -> (Kind, String)
where
    E: Error + 'static,
{
    let first: &(dyn Error + 'static) = error;
    let causes: Vec<&(dyn Error + 'static)> =
        successors(Some(first), |&cause| cause.source()).collect();
    let innermost = causes.last().map_or_else(String::new, ToString::to_string);
    let kind = causes.iter().find_map(|cause| kind_of(*cause));
    let kind = kind.unwrap_or(match error {
        SdkError::ConstructionFailure(_) => Kind::NotSendable,
        SdkError::TimeoutError(_) => Kind::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Kind::TimedOut,
        _ => Kind::Unreachable,
    });
    (kind, innermost)
}

fn kind_of(cause: &(dyn Error + 'static)) -> Option<Kind> {
    if let Some(error) = cause.downcast_ref::<CredentialsError>() {
        return Some(match error {
            CredentialsError::CredentialsNotLoaded(_) => Kind::NoCredentials,
            CredentialsError::InvalidConfiguration(_) => Kind::InvalidCredentials,
            _ => Kind::CredentialsFailed,
        });
    }
    if let Some(error) = cause.downcast_ref::<std::io::Error>()
        && error.kind() == ErrorKind::ConnectionRefused
    {
        return Some(Kind::NotListening);
    }
    // Errors of the HTTP client and of its TLS library, whose types are not the SDK's to show.
    let text = cause.to_string();
    if text.starts_with("dns error") {
        Some(Kind::Unresolved)
    } else if text.contains("invalid peer certificate") {
        Some(Kind::Certificate)
    } else if text.contains("received corrupt message") {
        Some(Kind::NotTls)
    } else {
        None
    }
}
