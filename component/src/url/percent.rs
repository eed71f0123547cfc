//! Percent-encoding: strict decoding, and an encoding for each place.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986, 2.3.
const ALL_BUT_UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The same, but `/` is not encoded.
const PATH: &AsciiSet = &ALL_BUT_UNRESERVED.remove(b'/');

/// Everything but `attr-char` of RFC 8187, 3.2.1, except for those that shells
/// and old parsers misread.
const EXT_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Why an encoded text is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    /// A `%` that is not followed by two hexadecimal digits.
    #[error("a percent-encoding is malformed")]
    Malformed,
    /// The decoded bytes are not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
}

/// Decodes once. `+` stays `+`.
pub(crate) fn decode(raw: &str) -> Result<Cow<'_, str>, DecodeError> {
    let well_formed = raw.split('%').skip(1).all(|after| {
        after.len() >= 2 && after.bytes().take(2).all(|digit| digit.is_ascii_hexdigit())
    });
    if !well_formed {
        return Err(DecodeError::Malformed);
    }
    percent_decode_str(raw)
        .decode_utf8()
        .map_err(|_| DecodeError::NotUtf8)
}

/// For a URL's path: everything but unreserved characters and `/` is encoded.
pub(crate) fn encode_path(text: &str) -> String {
    Cow::from(utf8_percent_encode(text, PATH)).into_owned()
}

/// For a value in a URL's query: everything but unreserved characters is encoded.
pub(crate) fn encode_component(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, ALL_BUT_UNRESERVED).into()
}

/// For the value of a parameter such as `filename*` (RFC 8187), without the
/// `UTF-8''` before it.
pub(crate) fn encode_ext_value(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, EXT_VALUE).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_happens_once_and_strictly() {
        assert_eq!(decode("a+b%20%252e%E6%97%A5"), Ok("a+b %2e日".into()));
        for malformed in ["%", "a%", "%4", "%4g", "%%41", "%+1", "%é1"] {
            assert_eq!(
                decode(malformed),
                Err(DecodeError::Malformed),
                "{malformed}"
            );
        }
        for not_utf8 in ["%FF", "%C0%AE", "%ED%A0%80", "%E6%97"] {
            assert_eq!(decode(not_utf8), Err(DecodeError::NotUtf8), "{not_utf8}");
        }
    }

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        let text = "a/b c+%2e\"\\\u{1F600}~-._日本語";
        assert_eq!(decode(&encode_path(text)), Ok(text.into()));
        assert_eq!(decode(&encode_ext_value(text)), Ok(text.into()));
        assert_eq!(encode_path("a b/ü?#"), "a%20b/%C3%BC%3F%23");
    }
}
