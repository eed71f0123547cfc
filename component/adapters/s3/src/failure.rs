//! Why a request to the service failed.

use coffer_port::Error;
use coffer_port::object::is_full;
use instant_xml::FromXml;

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The object does not exist.
    #[error("no such object")]
    NotFound,
    /// A precondition of the request failed.
    #[error("a precondition failed")]
    Precondition,
    /// Another writer was active at the same moment; to be retried.
    #[error("a conflict with another writer")]
    Conflict,
    /// The range is outside the object.
    #[error("the range is outside the object")]
    RangeOutside,
    /// The multipart upload does not exist.
    #[error("no such multipart upload")]
    NoSuchUpload,
    /// It may have been carried out: an answer was lost, or is a success that cannot be read.
    #[error("not confirmed: {0}")]
    Unconfirmed(String),
    /// The service does not implement it.
    #[error("not implemented")]
    NotImplemented,
    #[error("too large")]
    TooLarge,
    #[error("no space left")]
    NoSpace,
    /// The service cannot be reached or failed.
    #[error("{0}")]
    Broken(String),
}

/// The service's error document.
#[derive(FromXml)]
#[xml(rename = "Error")]
struct Document {
    #[xml(rename = "Code")]
    code: String,
}

impl Failure {
    /// What a write's failure means if an earlier attempt may have been carried out: then it is
    /// that attempt which the condition failed for, or which is done.
    pub fn after_lost_answer(self) -> Failure {
        match self {
            Failure::Precondition | Failure::NotFound | Failure::NoSuchUpload => {
                Failure::Unconfirmed("the answer to an earlier attempt was lost".to_owned())
            }
            other => other,
        }
    }

    /// From an unsuccessful response.
    pub fn of(status: u16, document: &str) -> Failure {
        let code = instant_xml::from_str::<Document>(document).map(|found| found.code);
        let code = code.unwrap_or_default();
        match (code.as_str(), status) {
            ("NoSuchUpload", _) => Failure::NoSuchUpload,
            ("NoSuchKey" | "NotFound", _) => Failure::NotFound,
            ("PreconditionFailed", _) => Failure::Precondition,
            ("ConditionalRequestConflict" | "OperationAborted", _) => Failure::Conflict,
            ("InvalidRange", _) => Failure::RangeOutside,
            ("NotImplemented", _) | (_, 501) => Failure::NotImplemented,
            ("EntityTooLarge", _) | (_, 413) => Failure::TooLarge,
            (code, _) if is_full(code) => Failure::NoSpace,
            (_, 507) => Failure::NoSpace,
            // The response to HEAD has no document that could contain an error code.
            ("", 404) => Failure::NotFound,
            (_, 412) => Failure::Precondition,
            (_, 416) => Failure::RangeOutside,
            ("", 200..=299) => Failure::Unconfirmed("a malformed response".to_owned()),
            (code, status) => {
                Failure::Broken(format!("the service responded with {status} {code}"))
            }
        }
    }
}

/// For requests that cannot get the more specific failures.
impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        match failure {
            Failure::NotFound => Error::NotFound,
            Failure::Precondition => Error::PreconditionFailed,
            Failure::TooLarge => Error::TooLarge,
            Failure::NoSpace => Error::NoSpace,
            other => Error::unavailable(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_lost_answer_a_refusal_confirms_nothing() {
        for refusal in [
            Failure::Precondition,
            Failure::NotFound,
            Failure::NoSuchUpload,
        ] {
            let failure = refusal.after_lost_answer();
            assert!(matches!(failure, Failure::Unconfirmed(_)), "{failure:?}");
        }
        assert_eq!(Failure::NoSpace.after_lost_answer(), Failure::NoSpace);
    }

    #[test]
    fn a_code_says_more_than_a_status() {
        let document = |code| {
            format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>m</Message></Error>")
        };
        assert_eq!(
            Failure::of(404, &document("NoSuchUpload")),
            Failure::NoSuchUpload
        );
        assert_eq!(Failure::of(404, &document("NoSuchKey")), Failure::NotFound);
        assert_eq!(Failure::of(404, ""), Failure::NotFound);
        assert_eq!(Failure::of(412, ""), Failure::Precondition);
        assert_eq!(
            Failure::of(409, &document("ConditionalRequestConflict")),
            Failure::Conflict
        );
        assert!(
            matches!(Failure::of(404, &document("NoSuchBucket")), Failure::Broken(text) if text.contains("NoSuchBucket"))
        );
        // A success that is cut off says nothing, one that has an error does.
        assert!(matches!(Failure::of(200, "<Comp"), Failure::Unconfirmed(_)));
        let error = Failure::of(200, &document("InternalError"));
        assert!(matches!(error, Failure::Broken(_)), "{error:?}");
    }
}
