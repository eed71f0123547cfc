//! The layout of the data directory.
//!
//! ```text
//! lock          held by the one process that uses the directory, or by those that only read it
//! format        the layout's number; written once everything else exists
//! clean         exists only after a clean shutdown that left no orphaned blobs
//! changes       how far the index has come: an older one is not accepted in its place
//! index.redb    key → description of the version; the bytes of small ones; how many keys
//!               share the bytes of a version; resumable uploads
//! blobs/ab/…    bytes of the others and of those uploads, in files named by the version's id
//! orphaned/…    blobs that are not in the index, by the day they were found
//! backup        in a backup only, which is never served; digests.redb has its blobs' digests
//! restoring     exists while a backup is being restored here
//! backup.sock   where `coffer backup` reaches the process that serves
//! ```

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::change_count::ChangeCount;
use super::id::Id;
use super::pins::Pins;
use super::private::{make_dir, private_file, sync_dir};

pub(super) const INDEX: &str = "index.redb";
pub(super) const MARKER: &str = "changes";
pub(super) const BACKUP: &str = "backup";
pub(super) const RESTORING: &str = "restoring";

/// How many bytes changes leave free, on the disk or in the index's own file: the index must
/// be able to grow, or nothing could be removed from a full disk.
const RESERVE: u64 = 8 << 20;

/// A data directory that this process alone may use.
#[derive(Debug)]
pub(super) struct Layout {
    dir: PathBuf,
    blobs: PathBuf,
    /// `blobs`, for opening files relative to it.
    blobs_dir: File,
    /// Whether a file without a row in the index may have been left behind.
    littered: AtomicBool,
    /// How many bytes of the index's file are free, at least.
    index_free: AtomicU64,
    change_count: ChangeCount,
    pins: Pins,
}

impl Layout {
    /// Creates what is missing. Also returns whether the last shutdown was clean.
    pub(super) fn fill(dir: &Path) -> io::Result<(Layout, bool)> {
        let blobs = dir.join("blobs");
        make_dir(&blobs)?;
        for folder in 0..=u8::MAX {
            make_dir(&blobs.join(format!("{folder:02x}")))?;
        }
        let blobs_dir = File::open(&blobs)?;
        blobs_dir.sync_all()?;
        let clean = match fs::remove_file(dir.join("clean")) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        sync_dir(dir)?;
        Ok((Layout::new(dir, blobs, blobs_dir), clean))
    }

    /// An existing one.
    pub(super) fn new(dir: &Path, blobs: PathBuf, blobs_dir: File) -> Layout {
        Layout {
            dir: dir.to_path_buf(),
            blobs,
            blobs_dir,
            littered: AtomicBool::new(false),
            index_free: AtomicU64::new(0),
            change_count: ChangeCount::default(),
            pins: Pins::default(),
        }
    }

    /// Records that the next start need not scan for orphaned blobs, unless there are some.
    /// Nothing may be written afterwards.
    pub(super) fn mark_clean(&self) -> io::Result<()> {
        if self.littered.load(Ordering::SeqCst) {
            return Ok(());
        }
        // A removal that a power failure undoes would leave an orphan.
        for folder in 0..=u8::MAX {
            self.sync_folder(folder)?;
        }
        self.change_count.sync()?;
        private_file(&self.dir.join("clean"))?.sync_all()?;
        sync_dir(&self.dir)
    }

    /// Removes a version's bytes. What cannot be removed is left to the sweep.
    pub(super) fn unlink(&self, id: Id) {
        match self.remove(id) {
            Err(error) => {
                tracing::warn!(%id, %error, "cannot remove the bytes of a version");
                self.leave_litter();
            }
            Ok(()) => self.change_count.removed(),
        }
    }

    /// Removes the bytes of a version, if there are any.
    pub(super) fn remove(&self, id: Id) -> io::Result<()> {
        match fs::remove_file(self.blob(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Some file may lack its row in the index: the next start must sweep.
    pub(super) fn leave_litter(&self) {
        self.littered.store(true, Ordering::SeqCst);
    }

    /// Starts to count changes, now that the index is known to be the right one.
    pub(super) fn begin(&self, changes: u64) -> io::Result<()> {
        self.change_count.begin(&self.marker(), changes)
    }

    /// What a backup still reads.
    pub(super) fn pins(&self) -> &Pins {
        &self.pins
    }

    /// How far the index has come.
    pub(super) fn change_count(&self) -> &ChangeCount {
        &self.change_count
    }

    /// Sets how many bytes of the index's file are free, at least.
    pub(super) fn set_index_free(&self, bytes: u64) {
        self.index_free.store(bytes, Ordering::Relaxed);
    }

    /// How many bytes the index can grow by, in its own file and on the disk. None if
    /// the file system does not report its blocks.
    pub(super) fn room(&self) -> io::Result<Option<u64>> {
        let in_index = self.index_free.load(Ordering::Relaxed);
        let on_disk = self.room_on_disk()?;
        Ok(on_disk.map(|free| free.saturating_add(in_index)))
    }

    fn room_on_disk(&self) -> io::Result<Option<u64>> {
        let disk = rustix::fs::fstatvfs(&self.blobs_dir)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        Ok((disk.f_blocks > 0).then_some(free))
    }

    /// Whether anything but a removal may be started.
    pub(super) fn check_room(&self) -> io::Result<()> {
        if self.room()?.is_some_and(|room| room < RESERVE) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    /// Whether a scratch file of this many bytes leaves enough room for changes.
    pub(super) fn check_room_for(&self, bytes: u64) -> io::Result<()> {
        let room = self.room_on_disk()?;
        if room.is_some_and(|room| room < RESERVE.saturating_add(bytes)) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    /// The whole data directory.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file that records how far the index has come.
    pub(super) fn marker(&self) -> PathBuf {
        self.dir.join(MARKER)
    }

    /// The index's file.
    pub(super) fn index(&self) -> PathBuf {
        self.dir.join(INDEX)
    }

    /// The folder of all blobs.
    pub(super) fn blobs(&self) -> &Path {
        &self.blobs
    }

    /// Where blobs that are not in the index are moved.
    pub(super) fn orphaned(&self) -> PathBuf {
        self.dir.join("orphaned")
    }

    /// The blobs in a folder. A file whose name is not an id is not ours, and is skipped.
    pub(super) fn ids(&self, folder: u8) -> io::Result<Vec<Id>> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(self.folder(folder))? {
            ids.extend(entry?.file_name().to_str().and_then(Id::parse));
        }
        Ok(ids)
    }

    /// How many blobs there are.
    pub(super) fn count_blobs(&self) -> io::Result<usize> {
        let folders = (0..=u8::MAX).map(|folder| self.ids(folder));
        folders.map(|ids| Ok(ids?.len())).sum()
    }

    pub(super) fn folder(&self, folder: u8) -> PathBuf {
        self.blobs.join(format!("{folder:02x}"))
    }

    pub(super) fn blob(&self, id: Id) -> PathBuf {
        self.blobs.join(blob_name(id))
    }

    /// The directory that [`blob_name`] is relative to.
    pub(super) fn blobs_dir(&self) -> &File {
        &self.blobs_dir
    }

    /// Syncs a folder, which makes its entries durable.
    pub(super) fn sync_folder(&self, folder: u8) -> io::Result<()> {
        sync_dir(&self.folder(folder))
    }
}

/// A version's file, relative to `blobs`.
pub(super) fn blob_name(id: Id) -> String {
    format!("{:02x}/{id}", id.folder())
}
