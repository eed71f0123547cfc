//! A version's file until it is published: created at the first byte; dropped, it is as it was
//! before.

use std::any::Any;
use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::sync::Arc;

use bytes::Bytes;

use super::damage::Damage;
use super::id::Id;
use super::layout::Layout;
use super::writeback;

/// How many bytes of a resumable upload are worth a call that has them written to the disk.
const WRITEBACK: u64 = 2 << 20;

pub(super) struct Stage {
    layout: Arc<Layout>,
    id: Id,
    /// How many bytes earlier turns of a resumable upload left in it; none if it is not one.
    kept: Option<u64>,
    /// Whether the file has been created or opened, and its new bytes are ours to remove.
    made: bool,
    /// How many bytes were written.
    written: u64,
    /// How many of those are on their way to the disk.
    started: u64,
    /// Open while bytes arrive.
    file: Option<File>,
    /// Keeps the committer alive, and with it the lock on the directory, until this file is
    /// published or removed.
    _open: Box<dyn Any + Send>,
}

impl Stage {
    pub(super) fn new(layout: Arc<Layout>, open: impl Any + Send) -> Stage {
        Stage {
            layout,
            id: Id::fresh(),
            kept: None,
            made: false,
            written: 0,
            started: 0,
            file: None,
            _open: Box::new(open),
        }
    }

    /// More of a file that has so many bytes, whose row is in the index.
    pub(super) fn resume(layout: Arc<Layout>, id: Id, kept: u64, open: impl Any + Send) -> Stage {
        let mut stage = Stage::new(layout, open);
        stage.id = id;
        stage.kept = Some(kept);
        stage
    }

    pub(super) fn id(&self) -> Id {
        self.id
    }

    pub(super) fn is_on_disk(&self) -> bool {
        self.made || self.kept() > 0
    }

    /// Whether a drop has to remove anything.
    pub(super) fn is_dirty(&self) -> bool {
        self.made
    }

    /// How many bytes earlier turns left.
    pub(super) fn kept(&self) -> u64 {
        self.kept.unwrap_or_default()
    }

    /// How many bytes were written since.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// The same, if the disk has room for the index to grow.
    pub(super) fn with_room(self) -> io::Result<Stage> {
        self.layout.check_room()?;
        Ok(self)
    }

    /// Closes the file descriptor until `sync`.
    pub(super) fn rest(&mut self) {
        self.file = None;
    }

    /// Appends; blocks.
    pub(super) fn write(&mut self, pieces: &[Bytes]) -> io::Result<()> {
        self.layout.check_room()?;
        let mut file = self.file()?;
        let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|p| IoSlice::new(p)).collect();
        let mut left = slices.as_mut_slice();
        // Skips empty ones: writing nothing at all would look like a full disk.
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            match file.write_vectored(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut left, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let written: usize = pieces.iter().map(Bytes::len).sum();
        self.written = self.written.saturating_add(written as u64);
        self.start_writeback();
        Ok(())
    }

    /// Each turn of a resumable upload waits for the disk at its end: it is kept busy before.
    fn start_writeback(&mut self) {
        let new = self.written.saturating_sub(self.started);
        if let (Some(kept), Some(file)) = (self.kept, &self.file)
            && new >= WRITEBACK
        {
            writeback::start(file, kept.saturating_add(self.started), new);
            self.started = self.written;
        }
    }

    /// Removes what a write that failed has left behind those that did not; blocks.
    pub(super) fn trim(&mut self) -> io::Result<()> {
        let length = self.kept().saturating_add(self.written);
        cut(self.file()?, length)
    }

    /// Syncs the bytes and the file's entry in its folder, if nobody else has changed or removed
    /// them; blocks.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        let length = self.kept().saturating_add(self.written);
        let file = self.file()?;
        file.sync_all()?;
        let about = file.metadata()?;
        if about.nlink() == 0 {
            return Err(damaged(Damage::Missing));
        }
        if about.len() != length {
            return Err(damaged(Damage::Length {
                found: about.len(),
                size: length,
            }));
        }
        match self.kept {
            // Synced by an earlier turn.
            Some(1..) => Ok(()),
            Some(0) | None => self.layout.sync_folder(self.id.folder()),
        }
    }

    /// Removes what a crash may have left of a turn before any byte was kept; blocks.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.made = false;
        self.file = None;
        self.layout.remove(self.id)
    }

    /// The file has its row in the index, so it stays. The committer has recorded that.
    pub(super) fn publish(mut self) {
        self.made = false;
    }

    /// It is unknown whether the file has a row: the next start's sweep finds out.
    pub(super) fn leave(mut self) {
        self.made = false;
        self.layout.leave_litter();
    }

    fn file(&mut self) -> io::Result<&File> {
        if !self.made {
            self.layout.check_room()?;
        }
        let path = self.layout.blob(self.id);
        let length = self.kept().saturating_add(self.written);
        match &mut self.file {
            Some(file) => Ok(file),
            empty => {
                let mut options = OpenOptions::new();
                options.append(true).mode(0o600);
                let file = match self.kept {
                    None => {
                        if !self.made {
                            self.layout.change_count().loosened();
                        }
                        options.create_new(!self.made).open(path)?
                    }
                    Some(_) => {
                        let file = options.create(length == 0).open(path)?;
                        cut(&file, length)?;
                        file
                    }
                };
                self.made = true;
                Ok(empty.insert(file))
            }
        }
    }
}

/// Removes what is behind the bytes that count. There cannot be fewer, and none are made up.
fn cut(file: &File, length: u64) -> io::Result<()> {
    match file.metadata()?.len() {
        found if found > length => file.set_len(length),
        found if found < length => Err(damaged(Damage::Length {
            found,
            size: length,
        })),
        _ => Ok(()),
    }
}

/// Removes the bytes of a turn. If bytes before them have gone, the file is left too short, so
/// that nobody takes later ones for those.
fn take_back(file: &File, kept: u64, written: u64) -> io::Result<()> {
    let (found, size) = (file.metadata()?.len(), kept.saturating_add(written));
    if found >= size {
        return file.set_len(kept);
    }
    file.set_len(found.min(kept.saturating_sub(1)))?;
    Err(damaged(Damage::Length { found, size }))
}

fn damaged(damage: Damage) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, damage)
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Closing the last handle of an unlinked file frees its bytes, so both
        // happen here, on whichever thread this is dropped.
        if !self.made {
            return;
        }
        let undone = match (self.kept, &self.file) {
            (None, _) => return self.layout.unlink(self.id),
            (Some(0), _) => self.layout.remove(self.id),
            (Some(kept), Some(file)) => take_back(file, kept, self.written),
            (Some(kept), None) => {
                let file = OpenOptions::new()
                    .write(true)
                    .open(self.layout.blob(self.id));
                file.and_then(|file| take_back(&file, kept, self.written))
            }
        };
        if let Err(error) = undone {
            // The next turn does it.
            tracing::warn!(id = %self.id, %error, "cannot remove the bytes of a turn");
        }
    }
}
