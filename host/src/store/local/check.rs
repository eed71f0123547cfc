//! Verifies all data of a stopped store without changing anything.
//!
//! The index has its own checksums, which cover the bytes of small files. Those of large
//! files have none: they are read to the end and counted, once for all their copies. In a backup
//! they have digests.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::backup::{self, Digests};
use super::claim::Claim;
use super::damage::Damage;
use super::id::Id;
use super::index::{Index, SMALL, Snapshot};
use super::layout::{Layout, blob_name};
use super::open_error::OpenError;
use crate::store::Error;

/// What was found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Files in the index.
    pub files: u64,
    /// Files whose bytes are too few, too many or unreadable, unfinished uploads too; and the
    /// index, if it is damaged itself.
    pub damaged: u64,
    /// Files whose bytes are missing.
    pub missing: u64,
    /// Orphaned blobs: bytes that belong to no file, left by a crash. The next start moves
    /// them aside.
    pub orphaned: u64,
}

impl Checked {
    /// Counts damage, and says which kind it is.
    fn count(&mut self, damage: &Damage) -> &'static str {
        match damage {
            Damage::Missing => {
                self.missing += 1;
                "missing"
            }
            Damage::Length { .. } | Damage::Unreadable(_) | Damage::Digest | Damage::NoDigest => {
                self.damaged += 1;
                "damaged"
            }
        }
    }
}

/// Verifies the store in this directory; reports each fault in one line.
///
/// # Errors
/// See [`OpenError`]: it is in use, or is not a store.
pub fn check(dir: &Path, mut say: impl FnMut(String)) -> Result<Checked, OpenError> {
    let claim = Claim::look(dir)?;
    let mut checked = Checked::default();
    if let Err(error) = look_through(&claim, &mut checked, &mut say) {
        checked.damaged += 1;
        say(format!("damaged: {error}"));
    }
    Ok(checked)
}

fn look_through(
    claim: &Claim,
    checked: &mut Checked,
    say: &mut impl FnMut(String),
) -> Result<(), Box<dyn std::error::Error>> {
    claim.check_index()?;
    let layout = &claim.layout;
    let (index, is_whole) =
        Index::look(&layout.index()).map_err(|error| format!("the index: {error}"))?;
    if !is_whole {
        checked.damaged += 1;
        say("damaged: the index: checksum mismatch".to_owned());
    }
    if let Err(older) = claim.check_changes(index.changes()?) {
        checked.damaged += 1;
        say(format!("damaged: {older}"));
    }
    let digests = find_digests(claim, checked, say)?;
    let snapshot = index.snapshot()?;
    let references = snapshot.references()?;
    let mut shared = HashMap::new();
    let mut rows = Vec::new();
    let mut in_index: u64 = 0;
    snapshot.each(|key, id, size| {
        checked.files += 1;
        rows.push(id);
        let found = shared.get(&id).cloned().unwrap_or_else(|| {
            let found = measure(layout, &snapshot, digests.as_ref(), id, size);
            in_index += u64::from(matches!(found, Ok(Measured::InIndex(_))));
            if references.contains_key(&id) {
                shared.insert(id, found.clone());
            }
            found
        });
        let Err(damage) = found.and_then(|found| found.verify(size)) else {
            return;
        };
        let word = checked.count(&damage);
        let name = String::from_utf8_lossy(key);
        say(format!(
            "{word}: {name:?} (blobs/{}): {damage}",
            blob_name(id)
        ));
    })?;
    rows.sort_unstable();
    for id in miscounted(&rows, &references) {
        checked.damaged += 1;
        say(format!("damaged: the index: miscounted references to {id}"));
    }
    snapshot.each_upload(|id, kept| {
        rows.push(id);
        let Err(damage) = check_upload(layout, id, kept) else {
            return;
        };
        let (word, file) = (checked.count(&damage), blob_name(id));
        say(format!(
            "{word}: an unfinished upload (blobs/{file}): {damage}"
        ));
    })?;
    rows.sort_unstable();
    for folder in 0..=u8::MAX {
        for id in layout.ids(folder)? {
            if rows.binary_search(&id).is_err() {
                checked.orphaned += 1;
                say(format!("orphaned: blobs/{}", blob_name(id)));
            }
        }
    }
    let unused = snapshot.contents_count()?.saturating_sub(in_index);
    if unused > 0 {
        checked.orphaned += unused;
        say(format!(
            "orphaned: the bytes of {unused} small files in the index"
        ));
    }
    Ok(())
}

/// The digests of a backup; without them, lengths are all that can be compared.
fn find_digests(
    claim: &Claim,
    checked: &mut Checked,
    say: &mut impl FnMut(String),
) -> Result<Option<Digests>, Error> {
    let digests = match backup::digests(claim) {
        Ok(None) => return Ok(None),
        Ok(Some(digests)) => digests,
        Err(error) => {
            checked.damaged += 1;
            say(format!("damaged: {error}"));
            return Ok(None);
        }
    };
    for (name, damage) in backup::damaged_beside(claim.layout.dir(), &digests)? {
        let word = checked.count(&damage);
        say(format!("{word}: {name}: {damage}"));
    }
    Ok(Some(digests))
}

/// Those whose rows, in order, are not as many as recorded. Nothing is recorded for a single one.
fn miscounted(rows: &[Id], recorded: &HashMap<Id, u64>) -> Vec<Id> {
    let mut wrong: Vec<Id> = recorded
        .keys()
        .copied()
        .filter(|id| rows.binary_search(id).is_err())
        .collect();
    for same in rows.chunk_by(|one, other| one == other) {
        let count = recorded.get(&same[0]).copied().unwrap_or(1);
        if count != same.len() as u64 {
            wrong.push(same[0]);
        }
    }
    wrong.sort_unstable();
    wrong
}

/// How many bytes of a version were found, and where.
#[derive(Debug, Clone, Copy)]
enum Measured {
    InIndex(u64),
    InFile(u64),
}

impl Measured {
    /// Whether they are as many as were stored.
    fn verify(self, size: u64) -> Result<(), Damage> {
        let (Measured::InIndex(found) | Measured::InFile(found)) = self;
        match found == size {
            true => Ok(()),
            false => Err(Damage::Length { found, size }),
        }
    }
}

fn measure(
    layout: &Layout,
    snapshot: &Snapshot,
    digests: Option<&Digests>,
    id: Id,
    size: u64,
) -> Result<Measured, Damage> {
    let unreadable = |error: Error| Damage::Unreadable(format!("{error:?}"));
    let in_index = match size {
        ..=SMALL => snapshot.content_length(id).map_err(unreadable)?,
        _ => None,
    };
    match in_index {
        Some(length) => Ok(Measured::InIndex(length)),
        None => {
            let digest = digests.map(|digests| digests.get(id));
            let digest = digest.transpose().map_err(unreadable)?;
            let mut hash = digest.map(|_| Sha256::new());
            match read_through(&layout.blob(id), |bytes| {
                hash.iter_mut().for_each(|hash| hash.update(bytes));
            }) {
                Err(error) if error.kind() == ErrorKind::NotFound => Err(Damage::Missing),
                Err(error) => Err(Damage::Unreadable(error.to_string())),
                Ok(length) => {
                    let found = hash.map(|hash| <[u8; 32]>::from(hash.finalize()));
                    match digest {
                        Some(None) => Err(Damage::NoDigest),
                        Some(digest) if length == size && found != digest => Err(Damage::Digest),
                        _ => Ok(Measured::InFile(length)),
                    }
                }
            }
        }
    }
}

/// Whether a file has at least the bytes of an upload that are in it. More may be left from a
/// turn that a crash ended.
fn check_upload(layout: &Layout, id: Id, size: u64) -> Result<(), Damage> {
    if size == 0 {
        return Ok(());
    }
    match read_through(&layout.blob(id), |_| ()) {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Damage::Missing),
        Err(error) => Err(Damage::Unreadable(error.to_string())),
        Ok(found) if found < size => Err(Damage::Length { found, size }),
        Ok(_) => Ok(()),
    }
}

/// Reads a whole file and returns its length in bytes.
fn read_through(path: &Path, mut each: impl FnMut(&[u8])) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 20];
    let mut length: u64 = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(length),
            Ok(count) => {
                length += count as u64;
                each(buffer.get(..count).unwrap_or_default());
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
