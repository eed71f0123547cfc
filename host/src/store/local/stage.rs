//! A version's file until it is published: created at the first byte, removed when
//! dropped.

use std::any::Any;
use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;

use bytes::Bytes;

use super::id::Id;
use super::layout::Layout;

pub(super) struct Stage {
    layout: Arc<Layout>,
    id: Id,
    /// Whether the file has been created and is ours to remove.
    made: bool,
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
            made: false,
            file: None,
            _open: Box::new(open),
        }
    }

    pub(super) fn id(&self) -> Id {
        self.id
    }

    pub(super) fn is_on_disk(&self) -> bool {
        self.made
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
        Ok(())
    }

    /// Syncs the bytes and the file's entry in its folder; blocks.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file()?.sync_all()?;
        self.layout.sync_folder(self.id.folder())
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
        match &mut self.file {
            Some(file) => Ok(file),
            empty => {
                let mut options = OpenOptions::new();
                options.append(true).create_new(!self.made).mode(0o600);
                if !self.made {
                    self.layout.progress().loosened();
                }
                let file = options.open(path)?;
                self.made = true;
                Ok(empty.insert(file))
            }
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Closing the last handle of an unlinked file frees its bytes, so both
        // happen here, on whichever thread this is dropped.
        if self.made {
            self.layout.unlink(self.id);
        }
    }
}
