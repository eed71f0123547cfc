//! Where calls that work through a folder continue.

use ct_codecs::{Base64UrlSafeNoPadding as Base64, Decoder, Encoder};

use super::after::After;
use super::cursor::SEALED;
use super::seal::{Binding, SealKey, binding};
use crate::problem::Problem;

/// The length of a digest, in bytes. It keeps clients from mixing cursors up: one that is made
/// up only leads to files that the caller may work on anyway.
const DIGEST: usize = 8;

/// Calls that work through the same folder in the same way, for the same caller. Each gives a
/// cursor for the next one.
pub(crate) struct Series {
    binding: Binding,
    /// With its closing `/`.
    folder: String,
    /// For positions that the caller may not see; none on a platform without a link secret.
    key: Option<SealKey>,
}

impl Series {
    /// The series for this folder, which ends in `/`. Everything else that the calls have in
    /// common is in `parts`.
    pub(crate) fn new(folder: String, parts: &[&str], key: Option<SealKey>) -> Self {
        let parts = parts.iter().copied().chain([folder.as_str()]);
        Self {
            binding: binding(parts),
            folder,
            key,
        }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }

    /// A cursor after the file with this name, which is in the folder.
    pub(crate) fn cursor(&self, name: &str) -> String {
        let rest = name.strip_prefix(&self.folder).unwrap_or_default();
        self.encode(rest.as_bytes())
    }

    /// Whether there can be cursors that the caller cannot read.
    pub(crate) fn can_seal(&self) -> bool {
        self.key.is_some()
    }

    /// A cursor after a position in the folder that the caller may not know.
    ///
    /// # Errors
    /// [`Problem::Internal`] without a key, or without random numbers.
    pub(crate) fn sealed(&self, after: &After) -> Result<String, Problem> {
        let key = self.key.as_ref().ok_or(Problem::Internal)?;
        let sealed = key.seal(after, &self.binding)?;
        Ok(self.encode(&[&[SEALED], sealed.as_slice()].concat()))
    }

    fn digest(&self) -> &[u8] {
        &self.binding[..DIGEST]
    }

    fn encode(&self, rest: &[u8]) -> String {
        Base64::encode_to_string([self.digest(), rest].concat()).unwrap_or_default()
    }

    /// Where a call with this cursor continues.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for a cursor that [`Series::cursor`] or [`Series::sealed`]
    /// did not make, or that is another series'.
    pub(crate) fn after(&self, cursor: &str) -> Result<After, Problem> {
        let refused = || {
            Problem::InvalidRequest(
                "the cursor is invalid, or of another folder, operation or caller".to_owned(),
            )
        };
        if cursor.len() > (DIGEST + 1 + SealKey::SEALED).div_ceil(3) * 4 {
            return Err(refused());
        }
        let bytes = Base64::decode_to_vec(cursor, None).map_err(|_| refused())?;
        let rest = bytes.strip_prefix(self.digest()).ok_or_else(refused)?;
        if let Some((&SEALED, sealed)) = rest.split_first() {
            let key = self.key.as_ref();
            let opened = key.and_then(|key| key.open(sealed, &self.binding));
            return opened.ok_or_else(refused);
        }
        let rest = std::str::from_utf8(rest).map_err(|_| refused())?;
        if rest.is_empty() || rest.contains(char::is_control) {
            return Err(refused());
        }
        Ok(After::Name([&self.folder, rest].concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(folder: &str, parts: &[&str]) -> Series {
        Series::new(folder.to_owned(), parts, Some(SealKey::derive(&[7; 32])))
    }

    #[test]
    fn a_cursor_leads_back_to_its_name() {
        let series = series("a/", &["copy", "b/"]);
        let longest = format!("a/{}", "x".repeat(1000));
        for name in ["a/b", "a/b/c d", "a/日本語/😀.pdf", &longest] {
            let after = After::Name(name.to_owned());
            assert_eq!(series.after(&series.cursor(name)), Ok(after));
        }
    }

    #[test]
    fn a_sealed_cursor_leads_back_in_its_own_series_alone() {
        let series_of = [
            series("a/", &["copy", "b/", "ann"]),
            series("a/", &["copy", "b/", "bob"]),
            Series::new("a/".to_owned(), &["copy", "b/", "ann"], None),
        ];
        let after = After::Folder("a/secret/".to_owned());
        let cursor = series_of[0].sealed(&after).expect("a cursor");
        assert_eq!(series_of[0].after(&cursor), Ok(after.clone()));
        for series in &series_of[1..] {
            assert!(series.after(&cursor).is_err());
        }
        assert_eq!(series_of[2].sealed(&after), Err(Problem::Internal));
        // The digest alone does not make it valid.
        let forged = series_of[0].encode(&[&[SEALED], [7; SealKey::SEALED].as_slice()].concat());
        assert!(series_of[0].after(&forged).is_err());
    }

    #[test]
    fn a_cursor_of_another_series_is_refused() {
        let series_of = [
            series("a/", &["copy", "b/", "ann"]),
            series("b/", &["copy", "b/", "ann"]),
            series("a/", &["move", "b/", "ann"]),
            series("a/", &["copy", "c/", "ann"]),
            series("a/", &["copy", "b/", "bob"]),
            series("a/", &["copy", "b/", ""]),
            series("a/", &["copy", "", "b/ann"]),
            series("a/", &["copy", "b/ann"]),
        ];
        for (made, maker) in series_of.iter().enumerate() {
            let cursor = maker.cursor(&format!("{}x", maker.folder()));
            for (given, series) in series_of.iter().enumerate() {
                assert_eq!(
                    series.after(&cursor).is_ok(),
                    made == given,
                    "{made} {given}"
                );
            }
        }
    }

    #[test]
    fn garbage_is_refused() {
        let series = series("a/", &[]);
        let good = series.cursor("a/b");
        let padded = format!("{good}==");
        let (folder, control) = (series.cursor("a/"), series.cursor("a/\n"));
        let not_utf8 = Base64::encode_to_string([series.digest(), b"a\xff"].concat());
        let not_utf8 = not_utf8.expect("base64");
        let endless = "YWFh".repeat(100_000);
        for text in [
            "",
            "a",
            "YQ",
            "!!",
            &padded,
            &folder,
            &control,
            &not_utf8,
            &endless,
            &good[1..],
        ] {
            let refused = series.after(text);
            assert!(
                matches!(refused, Err(Problem::InvalidRequest(_))),
                "{text:.30}"
            );
        }
    }
}
