//! Removes what crashes left behind: orphaned blobs, which the index does not name, and trials.
//! Each new base scans a sixteenth of the shelves.

use std::time::Duration;

use coffer_adapter::platform::now;

use crate::blobs::shelf;
use crate::disk::Directory;
use crate::version;

/// How long a base that no generation names may still be about to be named by one that is being
/// created.
pub const OLD_BASE: Duration = Duration::from_secs(600);
/// How long bytes must be unchanged to no longer belong to an upload in progress.
const OLD: Duration = Duration::from_secs(24 * 3600);

/// Whether a version is on one of the shelves that are scanned with this generation.
pub fn is_due(version: &str, number: u64) -> bool {
    version.starts_with(digit(number))
}

/// Scans those shelves. `versions` are all that the index names there.
pub fn some(root: &Directory, trials: &Directory, number: u64, versions: &[String]) {
    let old = |directory: &Directory, name: &str| directory.age(name).is_some_and(|age| age > OLD);
    for trial in trials.names().unwrap_or_default() {
        if old(trials, &trial) {
            let _ = trials.remove(&trial);
        }
    }
    for second in 0..16 {
        let name = format!("{}{second:x}", digit(number));
        let Ok(shelf) = shelf(root, &name) else {
            continue;
        };
        for found in shelf.names().unwrap_or_default() {
            if !versions.contains(&found) && old(&shelf, &found) && !is_new_copy(&found) {
                let _ = shelf.remove(&found);
            }
        }
    }
}

/// Whether this may be a copy that the index is about to name.
fn is_new_copy(version: &str) -> bool {
    let age = |made| now().duration_since(made).unwrap_or_default();
    version::copied(version).is_some_and(|made| age(made) <= OLD)
}

/// Every one has its turn, since the numbers of generations that make a base differ.
fn digit(number: u64) -> char {
    char::from_digit((number % 16) as u32, 16).unwrap_or('0')
}
