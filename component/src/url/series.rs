//! Where calls that work through a folder continue.

use ct_codecs::{Base64UrlSafeNoPadding as Base64, Decoder, Encoder};

use crate::problem::Problem;

/// The length of a digest, in bytes. It keeps clients from mixing cursors up: one that is made
/// up only leads to files that the caller may work on anyway.
const DIGEST: usize = 8;
/// The maximum length of a key in the store, in bytes.
const LONGEST: usize = 1024;

/// Calls that work through the same folder in the same way, for the same caller. Each gives a
/// cursor for the next one.
pub(crate) struct Series {
    digest: [u8; DIGEST],
    /// With its closing `/`.
    folder: String,
}

impl Series {
    /// The series for this folder, which ends in `/`. Everything else that the calls have in
    /// common is in `parts`.
    pub(crate) fn new(folder: String, parts: &[&str]) -> Self {
        let mut hash = hmac_sha256::Hash::new();
        for part in parts.iter().copied().chain([folder.as_str()]) {
            // The length prefix distinguishes ("a", "bc") from ("ab", "c").
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut digest = [0; DIGEST];
        digest.copy_from_slice(&hash.finalize()[..DIGEST]);
        Self { digest, folder }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }

    /// A cursor after the file with this name, which is in the folder.
    pub(crate) fn cursor(&self, name: &str) -> String {
        let rest = name.strip_prefix(&self.folder).unwrap_or_default();
        let bytes = [&self.digest, rest.as_bytes()].concat();
        Base64::encode_to_string(bytes).unwrap_or_default()
    }

    /// The name after which a call with this cursor continues.
    ///
    /// # Errors
    /// [`Problem::InvalidRequest`] for a cursor that [`Series::cursor`] did not make, or that
    /// is another series'.
    pub(crate) fn after(&self, cursor: &str) -> Result<String, Problem> {
        let refused = || {
            Problem::InvalidRequest(
                "the cursor is invalid, or of another folder, operation or caller".to_owned(),
            )
        };
        if cursor.len() > (DIGEST + LONGEST).div_ceil(3) * 4 {
            return Err(refused());
        }
        let bytes = Base64::decode_to_vec(cursor, None).map_err(|_| refused())?;
        let rest = bytes.strip_prefix(&self.digest).ok_or_else(refused)?;
        let rest = std::str::from_utf8(rest).map_err(|_| refused())?;
        if rest.is_empty() || rest.contains(char::is_control) {
            return Err(refused());
        }
        Ok([&self.folder, rest].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(folder: &str, parts: &[&str]) -> Series {
        Series::new(folder.to_owned(), parts)
    }

    #[test]
    fn a_cursor_leads_back_to_its_name() {
        let series = series("a/", &["copy", "b/"]);
        let longest = format!("a/{}", "x".repeat(1000));
        for name in ["a/b", "a/b/c d", "a/日本語/😀.pdf", &longest] {
            assert_eq!(series.after(&series.cursor(name)).as_deref(), Ok(name));
        }
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
        let not_utf8 = Base64::encode_to_string([&series.digest[..], b"\xff"].concat());
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
