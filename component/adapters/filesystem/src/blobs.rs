//! The bytes of files, each version in a file of its own that has its final name from the
//! start: nothing looks for it before the index names it. A copy is a hard link, so the file
//! system counts what shares the bytes.

use coffer_adapter::platform::{now, unique};
use coffer_adapter::{Source, Staged};
use coffer_port::Error;

use crate::disk::{self, Answer, Descriptor, Directory};
use crate::version;

/// The directory of all blobs.
const BLOBS: &str = "blobs";

/// The directory of a version, by its first two digits, so that none holds too many files.
pub fn shelf(root: &Directory, version: &str) -> Answer<Directory> {
    root.enter(BLOBS)?.enter(version.get(..2).unwrap_or("00"))
}

/// The bytes of a version from an offset on.
pub fn open(root: &Directory, version: &str, offset: u64) -> Answer<Result<Source, Error>> {
    let file = shelf(root, version)?.open(version)?;
    let stream = file.read_via_stream(offset);
    Ok(stream
        .map(|stream| Source::new(stream, file))
        .map_err(Error::unavailable))
}

/// Removes the bytes of a version. Readers that have opened them keep them.
pub fn remove(root: &Directory, version: &str) {
    let removed = shelf(root, version).and_then(|shelf| shelf.remove(version));
    if removed.is_err() {
        // Swept later.
        eprintln!("cannot remove the blob of an old version, it stays for now: {version}");
    }
}

/// A name of bytes that the index does not name yet. Dropped before [`Fresh::keep`], it is
/// removed.
pub struct Fresh {
    version: String,
    shelf: Directory,
    kept: bool,
}

impl Fresh {
    /// A further name for the bytes of a version.
    pub fn link(root: &Directory, version: &str) -> Answer<Fresh> {
        let shelf = shelf(root, version)?;
        let copy = version::of_copy(version, now(), &unique());
        shelf.link(version, &shelf, &copy)?;
        Ok(Fresh {
            version: copy,
            shelf,
            kept: false,
        })
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    /// Syncs the name, and all others on its shelf.
    pub fn settle(&self) -> Answer<()> {
        self.shelf.settle()
    }

    /// Keeps it, now that the index names it.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.kept {
            // If that fails, it is swept later.
            let _ = self.shelf.remove(&self.version);
        }
    }
}

/// Bytes being uploaded. Dropped before [`Incoming::keep`], they are removed.
pub struct Incoming {
    name: Fresh,
    file: Descriptor,
    size: u64,
}

impl Incoming {
    pub fn create(root: &Directory) -> Answer<Incoming> {
        let version = unique();
        let shelf = shelf(root, &version)?;
        let file = shelf.create(&version)?;
        let name = Fresh {
            version,
            shelf,
            kept: false,
        };
        Ok(Incoming {
            name,
            file,
            size: 0,
        })
    }

    pub fn version(&self) -> &str {
        self.name.version()
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Syncs the bytes and the name.
    pub fn settle(&self) -> Answer<()> {
        disk::sync(&self.file)?;
        self.name.settle()
    }

    /// Keeps the bytes, now that the index names them.
    pub fn keep(self) {
        self.name.keep();
    }
}

impl Staged for Incoming {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        disk::write(&self.file, self.size, bytes)?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    fn complete(&mut self) -> Result<(), Error> {
        Ok(())
    }
}
