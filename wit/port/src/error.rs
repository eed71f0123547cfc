//! Why something was not done.

use std::io;

use crate::Info;

/// What caused a failure; for the log, never for a client.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What a store may answer instead of doing what it was asked. Nothing has changed in it
/// then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key has no file, and none may be created.
    #[error("no such file")]
    NotFound,
    /// A guard protects the file that is there.
    #[error("the file is protected")]
    Protected,
    /// A condition does not hold.
    #[error("a precondition failed")]
    PreconditionFailed,
    /// The caller's copy is current.
    #[error("not modified")]
    NotModified(Box<Info>),
    /// The span starts past the end of a file of this size, in bytes.
    #[error("the span lies outside a file of {0} bytes")]
    SpanOutside(u64),
    /// More bytes were sent than are allowed.
    #[error("too large")]
    TooLarge,
    /// The content does not have the digest that was announced.
    #[error("the digest does not match")]
    DigestMismatch,
    /// The store is full, or its quota is used up.
    #[error("no space left")]
    NoSpace,
    /// This store cannot hold a file under this key.
    #[error("the store cannot hold a file under this key")]
    UnsupportedKey(#[source] Cause),
    /// Another request appends to this resumable upload.
    #[error("another request appends to this upload")]
    Busy,
    /// The owner has as many unfinished uploads as are allowed.
    #[error("too many unfinished uploads")]
    TooMany,
    /// This store cannot do it at all.
    #[error("the store does not support this")]
    Unsupported,
    /// The store failed or is out of reach, and trying again may help.
    #[error("the store is unavailable")]
    Unavailable(#[source] Cause),
    /// An operator must act: a setting is missing or unusable, or the service behind the
    /// store refuses to serve it.
    #[error("the store is misconfigured")]
    Misconfigured(#[source] Cause),
}

/// Why a file was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Because of what is, or is not, under the source's key.
    #[error("the source cannot be copied")]
    Source(#[source] Error),
    /// Because of what is under the target's key, or of the store.
    #[error("the copy cannot be stored")]
    Target(#[source] Error),
}

impl CopyError {
    /// What was wrong, wherever.
    #[must_use]
    pub fn error(&self) -> &Error {
        match self {
            Self::Source(error) | Self::Target(error) => error,
        }
    }
}

/// Why a batch of uploads was not published; none of it was.
#[derive(Debug, thiserror::Error)]
#[error("upload {index} of the batch was refused")]
pub struct Refusal {
    /// Which upload it was about, counted from 0.
    pub index: usize,
    /// What was wrong with it.
    #[source]
    pub error: Error,
}

impl Error {
    /// [`Error::Unavailable`] with this cause.
    pub fn unavailable(cause: impl Into<Cause>) -> Error {
        Error::Unavailable(cause.into())
    }

    /// Whether an operator should hear of it: the store failed, rather than refused.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(
            self,
            Error::NoSpace | Error::Unavailable(_) | Error::Misconfigured(_)
        )
    }
}

/// [`Error::NoSpace`] where there was no room, on the disk or in this user's share of it.
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        match is_full(&error) {
            true => Error::NoSpace,
            false => Error::unavailable(error),
        }
    }
}

/// Whether there was no room.
#[must_use]
pub fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// An error and its causes, in one line for the log.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    one_line(&line)
}

/// The same text without its line breaks: some causes span several lines.
#[must_use]
pub fn one_line(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_of_several_lines_is_one_in_the_log() {
        let error = Error::unavailable(std::io::Error::other("no such\n    host\r\nat all"));
        let line = "the store is unavailable: no such host at all";
        assert_eq!(causes(&error), line);
    }

    #[test]
    fn the_log_gets_every_cause() {
        let disk = std::io::Error::other("the disk is gone");
        let error = Error::unavailable(disk);
        let refusal = Refusal { index: 2, error };
        assert_eq!(
            causes(&refusal),
            "upload 2 of the batch was refused: the store is unavailable: the disk is gone"
        );
    }
}
