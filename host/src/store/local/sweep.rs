//! Removes what a crash left: files in the blob folders that no row names.

use std::fs;
use std::io;

use super::id::Id;
use super::index::Index;
use super::layout::Layout;
use crate::store::Error;

/// Looks at every file once and returns how many it removed. Nothing may be
/// written meanwhile. Interrupted, it can be begun again.
pub(super) fn sweep(layout: &Layout, index: &Index) -> Result<usize, Error> {
    let known = index.ids()?;
    let mut removed = 0;
    for folder in 0..=u8::MAX {
        removed += sweep_folder(layout, folder, &known)?;
    }
    Ok(removed)
}

fn sweep_folder(layout: &Layout, folder: u8, known: &[Id]) -> io::Result<usize> {
    let mut removed = 0;
    for entry in fs::read_dir(layout.folder(folder))? {
        let entry = entry?;
        // What is not called like one of ours was put there by somebody else.
        let id = entry.file_name().to_str().and_then(Id::parse);
        if id.is_some_and(|id| known.binary_search(&id).is_err()) {
            fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}
