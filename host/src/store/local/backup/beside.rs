//! Small files beside the index that belong to the files.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::digests::{Digest, Digests};
use super::error::BackupError;
use crate::store::Error;
use crate::store::local::damage::Damage;

/// The largest of them, in bytes.
const LARGEST: u64 = 64 << 10;

/// Why the content of such a file is not what it has to be.
pub type Refused = Box<dyn std::error::Error + Send + Sync>;

/// Such a file.
#[derive(Debug, Clone, Copy)]
pub struct Beside {
    /// Its name in the directory.
    pub name: &'static str,
    /// Whether its content is what it has to be; the path is for the error.
    pub check: fn(&[u8], &Path) -> Result<(), Refused>,
}

/// One that was read.
#[derive(Debug)]
pub(super) struct Brought {
    pub(super) name: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) digest: Digest,
}

/// Reads those that this directory has.
///
/// # Errors
/// [`BackupError::Beside`] for one that cannot be read, or is not what it has to be.
pub(super) fn read_all(dir: &Path, files: &[Beside]) -> Result<Vec<Brought>, BackupError> {
    let mut all = Vec::new();
    for file in files {
        let path = dir.join(file.name);
        let bytes = match read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            read => read.map_err(|error| BackupError::beside(&path, error))?,
        };
        (file.check)(&bytes, &path).map_err(BackupError::Beside)?;
        all.push(Brought {
            name: file.name,
            digest: Sha256::digest(&bytes).into(),
            bytes,
        });
    }
    Ok(all)
}

/// Refuses those that are not what the backup recorded.
pub(super) fn verify(dir: &Path, files: &[Brought], digests: &Digests) -> Result<(), BackupError> {
    let recorded = digests.beside().map_err(BackupError::unreadable(dir))?;
    for file in files {
        if !is_among(&recorded, file.name, &file.digest) {
            return Err(BackupError::beside(&dir.join(file.name), Damage::Digest));
        }
    }
    Ok(())
}

/// What the backup in this directory recorded of such files and is not there.
pub(in crate::store::local) fn damaged(
    dir: &Path,
    digests: &Digests,
) -> Result<Vec<(String, Damage)>, Error> {
    let recorded = digests.beside()?;
    let mut names: Vec<&String> = recorded.iter().map(|(name, _)| name).collect();
    names.dedup();
    let damage_of = |name: &str| match read(&dir.join(name)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Some(Damage::Missing),
        Err(error) => Some(Damage::Unreadable(error.to_string())),
        Ok(bytes) => {
            let digest = Sha256::digest(&bytes).into();
            (!is_among(&recorded, name, &digest)).then_some(Damage::Digest)
        }
    };
    let found = names.into_iter().filter_map(|name| {
        let damage = damage_of(name)?;
        Some((name.clone(), damage))
    });
    Ok(found.collect())
}

/// The digest of such a file, if it can be read.
pub(super) fn digest_there(dir: &Path, name: &str) -> Option<Digest> {
    let bytes = read(&dir.join(name)).ok()?;
    Some(Sha256::digest(&bytes).into())
}

/// Whether there is such a file, which also one is that cannot be read.
pub(super) fn is_there(dir: &Path, name: &str) -> bool {
    let found = fs::symlink_metadata(dir.join(name));
    !found.is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// Whether a file may have this digest. Earlier versions recorded nothing.
fn is_among(recorded: &[(String, Digest)], name: &str, digest: &Digest) -> bool {
    let mut same = recorded.iter().filter(|(of, _)| of == name).peekable();
    same.peek().is_none() || same.any(|(_, expected)| expected == digest)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    match read as u64 > LARGEST {
        true => {
            let what = format!("it is larger than {LARGEST} bytes");
            Err(io::Error::new(ErrorKind::InvalidData, what))
        }
        false => Ok(bytes),
    }
}
