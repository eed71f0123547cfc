//! The line of every diagnosis.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat, SdkBody};
use aws_sdk_s3::types::error::NoSuchKey;

use super::response::{Document, explain};
use super::*;

type Fields = &'static [(&'static str, &'static str)];

fn line(status: u16, code: &str, message: &str, fields: &[(&str, String)]) -> String {
    let mut response = http::Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(*name, value);
    }
    let response = response.body(SdkBody::empty()).expect("a response");
    let response = HttpResponse::try_from(response).expect("a response");
    let document = Document {
        code: Some(code).filter(|code| !code.is_empty()),
        message,
        expected: true,
    };
    let (kind, cause) = explain(&response, &document);
    diagnosis(kind, &cause).to_string()
}

fn diagnosis(kind: Kind, cause: &str) -> Diagnosis {
    Diagnosis {
        kind,
        permission: "s3:PutObject",
        cause: brief(cause, LONGEST_CAUSE),
        explained: true,
    }
}

#[test]
fn a_response_is_told_with_what_to_do() {
    const NONE: Fields = &[];
    for (status, code, message, fields, expected) in [
        (
            403,
            "AccessDenied",
            "Access Denied",
            NONE,
            "S3 denied s3:PutObject (AccessDenied); allow it to these credentials",
        ),
        (
            403,
            "InvalidAccessKeyId",
            "unknown",
            NONE,
            "S3 rejected the credentials (InvalidAccessKeyId); check AWS_ACCESS_KEY_ID",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "",
            NONE,
            "S3 rejected the credentials (SignatureDoesNotMatch); check AWS_SECRET_ACCESS_KEY",
        ),
        (
            400,
            "ExpiredToken",
            "The provided token has expired.",
            NONE,
            "S3 rejected the credentials (ExpiredToken); renew AWS_SESSION_TOKEN",
        ),
        (
            301,
            "PermanentRedirect",
            "",
            &[("x-amz-bucket-region", "eu-west-1")],
            "the bucket is in another region; set --s3-region eu-west-1",
        ),
        (
            400,
            "AuthorizationHeaderMalformed",
            "the region 'us-east-1' is wrong; expecting 'eu-central-1'",
            NONE,
            "the bucket is in another region; set --s3-region eu-central-1",
        ),
        (
            301,
            "PermanentRedirect",
            "",
            &[("x-amz-bucket-region", "a b")],
            "the bucket is in another region (PermanentRedirect); set --s3-region",
        ),
        (
            404,
            "NoSuchBucket",
            "",
            NONE,
            "the bucket does not exist; create it, or check --s3-bucket",
        ),
        (
            400,
            "KMS.DisabledException",
            "the key is disabled",
            NONE,
            "the encryption key cannot be used (KMS.DisabledException: the key is disabled); check it",
        ),
        (
            403,
            "AccountProblem",
            "unpaid",
            NONE,
            "the account is not usable (AccountProblem: unpaid); contact the S3 provider",
        ),
        (
            403,
            "RequestTimeTooSkewed",
            "",
            NONE,
            "this host's clock differs from that of S3 (RequestTimeTooSkewed); set the clock",
        ),
        (
            403,
            "InvalidObjectState",
            "",
            NONE,
            "the object is in an archive (InvalidObjectState); restore it",
        ),
        (
            400,
            "KeyTooLongError",
            "Your key is too long",
            NONE,
            "S3 cannot hold an object of this name (KeyTooLongError: Your key is too long)",
        ),
        (
            503,
            "SlowDown",
            "Reduce your rate",
            NONE,
            "S3 failed at s3:PutObject (SlowDown: Reduce your rate)",
        ),
        (502, "", "", NONE, "S3 failed at s3:PutObject (502)"),
        (429, "", "", NONE, "S3 failed at s3:PutObject (429)"),
        (
            404,
            "",
            "",
            &[("content-type", "text/html")],
            "not an answer of S3 (404, text/html); check --s3-endpoint",
        ),
        (
            400,
            "Strange",
            "two\nlines",
            NONE,
            "S3 refused s3:PutObject (Strange: two lines)",
        ),
    ] {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        assert_eq!(line(status, code, message, &fields), expected);
    }
}

#[test]
fn a_clock_that_differs_is_told_with_by_how_much() {
    let date = |ahead: i64| {
        let now = DateTime::from(std::time::SystemTime::now()).secs();
        let date = DateTime::from_secs(now + ahead).fmt(DateTimeFormat::HttpDate);
        [("date", date.expect("a date"))]
    };
    for (code, ahead, expected) in [
        ("RequestTimeTooSkewed", 7200, "s behind that of S3"),
        ("RequestTimeTooSkewed", -7200, "s ahead of that of S3"),
        ("AccessDenied", 7200, "s behind that of S3 (AccessDenied)"),
        ("AccessDenied", 60, "S3 denied"),
        ("SignatureDoesNotMatch", 60, "AWS_SECRET_ACCESS_KEY"),
    ] {
        let line = line(403, code, "", &date(ahead));
        assert!(line.contains(expected), "{line}");
    }
    let line = line(403, "RequestTimeTooSkewed", "", &date(7200));
    let seconds = line.split(' ').find_map(|word| word.parse::<i64>().ok());
    assert!((7190..=7210).contains(&seconds.unwrap_or(0)), "{line}");
}

#[test]
fn what_has_no_response_passes_or_does_not() {
    for (kind, passes) in [
        (Kind::NoCredentials, false),
        (Kind::InvalidCredentials, false),
        (Kind::CredentialsFailed, true),
        (Kind::Unresolved, true),
        (Kind::NotListening, true),
        (Kind::Certificate, false),
        (Kind::NotTls, false),
        (Kind::TimedOut, true),
        (Kind::Unreachable, true),
        (Kind::NotSendable, false),
    ] {
        assert_eq!(diagnosis(kind.clone(), "").passes(), passes, "{kind:?}");
    }
}

#[test]
fn a_network_error_is_told_by_its_innermost_cause() {
    let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    let error: SdkError<NoSuchKey, HttpResponse> = SdkError::construction_failure(refused);
    let (kind, cause) = network::explain(&error);
    assert_eq!(kind, Kind::NotListening);
    assert_eq!(cause, "connection refused");

    for (text, expected) in [
        ("invalid peer certificate: UnknownIssuer", Kind::Certificate),
        (
            "received corrupt message of type InvalidContentType",
            Kind::NotTls,
        ),
        ("no host", Kind::NotSendable),
    ] {
        let error: SdkError<NoSuchKey, HttpResponse> =
            SdkError::construction_failure(std::io::Error::other(text));
        let (kind, cause) = network::explain(&error);
        assert_eq!((kind, cause.as_str()), (expected, text));
    }
}

#[test]
fn a_long_text_is_cut_between_characters() {
    assert_eq!(brief(" a\nb ", 10), "a b");
    let cut = brief(&"ä".repeat(100), 20);
    assert!(cut.len() <= 20 && cut.ends_with('…'), "{cut}");
    for kind in [
        Kind::Refused,
        Kind::Encryption,
        Kind::Account,
        Kind::Certificate,
        Kind::Unreachable,
    ] {
        let line = diagnosis(kind, &"long ".repeat(1000)).to_string();
        assert!(line.len() < 130, "{line}");
    }
}
