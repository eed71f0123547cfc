//! The bytes of files, each version in a file of its own that has its final name from the
//! start: nothing looks for it before the index names it.

use coffer_adapter::platform::unique;
use coffer_adapter::{Source, Staged};
use coffer_port::Error;

use crate::disk::{self, Answer, Descriptor, Directory};

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

/// Bytes being uploaded. Dropped before [`Incoming::keep`], they are removed.
pub struct Incoming {
    version: String,
    shelf: Directory,
    file: Descriptor,
    size: u64,
    kept: bool,
}

impl Incoming {
    pub fn create(root: &Directory) -> Answer<Incoming> {
        let version = unique();
        let shelf = shelf(root, &version)?;
        let file = shelf.create(&version)?;
        Ok(Incoming {
            version,
            shelf,
            file,
            size: 0,
            kept: false,
        })
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Syncs the bytes and the name.
    pub fn settle(&self) -> Answer<()> {
        disk::sync(&self.file)?;
        self.shelf.settle()
    }

    /// Keeps the bytes, now that the index names them.
    pub fn keep(mut self) {
        self.kept = true;
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

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.kept {
            // If that fails, it is swept later.
            let _ = self.shelf.remove(&self.version);
        }
    }
}
