//! Failures with a response: what its code, status and header fields say.

use std::time::SystemTime;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_smithy_runtime_api::http::Headers;
use coffer_port::object::Meaning;

use super::Kind;

/// How far clocks may differ, in seconds, before services refuse signatures.
const CLOCK_TOLERANCE: i64 = 15 * 60;

/// The document of an unsuccessful response.
pub(super) struct Document<'a> {
    pub(super) code: Option<&'a str>,
    pub(super) message: &'a str,
    /// Not after HEAD.
    pub(super) expected: bool,
}

/// What is wrong, and what the service says.
pub(super) fn explain(response: &HttpResponse, document: &Document<'_>) -> (Kind, String) {
    explain_as(response.status().as_u16(), response.headers(), document)
}

/// The same of one of several objects, whose error is in a successful response.
pub(super) fn explain_one(code: &str, message: &str) -> (Kind, String) {
    let document = Document {
        code: Some(code),
        message,
        expected: true,
    };
    // The status that goes with a code that says nothing else.
    explain_as(400, &Headers::default(), &document)
}

fn explain_as(status: u16, fields: &Headers, document: &Document<'_>) -> (Kind, String) {
    let kind = kind(fields, status, document);
    let cause = match (document.code, document.message) {
        (Some(code), "") => code.to_owned(),
        (Some(code), message) => format!("{code}: {message}"),
        (None, _) => match fields.get("content-type") {
            Some(media_type) if document.expected => format!("{status}, {media_type}"),
            _ => status.to_string(),
        },
    };
    (kind, cause)
}

fn kind(fields: &Headers, status: u16, document: &Document<'_>) -> Kind {
    let ahead = ahead(fields);
    let is_skewed = ahead.is_some_and(|seconds| seconds.abs() >= CLOCK_TOLERANCE);
    let Some(code) = document.code else {
        return match status {
            301 if !document.expected => Kind::WrongRegion(region(fields, "")),
            401 | 403 if is_skewed => Kind::Clock(ahead),
            401 | 403 if !document.expected => Kind::Denied,
            408 | 425 | 429 | 500.. => Kind::Failed,
            _ if document.expected => Kind::NotS3,
            _ => Kind::Refused,
        };
    };
    match code {
        "RequestTimeTooSkewed" | "RequestExpired" => Kind::Clock(ahead.filter(|_| is_skewed)),
        "SignatureDoesNotMatch" | "InvalidSignature" | "AccessDenied" if is_skewed => {
            Kind::Clock(ahead)
        }
        "InvalidAccessKeyId" | "InvalidClientTokenId" => Kind::UnknownKey,
        "SignatureDoesNotMatch" | "InvalidSignature" | "AuthFailure" => Kind::WrongSecret,
        "ExpiredToken" | "ExpiredTokenException" | "InvalidToken" | "TokenRefreshRequired" => {
            Kind::SessionEnded
        }
        "PermanentRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException"
        | "InvalidRegion" => Kind::WrongRegion(region(fields, document.message)),
        "NoSuchBucket" => Kind::NoBucket,
        "AccessDenied" | "AccessDeniedException" | "AllAccessDisabled" | "Forbidden" => {
            Kind::Denied
        }
        code if code.starts_with("KMS.") || code.starts_with("Kms") => Kind::Encryption,
        "ServerSideEncryptionConfigurationNotFoundError" | "XMinioKMSNotConfigured" => {
            Kind::Encryption
        }
        "AccountProblem" | "NotSignedUp" | "UserSuspended" => Kind::Account,
        "InvalidObjectState" => Kind::Archived,
        _ => match Meaning::of(status, Some(code), Some(document.message)) {
            Meaning::UnsupportedKey => Kind::Name,
            Meaning::Transient => Kind::Failed,
            _ => Kind::Refused,
        },
    }
}

/// The bucket's region, as a header field or else the message names it: `expecting 'REGION'`.
fn region(fields: &Headers, message: &str) -> Option<String> {
    let field = fields.get("x-amz-bucket-region");
    let named = || message.split_once("expecting '")?.1.split('\'').next();
    let region = field.or_else(named)?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let valid = (1..=32).contains(&region.len()) && region.chars().all(is_name);
    valid.then(|| region.to_owned())
}

/// By how many seconds the service's clock is ahead of this host's.
fn ahead(fields: &Headers) -> Option<i64> {
    let date = fields.get("date")?;
    let date = DateTime::from_str(date, DateTimeFormat::HttpDate).ok()?;
    Some(date.secs() - DateTime::from(SystemTime::now()).secs())
}
