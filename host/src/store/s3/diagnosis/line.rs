//! The line that an operator reads of a diagnosis.

use std::fmt;

use super::{Diagnosis, Kind};

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cause, permission) = (&self.cause, self.permission);
        match &self.kind {
            Kind::NoCredentials => f.write_str(
                "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use a profile or role",
            ),
            Kind::InvalidCredentials | Kind::CredentialsFailed => {
                write!(f, "cannot load the credentials: {cause}")
            }
            Kind::UnknownKey => write!(
                f,
                "S3 rejected the credentials ({}); check AWS_ACCESS_KEY_ID",
                self.code()
            ),
            Kind::WrongSecret => write!(
                f,
                "S3 rejected the credentials ({}); check AWS_SECRET_ACCESS_KEY",
                self.code()
            ),
            Kind::SessionEnded => write!(
                f,
                "S3 rejected the credentials ({}); renew AWS_SESSION_TOKEN",
                self.code()
            ),
            Kind::Clock(Some(ahead)) => {
                let (seconds, side) = match *ahead {
                    ahead @ 0.. => (ahead, "behind"),
                    ahead => (-ahead, "ahead of"),
                };
                write!(
                    f,
                    "this host's clock is {seconds} s {side} that of S3 ({}); set the clock",
                    self.code()
                )
            }
            Kind::Clock(None) => write!(
                f,
                "this host's clock differs from that of S3 ({}); set the clock",
                self.code()
            ),
            Kind::WrongRegion(Some(region)) => {
                write!(f, "the bucket is in another region; set --s3-region {region}")
            }
            Kind::WrongRegion(None) => write!(
                f,
                "the bucket is in another region ({}); set --s3-region",
                self.code()
            ),
            Kind::NoBucket => f.write_str("the bucket does not exist; create it, or check --s3-bucket"),
            Kind::Denied => write!(
                f,
                "S3 denied {permission} ({}); allow it to these credentials",
                self.code()
            ),
            Kind::Encryption => write!(f, "the encryption key cannot be used ({cause}); check it"),
            Kind::Account => write!(f, "the account is not usable ({cause}); contact the S3 provider"),
            Kind::Archived => write!(
                f,
                "the object is in an archive ({}); restore it",
                self.code()
            ),
            Kind::Name => write!(f, "S3 cannot hold an object of this name ({cause})"),
            Kind::Refused => write!(f, "S3 refused {permission} ({cause})"),
            Kind::Failed => write!(f, "S3 failed at {permission} ({cause})"),
            Kind::NotS3 => write!(f, "not an answer of S3 ({cause}); check --s3-endpoint"),
            Kind::Unresolved => {
                f.write_str("the host name cannot be resolved; check --s3-endpoint and DNS")
            }
            Kind::NotListening => f.write_str(
                "S3 cannot be reached: connection refused; check --s3-endpoint and that it runs",
            ),
            Kind::Certificate => write!(f, "{cause}; trust its CA, or check --s3-endpoint"),
            Kind::NotTls => {
                f.write_str("S3 does not speak TLS at this port; use http:// in --s3-endpoint")
            }
            Kind::TimedOut => {
                f.write_str("S3 did not respond in time; check --s3-endpoint and the network")
            }
            Kind::Unreachable => write!(f, "S3 cannot be reached: {cause}"),
            Kind::NotSendable => {
                write!(f, "cannot make a request ({cause}); check --s3-bucket and --s3-endpoint")
            }
        }
    }
}

impl Diagnosis {
    /// The cause without the service's message.
    fn code(&self) -> &str {
        self.cause.split(':').next().unwrap_or_default()
    }
}

/// At most this many bytes of a text, in one line.
pub(in super::super) fn brief(text: &str, longest: usize) -> String {
    let line: String = text
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if line.len() <= longest {
        return line;
    }
    let mut end = longest.saturating_sub('…'.len_utf8());
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &line[..end])
}
