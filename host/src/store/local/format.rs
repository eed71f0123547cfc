//! Which layout a data directory has: its number, in the file `format`.

use std::fs;
use std::io;
use std::path::Path;

use super::private::{replace, sync_dir};

/// The number of the layout that `layout` describes. Earlier ones are upgraded: in format 1
/// all bytes are in files, and until format 2 no two rows of the index share them, so that a
/// program of that time would remove bytes that other files still have, and there are no
/// resumable uploads, whose bytes it would move aside.
pub(super) const FORMAT: u32 = 3;

const FILE: &str = "format";

/// The number of the existing layout; none if it is missing or incomplete.
pub(super) fn read(dir: &Path) -> io::Result<Option<u32>> {
    match fs::read_to_string(dir.join(FILE)) {
        Ok(text) => match text.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Records that the layout is complete. Only then is a missing index a fault, rather than
/// a directory that has just been created.
pub(super) fn write(dir: &Path) -> io::Result<()> {
    replace(&dir.join(FILE), "new", format!("{FORMAT}\n").as_bytes())?;
    match dir.canonicalize()?.parent() {
        Some(parent) => sync_dir(parent),
        None => Ok(()),
    }
}
