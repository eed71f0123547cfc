//! Where a backup gets the index of one moment from: a store of this process that serves, or a
//! directory that no process uses.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::look;
use crate::store::Error;
use crate::store::local::index::Index;
use crate::store::local::layout::Layout;
use crate::store::local::open_error::OpenError;
use crate::store::local::pins::Pin;

/// A store that serves, as a backup of it sees it; cheap to clone.
#[derive(Clone)]
pub struct Live {
    pub(in crate::store::local) layout: Arc<Layout>,
    pub(in crate::store::local) index: Arc<Index>,
}

/// The index of one moment. While this exists, no blob that it refers to is removed; to drop it
/// blocks.
pub struct Moment {
    /// The index, in a file without a name, to be read from its start.
    pub index: File,
    _pin: Pin,
}

impl Live {
    /// The index as of now. Blocks for as long as it takes to write it.
    ///
    /// # Errors
    /// [`Error::NoSpace`], [`Error::Unavailable`].
    pub fn moment(&self) -> Result<Moment, Error> {
        // Before the snapshot: what is replaced after it, is held back.
        let pin = Pin::new(&self.layout);
        let snapshot = self.index.snapshot()?;
        self.layout.check_room_for(self.index.most_used()?)?;
        let mut index = tempfile::tempfile_in(self.layout.dir())?;
        snapshot.export(index.try_clone()?)?;
        io::Seek::rewind(&mut index)?;
        Ok(Moment { index, _pin: pin })
    }

    /// The data directory.
    pub fn dir(&self) -> &Path {
        self.layout.dir()
    }
}

/// A data directory that no process uses, locked.
pub struct Stopped {
    index: Index,
    _lock: File,
}

impl Stopped {
    /// Locks it; nothing in it changes.
    ///
    /// # Errors
    /// See [`OpenError`]; a backup is [`OpenError::Backup`], since its copy would have digests of
    /// whatever is in it by now.
    pub fn open(dir: &Path) -> Result<Stopped, OpenError> {
        let (claim, index) = look(dir)?;
        if claim.is_backup {
            let path = dir.to_path_buf();
            return Err(OpenError::Backup { path });
        }
        Ok(Stopped {
            index,
            _lock: claim.lock,
        })
    }

    /// Writes its index.
    ///
    /// # Errors
    /// [`Error::NoSpace`], [`Error::Unavailable`].
    pub fn export(&self, to: File) -> Result<(), Error> {
        self.index.snapshot()?.export(to)
    }
}
