//! A problem as clients get it: its document (RFC 9457) and its header field.

use http::{HeaderName, HeaderValue, header};
use serde::{Serialize, Serializer};

use super::Problem;

/// The prefix of problem types: a reference relative to the service (RFC 9457,
/// 3.1.1), an identifier and not a page to fetch.
const TYPES: &str = "/problems/";

/// The prefix of the problem types that the IETF's resumable uploads register.
const REGISTERED: &str = "https://iana.org/assignments/http-problem-types#";

/// The body of a problem response.
#[derive(Serialize)]
struct ProblemDocument<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(rename = "expected-offset", skip_serializing_if = "Option::is_none")]
    expected_offset: Option<u64>,
    #[serde(rename = "provided-offset", skip_serializing_if = "Option::is_none")]
    provided_offset: Option<u64>,
}

impl Problem {
    /// The media type of [`Problem::document`].
    pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

    /// The document for the client.
    pub(crate) fn document(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn parts(&self) -> ProblemDocument<'_> {
        if let Self::WithFields { problem, .. } = self {
            return problem.parts();
        }
        let (status, slug, title) = self.row();
        let prefix = match self {
            Self::MismatchingOffset { .. } | Self::InconsistentLength | Self::CompletedUpload => {
                REGISTERED
            }
            _ => TYPES,
        };
        let (expected_offset, provided_offset) = match self {
            Self::MismatchingOffset { expected, provided } => (Some(*expected), Some(*provided)),
            _ => (None, None),
        };
        ProblemDocument {
            r#type: format!("{prefix}{slug}"),
            title,
            status: status.as_u16(),
            detail: self.to_string(),
            file: match self {
                Self::OfFile { file, .. } => Some(file),
                _ => None,
            },
            expected_offset,
            provided_offset,
        }
    }

    /// The header fields that this problem requires besides its document.
    pub(crate) fn fields(&self) -> Vec<(HeaderName, HeaderValue)> {
        match self {
            Self::WithFields { fields, problem } => {
                let own = problem.fields().into_iter();
                own.chain(fields.iter().cloned()).collect()
            }
            Self::OfFile { problem, .. } => problem.fields(),
            _ => self.field().into_iter().collect(),
        }
    }

    /// RFC 9110: 11.6.1, 10.2.1, 14.4, 10.2.3; RFC 6750, 3.
    fn field(&self) -> Option<(HeaderName, HeaderValue)> {
        let text = HeaderValue::from_static;
        match self {
            Self::Unauthenticated(_) => Some((header::WWW_AUTHENTICATE, text("Bearer"))),
            Self::InvalidToken => Some((
                header::WWW_AUTHENTICATE,
                text(r#"Bearer error="invalid_token""#),
            )),
            Self::MethodNotAllowed { allow } => Some((header::ALLOW, text(allow))),
            Self::RangeNotSatisfiable { size } => HeaderValue::try_from(format!("bytes */{size}"))
                .ok()
                .map(|value| (header::CONTENT_RANGE, value)),
            Self::Unavailable | Self::SourceChanges => Some((header::RETRY_AFTER, text("1"))),
            Self::IamUnavailable => Some((header::RETRY_AFTER, text("5"))),
            Self::MismatchingOffset { expected, .. } => Some((
                HeaderName::from_static("upload-offset"),
                HeaderValue::from(*expected),
            )),
            Self::TusVersion => Some((HeaderName::from_static("tus-version"), text("1.0.0"))),
            _ => None,
        }
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.parts().serialize(serializer)
    }
}
