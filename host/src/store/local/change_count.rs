//! How far the index has come, recorded beside it: an index that has seen fewer changes is
//! an older one, and a blob that is not in it is not garbage.
//!
//! One short line in the file `changes`, overwritten in place after every commit and before
//! anyone is told of it, without a sync: it costs one system call. After a crash of the
//! process it is exact; after one of the machine it can lag behind, never run ahead.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::private::replace;

/// The content of the line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// How many changes the index has seen.
    pub(super) changes: u64,
    /// How many files may be in the blob folders without a row: uploads in progress, and
    /// versions that have been replaced but not yet removed.
    pub(super) loose: u64,
}

/// The owner of the file while the directory is in use.
#[derive(Debug, Default)]
pub(super) struct ChangeCount(Mutex<(Seen, Option<File>)>);

impl ChangeCount {
    /// Reads what an earlier process wrote; none if there is no such file.
    pub(super) fn read(path: &Path) -> io::Result<Option<Seen>> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        let line = text.strip_suffix('\n').and_then(parse);
        line.map(Some)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "malformed content"))
    }

    /// Starts to record, once the index is known to be the right one.
    pub(super) fn begin(&self, path: &Path, changes: u64) -> io::Result<()> {
        let seen = Seen { changes, loose: 0 };
        let file = replace(path, "new", line(seen).as_bytes())?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (seen, Some(file));
        Ok(())
    }

    /// A commit took effect, which gave some files a row and took it from others.
    pub(super) fn committed(&self, changes: u64, published: u64, replaced: u64) {
        self.update(|seen| {
            seen.changes = changes;
            seen.loose = seen
                .loose
                .saturating_sub(published)
                .saturating_add(replaced);
        });
    }

    /// A file without a row is about to be created.
    pub(super) fn loosened(&self) {
        self.update(|seen| seen.loose = seen.loose.saturating_add(1));
    }

    /// Such a file is gone. This need not be written at once.
    pub(super) fn removed(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.loose = state.0.loose.saturating_sub(1);
    }

    /// Makes it durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.update(|_| ());
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.1.as_ref().map_or(Ok(()), File::sync_all)
    }

    fn update(&self, change: impl FnOnce(&mut Seen)) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, file) = &mut *state;
        change(seen);
        // The old content claims less, so it is still true.
        if let Some(file) = file
            && let Err(error) = file.write_all_at(line(*seen).as_bytes(), 0)
        {
            tracing::warn!(%error, "cannot update the file `changes`");
        }
    }
}

/// Always of the same length, within one sector.
fn line(seen: Seen) -> String {
    format!("{:020} {:020}\n", seen.changes, seen.loose)
}

fn parse(line: &str) -> Option<Seen> {
    let (changes, loose) = line.split_once(' ')?;
    Some(Seen {
        changes: changes.parse().ok()?,
        loose: loose.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_last_is_read_and_nothing_else_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("changes");
        assert_eq!(ChangeCount::read(&path).expect("none"), None);
        let count = ChangeCount::default();
        count.begin(&path, 7).expect("written");
        count.loosened();
        count.loosened();
        count.committed(u64::MAX, 1, 3);
        count.removed();
        count.sync().expect("synced");
        let seen = Seen {
            changes: u64::MAX,
            loose: 3,
        };
        assert_eq!(ChangeCount::read(&path).expect("written"), Some(seen));
        for text in ["", "7", "7 ", "7 1", "7 1 1\n", "-7 1\n", "\n"] {
            fs::write(&path, text).expect("written");
            assert!(ChangeCount::read(&path).is_err(), "{text:?}");
        }
    }
}
