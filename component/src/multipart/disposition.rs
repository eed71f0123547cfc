//! The Content-Disposition field of a form's part (RFC 7578, 4.2, and the encoding of the
//! HTML standard).

use std::borrow::Cow;

use crate::fields::disposition::last_component;
use crate::problem::Problem;
use crate::url::percent;

/// What a part of a form says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FormData {
    /// The field's name; empty if there is none.
    pub(crate) name: String,
    /// The file's name as the client sent it, maybe with a path, and not necessarily
    /// valid; `None` if the part is not a file.
    pub(crate) filename: Option<Filename>,
}

/// A file's name as the client sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filename(String);

impl Filename {
    /// As it was sent.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Its last component: what follows the last `/` or `\`.
    pub(crate) fn basename(&self) -> &str {
        last_component(&self.0)
    }

    /// The whole path, joined by `/`. A backslash is a separator too, even if doubled, as
    /// some clients send it.
    pub(crate) fn path(&self) -> String {
        self.0.replace("\\\\", "\\").replace('\\', "/")
    }
}

impl FormData {
    /// Parses the field's value. `filename*` (RFC 8187) wins over `filename`, unless it is
    /// malformed.
    ///
    /// A duplicate or ambiguous parameter, such as `filename*0` (RFC 2231), is refused:
    /// proxies and scanners in between may have read it differently, and a file must not
    /// pass for a text field.
    pub(crate) fn parse(value: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(value)
            .map_err(|_| Problem::InvalidName("a filename is not UTF-8"))?;
        let (kind, rest) = split_at(text, |c| c == ';');
        if !kind.trim_ascii().eq_ignore_ascii_case("form-data") {
            return Err(malformed());
        }
        Self::parameters(rest)
    }

    /// The filename in the same field of a request for a single file (RFC 6266), of whatever
    /// type.
    pub(crate) fn filename(value: &[u8]) -> Result<Option<Filename>, Problem> {
        let text = std::str::from_utf8(value)
            .map_err(|_| Problem::InvalidName("the filename is not UTF-8"))?;
        let (_, rest) = split_at(text, |c| c == ';');
        let read = Self::parameters(rest).map_err(|_| {
            Problem::InvalidRequest("the Content-Disposition is malformed".to_owned())
        })?;
        Ok(read.filename)
    }

    /// What follows the type.
    fn parameters(mut rest: &str) -> Result<Self, Problem> {
        let (mut name, mut filename) = (Parameter::default(), Parameter::default());
        while let Some(parameter) = rest.strip_prefix(';') {
            let parameter = parameter.trim_ascii_start();
            if parameter.is_empty() || parameter.starts_with(';') {
                rest = parameter;
                continue;
            }
            let (key, value) = parameter.split_once('=').ok_or_else(malformed)?;
            let key = key.trim_ascii_end().to_ascii_lowercase();
            if key.is_empty() || !key.bytes().all(is_token) {
                return Err(malformed());
            }
            let (value, behind) = parameter_value(value.trim_ascii_start())?;
            rest = behind.trim_ascii_start();
            if !rest.is_empty() && !rest.starts_with(';') {
                return Err(malformed());
            }
            let slot = match key.as_str() {
                "name" => &mut name.plain,
                "name*" => &mut name.extended,
                "filename" => &mut filename.plain,
                "filename*" => &mut filename.extended,
                _ if key.starts_with("name*") || key.starts_with("filename*") => {
                    return Err(malformed());
                }
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(malformed());
            }
        }
        Ok(Self {
            name: name.read()?.unwrap_or_default(),
            filename: filename.read()?.map(Filename),
        })
    }
}

/// A parameter that may be present in two forms (RFC 8187, 4.2).
#[derive(Default)]
struct Parameter {
    plain: Option<String>,
    /// Still encoded.
    extended: Option<String>,
}

impl Parameter {
    fn read(self) -> Result<Option<String>, Problem> {
        match (self.extended.as_deref().map(ext_value), self.plain) {
            (Some(Some(decoded)), _) => Ok(Some(decoded)),
            (Some(None), None) => Err(malformed()),
            (_, plain) => Ok(plain),
        }
    }
}

/// RFC 9110, 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Parses a token or a quoted string and returns it with what follows it.
///
/// In quotes a backslash escapes only `"`, so that Windows paths stay intact, and the
/// three percent-encodings that browsers write are decoded.
fn parameter_value(text: &str) -> Result<(String, &str), Problem> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (token, rest) = split_at(text, |c| c == ';');
        // Another reader may see the start of a quoted string.
        if token.contains('"') {
            return Err(malformed());
        }
        return Ok((token.trim_ascii_end().to_owned(), rest));
    };
    let mut escaped = false;
    let (inside, rest) = split_at(quoted, |c| {
        let end = c == '"' && !escaped;
        escaped = c == '\\';
        end
    });
    let rest = rest.strip_prefix('"').ok_or_else(malformed)?;
    let mut value = inside.replace("\\\"", "\"");
    for (encoded, character) in [
        ("%22", "\""),
        ("%0D", "\r"),
        ("%0d", "\r"),
        ("%0A", "\n"),
        ("%0a", "\n"),
    ] {
        value = value.replace(encoded, character);
    }
    Ok((value, rest))
}

/// Decodes `UTF-8'language'percent-encoded` (RFC 8187, 3.2); `None` if it is malformed.
fn ext_value(text: &str) -> Option<String> {
    let mut pieces = text.splitn(3, '\'');
    match (pieces.next(), pieces.next(), pieces.next()) {
        (Some(charset), Some(_), Some(encoded)) if charset.eq_ignore_ascii_case("utf-8") => {
            percent::decode(encoded).map(Cow::into_owned).ok()
        }
        _ => None,
    }
}

/// Splits before the first character that matches, or at the end.
fn split_at(text: &str, fits: impl FnMut(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(fits).unwrap_or(text.len()))
}

fn malformed() -> Problem {
    Problem::InvalidMultipart("a part's Content-Disposition is malformed".into())
}

#[cfg(test)]
mod tests;
