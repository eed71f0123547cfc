//! Contents, and what the page cache holds of files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, fadvise};

use crate::Result;

/// An endless sequence of pseudo-random bytes (Marsaglia's xorshift).
fn noise() -> impl Iterator<Item = [u8; 8]> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
}

/// This many pseudo-random bytes.
pub fn content(size: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = noise().take(size.div_ceil(8)).flatten().collect();
    bytes.truncate(size);
    bytes
}

/// A file of this size, created if missing.
pub fn of_size(path: PathBuf, size: u64) -> Result<PathBuf> {
    let make = || -> std::io::Result<()> {
        if std::fs::metadata(&path).is_ok_and(|found| found.len() == size) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&path)?);
        let block = content(1 << 20);
        let mut left = size;
        while left > 0 {
            let piece = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            file.write_all(&block[..piece])?;
            left -= piece as u64;
        }
        file.flush()
    };
    make().map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// Flushes dirty pages to disk, so that one contender's writes do not burden the next.
pub fn settle() {
    rustix::fs::sync();
}

/// Drops a file, or each in a folder, from the page cache.
pub fn chill(path: &Path) -> Result<()> {
    settle();
    each_file(path, &mut |file| {
        let file = File::open(file)?;
        Ok(fadvise(&file, 0, None, Advice::DontNeed)?)
    })
    .map_err(|error| format!("{}: {error}", path.display()))
}

fn each_file(
    path: &Path,
    act: &mut dyn FnMut(&Path) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let kind = std::fs::metadata(path)?;
    if kind.is_file() {
        return act(path);
    }
    // A data directory has a socket, too.
    if !kind.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        each_file(&entry?.path(), act)?;
    }
    Ok(())
}
