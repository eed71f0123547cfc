//! `coffer check --data-dir`: whether a data directory is intact.

use std::path::Path;

use super::{CheckError, say};
use crate::store::local;

/// Prints whether a data directory that no host uses is intact, and what is damaged.
///
/// # Errors
/// See [`CheckError`]: it is damaged or cannot be read; the lines before say what is wrong.
pub fn data(dir: &Path) -> Result<(), CheckError> {
    let told = |line: String| {
        // A reader that closed the pipe still gets the exit code.
        let _ = say(&line);
    };
    let local::Checked {
        files,
        damaged,
        missing,
        orphaned,
    } = local::check(dir, told)?;
    let found = format!("{files} files; {damaged} damaged, {missing} missing, {orphaned} orphaned");
    if damaged > 0 || missing > 0 {
        let dir = dir.to_owned();
        return Err(CheckError::Damaged { dir, found });
    }
    say(&format!("{} is intact: {found}", dir.display()))
}
