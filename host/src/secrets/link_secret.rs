//! The secret that signs presigned URLs: one line of text, the same wherever the component runs.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jwt_simple::prelude::HS256Key;

use super::secret_file::{self, SecretFileError};

/// Its file in the data directory.
pub const FILE: &str = "link-secret";
/// The minimum length, in bytes: the output length of HMAC-SHA-256 (RFC 2104, 3).
const LEAST: usize = 32;

/// A new one: 32 random bytes as base64url.
pub fn make() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(HS256Key::generate().to_bytes())
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum LinkSecretError {
    /// Its file cannot be read.
    #[error("the link secret {file}: {source}", file = file.display())]
    Unreadable {
        /// Which one.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be copied as text to another host.
    #[error(
        "the link secret {file} is not one line of text: create one with `coffer secret`, or, to \
         keep its presigned URLs valid, use its base64url, `base64 -w0 FILE | tr +/ -_ | tr -d =`",
        file = .0.display()
    )]
    NotText(PathBuf),
    /// It could be guessed.
    #[error("the link secret {file} is shorter than {LEAST} bytes", file = .0.display())]
    TooShort(PathBuf),
    /// None can be stored.
    #[error(transparent)]
    Kept(#[from] SecretFileError),
}

/// The one in this file.
///
/// # Errors
/// See [`LinkSecretError`].
pub fn read(file: &Path) -> Result<String, LinkSecretError> {
    let bytes = std::fs::read(file).map_err(|source| LinkSecretError::Unreadable {
        file: file.to_owned(),
        source,
    })?;
    let text = text(&bytes).ok_or_else(|| LinkSecretError::NotText(file.to_owned()))?;
    long_enough(text.to_owned(), file)
}

/// The one in this data directory, created if missing.
///
/// # Errors
/// See [`LinkSecretError`].
pub fn kept(data_dir: &Path) -> Result<String, LinkSecretError> {
    let file = data_dir.join(FILE);
    let bytes = secret_file::keep(&file, || (make() + "\n").into_bytes())?;
    of_kept(&bytes, &file)
}

/// The one in the bytes of a data directory's file.
///
/// # Errors
/// See [`LinkSecretError`].
pub fn of_kept(bytes: &[u8], file: &Path) -> Result<String, LinkSecretError> {
    let secret = match text(bytes) {
        Some(text) => text.to_owned(),
        // Earlier versions stored the raw bytes, and signed with their base64url.
        None => BASE64_URL_SAFE_NO_PAD.encode(bytes),
    };
    long_enough(secret, file)
}

fn long_enough(secret: String, file: &Path) -> Result<String, LinkSecretError> {
    match secret.len() < LEAST {
        true => Err(LinkSecretError::TooShort(file.to_owned())),
        false => Ok(secret),
    }
}

/// A file's one line, without leading and trailing white space, which the component trims too.
fn text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes.trim_ascii()).ok()?;
    (!text.contains(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn a_new_secret_is_32_random_bytes_as_one_line() {
        let (one, other) = (make(), make());
        assert_ne!(one, other);
        let decoded = BASE64_URL_SAFE_NO_PAD.decode(&one).expect("base64url");
        assert_eq!(decoded.len(), 32);
    }

    #[test]
    fn the_line_itself_signs_whatever_ends_it() {
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("secret");
        let secret = make();
        for end in ["", "\n", "\r\n"] {
            std::fs::write(&file, format!("{secret}{end}")).expect("room");
            assert_eq!(read(&file).expect("a secret"), secret);
        }
        for (bytes, says) in [
            (&[7; 32][..], "coffer secret"),
            (&[0xff; 32], "coffer secret"),
            (
                b"two lines of text, which is\none too many",
                "coffer secret",
            ),
            (b"", "shorter than 32 bytes"),
            (
                b"31 bytes, and a line end is no\n\n",
                "shorter than 32 bytes",
            ),
        ] {
            std::fs::write(&file, bytes).expect("room");
            let refused = read(&file).expect_err("no secret").to_string();
            assert!(refused.contains(says), "{refused}");
        }
    }

    #[test]
    fn a_data_directory_keeps_its_secret_even_that_of_an_earlier_version() {
        let folder = TempDir::new().expect("a folder");
        let made = kept(folder.path()).expect("a secret");
        assert_eq!(kept(folder.path()).expect("a secret"), made);
        let file = folder.path().join(FILE);
        assert_eq!(read(&file).expect("a secret"), made);
        std::fs::write(&file, [7; 32]).expect("room");
        let earlier = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        assert_eq!(kept(folder.path()).expect("a secret"), earlier);
    }
}
