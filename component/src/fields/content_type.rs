//! The media type that a file is stored and served with.

mod display;
mod guess;

use std::borrow::Cow;

use http::{HeaderMap, header};
use mediatype::{MediaType, ReadParams, names};

use crate::problem::Problem;
use crate::url::Name;

/// What client libraries send by default for any content.
const DEFAULTS: [&str; 2] = ["application/x-www-form-urlencoded", guess::UNKNOWN];

/// A media type, with its parameters as given: at most 255 bytes of visible ASCII
/// and spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContentType(String);

impl ContentType {
    const MAX_BYTES: usize = 255;

    /// The type of a request's content: its `Content-Type`, or else a guess by the
    /// name.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for more than one type, or an invalid one.
    pub(crate) fn of_request(headers: &HeaderMap, name: &Name) -> Result<Self, Problem> {
        let mut fields = headers.get_all(header::CONTENT_TYPE).iter();
        let given = fields.next().map(http::HeaderValue::as_bytes);
        if fields.next().is_some() {
            return Err(Problem::InvalidRequest(
                "there is more than one Content-Type".into(),
            ));
        }
        match given.map(<[u8]>::trim_ascii) {
            None | Some([]) => Ok(Self::guess(name)),
            Some(given) => Self::read(given)
                .map(|given| given.or_guess(name))
                .ok_or_else(|| {
                    Problem::InvalidRequest("the Content-Type is not a media type".into())
                }),
        }
    }

    /// The type of a form's part, likewise. An invalid one is ignored: browsers pass on
    /// whatever the system or a script calls the file's type.
    pub(crate) fn of_part(given: Option<&[u8]>, name: &Name) -> Self {
        given
            .and_then(Self::read)
            .map_or_else(|| Self::guess(name), |given| given.or_guess(name))
    }

    /// The type that the store returned, which may be invalid.
    pub(crate) fn stored(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|| Self(guess::UNKNOWN.to_owned()))
    }

    /// A guess by the name's extension, without a charset.
    fn guess(name: &Name) -> Self {
        Self(guess::by_name(name.basename()).to_owned())
    }

    /// Itself, unless it is a client library's default.
    fn or_guess(self, name: &Name) -> Self {
        let is_default = DEFAULTS
            .iter()
            .any(|default| self.essence().eq_ignore_ascii_case(default));
        if is_default { Self::guess(name) } else { self }
    }

    fn read(given: &[u8]) -> Option<Self> {
        std::str::from_utf8(given).ok().and_then(Self::parse)
    }

    /// The type with this text, without the spaces around it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let media_type = MediaType::parse(text.trim_ascii()).ok()?;
        // The parser accepts ranges such as `image/*` too.
        let concrete = media_type.ty != "*" && !media_type.subty.as_str().contains('*');
        (printable && concrete && text.len() <= Self::MAX_BYTES)
            .then(|| Self(text.trim_ascii().to_owned()))
    }

    /// As given or guessed.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of a download's `Content-Type` field. Browsers would read text without a
    /// charset as windows-1252.
    pub(crate) fn served(&self) -> Cow<'_, str> {
        let is_text = self
            .0
            .as_bytes()
            .first_chunk()
            .is_some_and(|kind: &[u8; 5]| kind.eq_ignore_ascii_case(b"text/"));
        let is_silent = |media_type: MediaType<'_>| media_type.get_param(names::CHARSET).is_none();
        if is_text && MediaType::parse(&self.0).is_ok_and(is_silent) {
            let given = self.0.trim_end_matches([';', ' ']);
            return format!("{given}; charset=utf-8").into();
        }
        Cow::Borrowed(&self.0)
    }

    /// Whether it is the type of a form, which is not a file.
    pub(crate) fn is_form(&self) -> bool {
        self.essence().eq_ignore_ascii_case("multipart/form-data")
    }

    /// Type and subtype, without parameters.
    fn essence(&self) -> &str {
        self.0
            .split(';')
            .next()
            .unwrap_or_default()
            .trim_ascii_end()
    }
}

#[cfg(test)]
mod tests;
