//! Copies the blobs of an index, some at the same time, and records them in groups.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::blobs::{Blob, Fault};
use super::digests::Digest;
use super::error::BackupError;
use crate::store::local::damage::Damage;
use crate::store::local::id::Id;
use crate::store::local::layout::Layout;

/// How many blobs are copied at the same time: each waits for the disk at its end.
const AT_ONCE: usize = 8;
/// The most blobs of a group.
const GROUP: usize = 256;
/// After how many bytes a group ends.
const GROUP_BYTES: u64 = 256 << 20;

/// What to do with a blob.
pub(super) enum Step {
    /// It is there.
    Keep,
    /// Copy it; it should have this digest, if one is known.
    Copy(Option<Digest>),
    /// Nothing can be compared with it.
    Refuse(Damage),
}

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Copied {
    pub(super) blobs: u64,
    pub(super) bytes: u64,
    pub(super) kept: u64,
    /// Those that could not be copied: damage to some does not keep the others.
    pub(super) damaged: Vec<(Id, Damage)>,
}

/// Copies what `step` says. What was copied is durable when `record` is called with it, also
/// before an error is returned.
pub(super) fn transfer(
    all: &[Blob],
    from: &Path,
    to: &Layout,
    step: impl Fn(Blob) -> Result<Step, BackupError> + Sync,
    record: impl Fn(&[(Id, Digest)]) -> Result<(), BackupError>,
) -> Result<Copied, BackupError> {
    let mut copied = Copied::default();
    let mut rest = all;
    while !rest.is_empty() {
        let (group, others) = rest.split_at(group(rest));
        rest = others;
        let Outcome {
            done,
            damaged,
            failed,
        } = copy_group(group, from, to, &step);
        let folders: BTreeSet<u8> = done.iter().map(|(blob, _)| blob.id.folder()).collect();
        for folder in folders {
            let path = to.folder(folder);
            to.sync_folder(folder).map_err(BackupError::write(&path))?;
        }
        let digests: Vec<_> = done
            .iter()
            .map(|(blob, digest)| (blob.id, *digest))
            .collect();
        if !digests.is_empty() {
            record(&digests)?;
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let bytes: u64 = done.iter().map(|(blob, _)| blob.size).sum();
        copied.blobs += done.len() as u64;
        copied.bytes += bytes;
        copied.kept += (group.len() - done.len() - damaged.len()) as u64;
        copied.damaged.extend(damaged);
    }
    Ok(copied)
}

/// How many blobs are the next group.
fn group(rest: &[Blob]) -> usize {
    let mut bytes = 0_u64;
    let within = rest.iter().take(GROUP).take_while(|blob| {
        let before = bytes;
        bytes = bytes.saturating_add(blob.size);
        before < GROUP_BYTES
    });
    within.count()
}

/// What became of a group.
#[derive(Default)]
struct Outcome {
    done: Vec<(Blob, Digest)>,
    damaged: Vec<(Id, Damage)>,
    /// Why the rest was not tried.
    failed: Option<BackupError>,
}

fn copy_group(
    group: &[Blob],
    from: &Path,
    to: &Layout,
    step: &(impl Fn(Blob) -> Result<Step, BackupError> + Sync),
) -> Outcome {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let outcome = Mutex::new(Outcome::default());
    let lock = || outcome.lock().unwrap_or_else(PoisonError::into_inner);
    let take = |blob: Blob| -> Result<Option<Digest>, Fault> {
        match step(blob)? {
            Step::Keep => Ok(None),
            Step::Copy(expected) => blob.copy(from, to, expected).map(Some),
            Step::Refuse(damage) => Err(damage.into()),
        }
    };
    let work = || {
        while let Some(blob) = group.get(next.fetch_add(1, Ordering::Relaxed))
            && !failed.load(Ordering::Relaxed)
        {
            match take(*blob) {
                Ok(None) => {}
                Ok(Some(digest)) => lock().done.push((*blob, digest)),
                Err(Fault::Damage(damage)) => lock().damaged.push((blob.id, damage)),
                Err(Fault::Failed(error)) => {
                    failed.store(true, Ordering::Relaxed);
                    lock().failed.get_or_insert(error);
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(group.len()) {
            scope.spawn(work);
        }
    });
    outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_ends_with_many_blobs_or_many_bytes_and_has_at_least_one() {
        let blobs = |sizes: &[u64]| -> Vec<Blob> {
            let blob = |size: &u64| Blob {
                id: Id::fresh(),
                size: *size,
            };
            sizes.iter().map(blob).collect()
        };
        for (sizes, expected) in [
            (vec![1; 1000], GROUP),
            (vec![1; 3], 3),
            (vec![1 << 40, 1], 1),
            (vec![GROUP_BYTES - 1, 1, 1], 2),
        ] {
            assert_eq!(group(&blobs(&sizes)), expected, "{} blobs", sizes.len());
        }
    }
}
