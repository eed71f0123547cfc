//! Why a request to the service failed.

use coffer_port::Error;
use coffer_port::object::Meaning;
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
    /// The service cannot hold an object of this name.
    #[error("{0}")]
    UnsupportedKey(String),
    /// The service cannot be reached or failed for now.
    #[error("{0}")]
    Broken(String),
    /// The service refuses until an operator acts.
    #[error("{0}")]
    Refused(String),
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

    /// From an unsuccessful response that has a document.
    pub fn of(status: u16, document: &str) -> Failure {
        let code = instant_xml::from_str::<Document>(document).map(|found| found.code);
        let code = code.ok().filter(|code| !code.is_empty());
        Failure::of_code(status, code.as_deref(), document)
    }

    /// From an unsuccessful response to HEAD, which has no document.
    pub fn of_head(status: u16) -> Failure {
        Failure::new(Meaning::of_head(status), status, None)
    }

    /// From what the response to a request for many objects says of one.
    pub fn of_one(code: &str, message: &str) -> Failure {
        // The status that goes with a code that says nothing else.
        Failure::of_code(400, Some(code).filter(|code| !code.is_empty()), message)
    }

    fn of_code(status: u16, code: Option<&str>, message: &str) -> Failure {
        Failure::new(Meaning::of(status, code, Some(message)), status, code)
    }

    fn new(meaning: Meaning, status: u16, code: Option<&str>) -> Failure {
        let response = || {
            let code = code.unwrap_or("without an error code");
            format!("the service responded with {status} {code}")
        };
        match meaning {
            Meaning::NotFound => Failure::NotFound,
            Meaning::NoSuchUpload => Failure::NoSuchUpload,
            Meaning::Precondition => Failure::Precondition,
            Meaning::Conflict => Failure::Conflict,
            Meaning::RangeOutside => Failure::RangeOutside,
            Meaning::NotImplemented => Failure::NotImplemented,
            Meaning::TooLarge => Failure::TooLarge,
            Meaning::NoSpace => Failure::NoSpace,
            Meaning::UnsupportedKey => Failure::UnsupportedKey(response()),
            // A success that cannot be read.
            Meaning::Transient if (200..300).contains(&status) && code.is_none() => {
                Failure::Unconfirmed("a malformed response".to_owned())
            }
            Meaning::NotModified | Meaning::Transient => Failure::Broken(response()),
            Meaning::Permanent => Failure::Refused(response()),
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
            failure @ Failure::UnsupportedKey(_) => Error::UnsupportedKey(failure.into()),
            failure @ (Failure::Refused(_) | Failure::NotImplemented) => {
                Error::Misconfigured(failure.into())
            }
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
        assert_eq!(Failure::of_head(404), Failure::NotFound);
        for page in [
            "",
            "404 page not found",
            "<html><body>Not Found</body></html>",
        ] {
            let failure = Failure::of(404, page);
            assert!(matches!(failure, Failure::Broken(_)), "{page}");
        }
        assert_eq!(Failure::of(412, ""), Failure::Precondition);
        assert_eq!(
            Failure::of(409, &document("ConditionalRequestConflict")),
            Failure::Conflict
        );
        assert!(
            matches!(Failure::of(404, &document("NoSuchBucket")), Failure::Refused(text) if text.contains("NoSuchBucket"))
        );
        assert!(matches!(
            Failure::of(503, &document("SlowDown")),
            Failure::Broken(_)
        ));
    }

    #[test]
    fn what_a_response_for_many_says_of_one_is_read_by_its_code() {
        for (code, expected) in [
            ("NoSuchKey", Failure::NotFound),
            ("NotImplemented", Failure::NotImplemented),
        ] {
            assert_eq!(Failure::of_one(code, ""), expected);
        }
        let refused = Failure::of_one("AccessDenied", "");
        assert!(matches!(refused, Failure::Refused(_)), "{refused:?}");
        let broken = Failure::of_one("InternalError", "");
        assert!(matches!(broken, Failure::Broken(_)), "{broken:?}");
    }

    #[test]
    fn only_what_passes_is_unavailable() {
        let error = |status, code: &str| {
            let document = format!("<Error><Code>{code}</Code></Error>");
            Error::from(Failure::of(status, &document))
        };
        assert!(matches!(error(503, "SlowDown"), Error::Unavailable(_)));
        assert!(matches!(
            error(403, "AccessDenied"),
            Error::Misconfigured(_)
        ));
        let long = error(400, "KeyTooLongError");
        assert!(matches!(long, Error::UnsupportedKey(_)), "{long}");
    }

    #[test]
    fn a_success_that_is_cut_off_confirms_nothing_and_one_with_an_error_failed() {
        assert!(matches!(Failure::of(200, "<Comp"), Failure::Unconfirmed(_)));
        let error = Failure::of(200, "<Error><Code>InternalError</Code></Error>");
        assert!(matches!(error, Failure::Broken(_)), "{error:?}");
    }
}
