//! What links are signed with: a line of text, the same wherever the component runs.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jwt_simple::prelude::HS256Key;

use crate::secrets::secret_file;

/// Its file in the data directory.
const FILE: &str = "link-secret";
/// The shortest one, in bytes: HMAC-SHA-256's own strength (RFC 2104, 3).
const LEAST: usize = 32;

/// A new one: 32 random bytes as base64url.
pub fn make() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(HS256Key::generate().to_bytes())
}

/// The one in this file.
///
/// # Errors
/// One sentence, where there is none.
pub fn read(file: &Path) -> Result<String, String> {
    let failed = |reason: &str| format!("the link secret {} {reason}", file.display());
    let bytes = std::fs::read(file)
        .map_err(|error| format!("the link secret {}: {error}", file.display()))?;
    let text = text(&bytes).ok_or_else(|| {
        failed(
            "is not a line of text: make one with `coffer secret`, or keep the links of this one \
             with its base64url, `base64 -w0 FILE | tr +/ -_ | tr -d =`",
        )
    })?;
    match text.len() < LEAST {
        true => Err(failed(&format!("is shorter than {LEAST} bytes"))),
        false => Ok(text.to_owned()),
    }
}

/// The one that this data directory keeps, which is made where there is none.
///
/// # Errors
/// One sentence.
pub fn kept(data_dir: &Path) -> Result<String, String> {
    let file = data_dir.join(FILE);
    let bytes = secret_file::keep(&file, || (make() + "\n").into_bytes())?;
    let secret = match text(&bytes) {
        Some(text) => text.to_owned(),
        // Earlier versions kept the bytes themselves, and signed with their base64url.
        None => BASE64_URL_SAFE_NO_PAD.encode(&bytes),
    };
    match secret.len() < LEAST {
        true => Err(format!(
            "the link secret {} is shorter than {LEAST} bytes",
            file.display()
        )),
        false => Ok(secret),
    }
}

/// A file's one line, without white space at its ends, which the component leaves out too.
fn text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes.trim_ascii()).ok()?;
    (!text.contains(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn what_is_made_is_32_bytes_of_chance_as_one_line() {
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
            assert_eq!(read(&file).as_ref(), Ok(&secret));
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
            let refused = read(&file).expect_err("no secret");
            assert!(refused.contains(says), "{refused}");
        }
    }

    #[test]
    fn a_data_directory_keeps_one_also_that_of_an_earlier_version() {
        let folder = TempDir::new().expect("a folder");
        let made = kept(folder.path()).expect("a secret");
        assert_eq!(kept(folder.path()).as_ref(), Ok(&made));
        let file = folder.path().join(FILE);
        assert_eq!(read(&file).as_ref(), Ok(&made));
        std::fs::write(&file, [7; 32]).expect("room");
        let earlier = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        assert_eq!(kept(folder.path()), Ok(earlier));
    }
}
