//! Where a list continues.

use ct_codecs::{Base64UrlSafeNoPadding as Base64, Decoder, Encoder};

use super::name::Name;
use crate::problem::Problem;

/// The maximum length: a name of 900 bytes and the `/` of a folder, encoded.
const MAX_CHARS: usize = (Name::MAX_BYTES + 1).div_ceil(3) * 4;

/// The last entry of a page, a name or a folder with its closing `/`. To clients it is
/// an opaque string (base64url without padding); one that they make up can only lead to
/// names of the same area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// Reads what [`Cursor::encode`] made.
    pub(crate) fn decode(text: &str) -> Result<Self, Problem> {
        let refused = || Problem::InvalidRequest("the cursor is invalid".into());
        if text.len() > MAX_CHARS {
            return Err(refused());
        }
        let bytes = Base64::decode_to_vec(text, None).map_err(|_| refused())?;
        let entry = String::from_utf8(bytes).map_err(|_| refused())?;
        Name::new(entry.strip_suffix('/').unwrap_or(&entry)).map_err(|_| refused())?;
        Ok(Self(entry))
    }

    /// A cursor after this entry of a listing, named from the area's root.
    pub(crate) fn encode(entry: &str) -> String {
        Base64::encode_to_string(entry).unwrap_or_default()
    }

    /// The entry after which the next page starts.
    pub(crate) fn after(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let longest = format!("{}/", "a".repeat(900));
        for entry in ["a", "a/b", "a/", "日本語/😀.pdf", "a b%2e", &longest] {
            let cursor = Cursor::decode(&Cursor::encode(entry));
            assert_eq!(cursor.as_ref().map(Cursor::after), Ok(entry));
        }
    }

    #[test]
    fn garbage_is_refused() {
        let [slash, dots, control, long] =
            ["/", "../x", "a\n", &"a".repeat(902)].map(Cursor::encode);
        let endless = "YWFh".repeat(100_000);
        for text in [
            "", "a", "YQ==", "YR", "!!!!", "Y Q", "_w", &slash, &dots, &control, &long, &endless,
        ] {
            assert!(
                matches!(Cursor::decode(text), Err(Problem::InvalidRequest(_))),
                "{text:.20}"
            );
        }
    }
}
