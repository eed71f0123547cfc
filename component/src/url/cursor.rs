//! Where a list continues, as clients are told.

use ct_codecs::{Base64UrlSafeNoPadding as Base64, Decoder, Encoder};

use super::after::After;
use super::name::Name;
use super::seal::SealKey;
use crate::problem::Problem;

/// The first byte of a cursor with a sealed position. No text has it.
pub(super) const SEALED: u8 = 0xff;
/// The maximum length: that of a sealed one, which is longer than a name of 900 bytes and the
/// `/` of a folder.
const MAX_CHARS: usize = (1 + SealKey::SEALED).div_ceil(3) * 4;

/// To clients an opaque string (base64url without padding); one that they make up can only lead
/// to names of the same area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// The last entry of a page, a name or a folder with its closing `/`.
    Entry(String),
    /// A position that is not an entry of a page, so that its name is nobody's to read.
    Sealed(Vec<u8>),
}

impl Cursor {
    /// Reads what [`Cursor::encode`] and [`Cursor::sealed`] made.
    pub(crate) fn decode(text: &str) -> Result<Self, Problem> {
        if text.len() > MAX_CHARS {
            return Err(refused());
        }
        let bytes = Base64::decode_to_vec(text, None).map_err(|_| refused())?;
        if let Some((&SEALED, sealed)) = bytes.split_first() {
            return match sealed.len() {
                SealKey::SEALED => Ok(Self(Form::Sealed(sealed.to_owned()))),
                _ => Err(refused()),
            };
        }
        let entry = String::from_utf8(bytes).map_err(|_| refused())?;
        Name::new(entry.strip_suffix('/').unwrap_or(&entry)).map_err(|_| refused())?;
        Ok(Self(Form::Entry(entry)))
    }

    /// A cursor after this entry of a listing, named from the area's root.
    pub(crate) fn encode(entry: &str) -> String {
        Base64::encode_to_string(entry).unwrap_or_default()
    }

    /// A cursor with a position that [`SealKey::seal`] encrypted.
    pub(crate) fn sealed(position: &[u8]) -> String {
        Base64::encode_to_string([&[SEALED], position].concat()).unwrap_or_default()
    }

    /// Where the next page starts, in a list of what starts with `prefix`, by folders or not.
    /// `open` decrypts a position.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] if it does not.
    pub(crate) fn after(
        self,
        prefix: &str,
        by_folders: bool,
        open: impl FnOnce(&[u8]) -> Option<After>,
    ) -> Result<After, Problem> {
        match self.0 {
            Form::Entry(entry) => Ok(After::entry(entry, prefix, by_folders)),
            Form::Sealed(sealed) => open(&sealed).ok_or_else(refused),
        }
    }
}

fn refused() -> Problem {
    Problem::InvalidRequest("the cursor is invalid, or of another list".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let longest = format!("{}/", "a".repeat(900));
        for entry in ["a", "a/b", "a/", "日本語/😀.pdf", "a b%2e", &longest] {
            let cursor = Cursor::decode(&Cursor::encode(entry)).expect("a cursor");
            let after = cursor.after("", false, |_| None);
            assert_eq!(after, Ok(After::Name(entry.to_owned())));
        }
    }

    #[test]
    fn a_sealed_cursor_is_opened_or_refused() {
        let sealed = [7; SealKey::SEALED];
        let cursor = Cursor::decode(&Cursor::sealed(&sealed)).expect("a cursor");
        let after = After::Folder("a/".to_owned());
        let opened = cursor.clone().after("", true, |given| {
            assert_eq!(given, sealed);
            Some(after.clone())
        });
        assert_eq!(opened, Ok(after));
        let refused = cursor.after("", true, |_| None);
        assert!(matches!(refused, Err(Problem::InvalidRequest(_))));
    }

    #[test]
    fn garbage_is_refused() {
        let [slash, dots, control, long] =
            ["/", "../x", "a\n", &"a".repeat(902)].map(Cursor::encode);
        let (short, longer) = (
            Cursor::sealed(&[7; SealKey::SEALED - 1]),
            Cursor::sealed(&[7; SealKey::SEALED + 1]),
        );
        let endless = "YWFh".repeat(100_000);
        for text in [
            "", "a", "YQ==", "YR", "!!!!", "Y Q", "_w", &slash, &dots, &control, &long, &short,
            &longer, &endless,
        ] {
            assert!(
                matches!(Cursor::decode(text), Err(Problem::InvalidRequest(_))),
                "{text:.20}"
            );
        }
    }
}
