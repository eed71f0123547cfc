//! What the errors of S3-compatible services mean for the request that got them.

/// What an unsuccessful response means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The object does not exist.
    NotFound,
    /// The multipart upload does not exist.
    NoSuchUpload,
    /// A precondition of the request failed.
    Precondition,
    /// Another writer was active at the same moment; to be retried.
    Conflict,
    /// The caller's copy is still current.
    NotModified,
    /// The range is outside the object.
    RangeOutside,
    /// The service does not implement what was asked.
    NotImplemented,
    /// The object or its metadata are larger than the service allows.
    TooLarge,
    /// The service is full, or a quota is used up.
    NoSpace,
    /// The service cannot hold an object of this name.
    UnsupportedKey,
    /// It passes, so trying again may help.
    Transient,
    /// It lasts until an operator acts.
    Permanent,
}

impl Meaning {
    /// Of a response with this status and, from its document, error code and message. Of a
    /// successful response, that it cannot be read.
    #[must_use]
    pub fn of(status: u16, code: Option<&str>, message: Option<&str>) -> Meaning {
        let by_code = code.and_then(|code| Meaning::of_code(code, message.unwrap_or_default()));
        by_code.unwrap_or(match (status, code) {
            // It does not come from the service but, for example, from a proxy in front of it
            // while it restarts.
            (404, None) => Meaning::Transient,
            (304, _) => Meaning::NotModified,
            (412, _) => Meaning::Precondition,
            (413, _) => Meaning::TooLarge,
            (416, _) => Meaning::RangeOutside,
            (501, _) => Meaning::NotImplemented,
            (507, _) => Meaning::NoSpace,
            (307 | 408 | 409 | 425 | 429, _) => Meaning::Transient,
            (300..=499 | 505, _) => Meaning::Permanent,
            _ => Meaning::Transient,
        })
    }

    /// Of a response to HEAD, which has no document. So a 404 may come from a proxy as well: what
    /// cannot be undone needs the response to a GET.
    #[must_use]
    pub fn of_head(status: u16) -> Meaning {
        match status {
            404 => Meaning::NotFound,
            status => Meaning::of(status, None, None),
        }
    }

    /// None where the status says more.
    fn of_code(code: &str, message: &str) -> Option<Meaning> {
        Some(match code {
            "NoSuchKey" | "NoSuchVersion" | "NotFound" => Meaning::NotFound,
            "NoSuchUpload" => Meaning::NoSuchUpload,
            "PreconditionFailed" => Meaning::Precondition,
            "ConditionalRequestConflict" | "OperationAborted" => Meaning::Conflict,
            "NotModified" => Meaning::NotModified,
            "InvalidRange" => Meaning::RangeOutside,
            "NotImplemented" => Meaning::NotImplemented,
            "EntityTooLarge" | "MetadataTooLarge" => Meaning::TooLarge,
            "QuotaExceeded"
            | "InsufficientStorage"
            | "InsufficientStorageSpace"
            | "XMinioStorageFull"
            | "XMinioAdminBucketQuotaExceeded" => Meaning::NoSpace,
            // AWS and many; Ceph and R2; MinIO.
            "KeyTooLongError"
            | "KeyTooLong"
            | "InvalidObjectName"
            | "XMinioInvalidObjectName"
            | "XMinioInvalidResourceName" => Meaning::UnsupportedKey,
            // Services on a file system, where a name cannot be a file and a folder: MinIO;
            // SeaweedFS; VersityGW.
            "XMinioParentIsObject"
            | "XMinioObjectExistsAsDirectory"
            | "ExistingObjectIsFile"
            | "ExistingObjectIsDirectory"
            | "ObjectParentIsFile" => Meaning::UnsupportedKey,
            "InvalidArgument" | "InvalidRequest" | "InvalidURI" if is_about_the_name(message) => {
                Meaning::UnsupportedKey
            }
            "SlowDown"
            | "SlowDownRead"
            | "SlowDownWrite"
            | "ServiceUnavailable"
            | "InternalError"
            | "RequestTimeout"
            | "RequestTimeoutException"
            | "RequestLimitExceeded"
            | "BandwidthLimitExceeded"
            | "Throttling"
            | "ThrottlingException"
            | "TooManyRequests"
            | "TemporaryRedirect" => Meaning::Transient,
            // Bytes that were lost or changed on the way; parts that are gone.
            "BadDigest" | "IncompleteBody" | "XAmzContentSHA256Mismatch" | "InvalidPart" => {
                Meaning::Transient
            }
            _ => return None,
        })
    }
}

/// Whether a message is about the object's name: "key" alone may be one for encryption.
fn is_about_the_name(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    [
        "object name",
        "object key",
        "key name",
        "key is too long",
        "key too long",
        "name is too long",
        "name too long",
        "file name",
    ]
    .iter()
    .any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_meaning() {
        use Meaning::*;
        for (status, code, message, expected) in [
            (404, "NoSuchKey", "", NotFound),
            (404, "", "", Transient),
            (404, "NoSuchUpload", "", NoSuchUpload),
            (412, "PreconditionFailed", "", Precondition),
            (412, "", "", Precondition),
            (409, "ConditionalRequestConflict", "", Conflict),
            (409, "OperationAborted", "", Conflict),
            (304, "", "", NotModified),
            (416, "InvalidRange", "", RangeOutside),
            (501, "NotImplemented", "", NotImplemented),
            (400, "NotImplemented", "", NotImplemented),
            (400, "EntityTooLarge", "", TooLarge),
            (400, "MetadataTooLarge", "", TooLarge),
            (413, "", "", TooLarge),
            (403, "QuotaExceeded", "", NoSpace),
            (507, "", "", NoSpace),
            (400, "KeyTooLongError", "", UnsupportedKey),
            (400, "InvalidObjectName", "", UnsupportedKey),
            (400, "XMinioInvalidObjectName", "", UnsupportedKey),
            (400, "XMinioParentIsObject", "", UnsupportedKey),
            (409, "XMinioObjectExistsAsDirectory", "", UnsupportedKey),
            (409, "ExistingObjectIsFile", "", UnsupportedKey),
            (409, "ExistingObjectIsDirectory", "", UnsupportedKey),
            (400, "ObjectParentIsFile", "", UnsupportedKey),
            (
                400,
                "InvalidArgument",
                "Invalid Object Name: a\tb",
                UnsupportedKey,
            ),
            (
                400,
                "InvalidArgument",
                "The MD5 hash of the key did not match",
                Permanent,
            ),
            (400, "InvalidArgument", "", Permanent),
            (503, "SlowDown", "", Transient),
            (429, "TooManyRequests", "", Transient),
            (500, "InternalError", "", Transient),
            (200, "InternalError", "", Transient),
            (502, "", "", Transient),
            (503, "", "", Transient),
            (504, "", "", Transient),
            (400, "RequestTimeout", "", Transient),
            (400, "BadDigest", "", Transient),
            (400, "InvalidPart", "", Transient),
            (307, "TemporaryRedirect", "", Transient),
            (200, "", "", Transient),
            (403, "AccessDenied", "", Permanent),
            (404, "NoSuchBucket", "", Permanent),
            (403, "InvalidAccessKeyId", "", Permanent),
            (403, "SignatureDoesNotMatch", "", Permanent),
            (400, "ExpiredToken", "", Permanent),
            (400, "InvalidToken", "", Permanent),
            (403, "RequestTimeTooSkewed", "", Permanent),
            (400, "KMS.DisabledException", "", Permanent),
            (403, "AccountProblem", "", Permanent),
            (301, "PermanentRedirect", "", Permanent),
            (400, "AuthorizationHeaderMalformed", "", Permanent),
            (403, "InvalidObjectState", "", Permanent),
            (403, "", "", Permanent),
            (400, "", "", Permanent),
            (405, "MethodNotAllowed", "", Permanent),
        ] {
            let code = Some(code).filter(|code| !code.is_empty());
            let found = Meaning::of(status, code, Some(message));
            assert_eq!(found, expected, "{status} {code:?} {message}");
        }
    }

    #[test]
    fn a_response_to_head_says_by_its_status_alone_that_an_object_is_missing() {
        assert_eq!(Meaning::of_head(404), Meaning::NotFound);
        for status in [304, 403, 412, 503] {
            assert_eq!(Meaning::of_head(status), Meaning::of(status, None, None));
        }
    }
}
