//! The file that says what a directory is, if it is not simply a data directory.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::store::local::layout::BACKUP;

/// What a marker says to those who find it.
pub(super) fn says(marker: &str) -> &'static str {
    match marker {
        BACKUP => "A backup, written by `coffer backup`. `coffer restore --from` restores it.\n",
        _ => "`coffer restore` has not finished here: repeat it.\n",
    }
}

/// Whether a directory has this marker. A folder of this name is none.
///
/// # Errors
/// [`ErrorKind::InvalidData`] for a file that says something else: it may be a damaged marker.
pub(in crate::store::local) fn is_marked(dir: &Path, marker: &str) -> io::Result<bool> {
    let path = dir.join(marker);
    match fs::symlink_metadata(&path) {
        Ok(about) if about.is_file() => {}
        Ok(_) => return Ok(false),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    let expected = says(marker).as_bytes();
    let mut found = Vec::with_capacity(expected.len() + 1);
    File::open(&path)?
        .take(expected.len() as u64 + 1)
        .read_to_end(&mut found)?;
    match found == expected {
        true => Ok(true),
        false => {
            let path = path.display();
            let what = format!("the file {path} is not the one that `coffer` writes there");
            Err(io::Error::new(ErrorKind::InvalidData, what))
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::store::local::layout::RESTORING;

    #[test]
    fn only_a_file_with_its_text_is_a_marker() {
        let dir = TempDir::new().expect("a directory");
        for marker in [BACKUP, RESTORING] {
            let found = || is_marked(dir.path(), marker).map_err(|error| error.kind());
            let path = dir.path().join(marker);
            assert_eq!(found(), Ok(false));
            fs::create_dir(&path).expect("a folder");
            assert_eq!(found(), Ok(false));
            fs::remove_dir(&path).expect("removed");
            for other in ["", "a photo", &format!("{}more", says(marker))] {
                fs::write(&path, other).expect("written");
                assert_eq!(found(), Err(ErrorKind::InvalidData), "{other:?}");
            }
            fs::write(&path, says(marker)).expect("written");
            assert_eq!(found(), Ok(true));
        }
    }
}
