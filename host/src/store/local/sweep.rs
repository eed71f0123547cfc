//! Finds orphaned blobs, which a crash leaves: files in the blob folders that have no row. They
//! are moved aside, to `orphaned/` and the day's date, and removed from there after [`KEPT`]:
//! an index that has silently lost rows must not cost the bytes as well.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::id::Id;
use super::index::Index;
use super::layout::Layout;
use super::private::make_dir;
use crate::store::Error;

/// How long orphaned blobs are kept.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// How many more orphaned blobs than uploads in progress do not yet mean that the index has lost
/// rows: a crash of the machine can lose the latest record of those uploads.
const SLACK: u64 = 16;

/// The content of the blob folders.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// How many files have a row, that of an unfinished upload included.
    pub(super) known: u64,
    /// Those that have no row.
    pub(super) orphans: Vec<Id>,
}

impl Found {
    /// Whether a crash cannot explain this, given how many files were in progress.
    pub(super) fn is_mostly_orphaned(&self, loose: u64) -> bool {
        let unexplained = (self.orphans.len() as u64).saturating_sub(loose);
        unexplained > SLACK && unexplained > self.known
    }
}

/// Reads every file's name once. Nothing may be written meanwhile.
pub(super) fn look(layout: &Layout, index: &Index) -> Result<Found, Error> {
    let mut ids = Vec::new();
    let snapshot = index.snapshot()?;
    snapshot.each(|_, id, _| ids.push(id))?;
    snapshot.each_upload(|id, _| ids.push(id))?;
    ids.sort_unstable();
    let mut found = Found::default();
    for folder in 0..=u8::MAX {
        for id in layout.ids(folder)? {
            if ids.binary_search(&id).is_ok() {
                found.known += 1;
            } else {
                found.orphans.push(id);
            }
        }
    }
    Ok(found)
}

/// Moves these aside and returns how many it could move. It can be restarted if interrupted.
pub(super) fn move_aside(layout: &Layout, orphans: &[Id]) -> io::Result<usize> {
    if orphans.is_empty() {
        return Ok(0);
    }
    let folder = layout.orphaned().join(date(SystemTime::now()));
    make_dir(&folder)?;
    let mut moved = 0;
    for orphan in orphans {
        match fs::rename(layout.blob(*orphan), folder.join(orphan.to_string())) {
            Ok(()) => moved += 1,
            Err(error) => {
                tracing::warn!(id = %orphan, %error, "cannot move an orphaned blob aside");
                layout.leave_litter();
            }
        }
    }
    Ok(moved)
}

/// Removes what was moved aside long ago. A removal that fails is retried later.
pub(super) fn clear(layout: &Layout, now: SystemTime) {
    let Ok(folders) = fs::read_dir(layout.orphaned()) else {
        return;
    };
    for folder in folders.filter_map(Result::ok) {
        if is_over(&folder.file_name(), now)
            && let Err(error) = remove(&folder.path())
        {
            tracing::warn!(%error, folder = %folder.path().display(), "cannot remove orphaned blobs");
        }
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    fs::remove_dir_all(folder)?;
    tracing::info!(folder = %folder.display(), "removed orphaned blobs");
    Ok(())
}

/// The day in UTC, as in `2026-01-31`.
fn date(now: SystemTime) -> String {
    // humantime panics before 1970.
    let now = now.max(SystemTime::UNIX_EPOCH);
    let mut text = humantime::format_rfc3339_seconds(now).to_string();
    text.truncate("2026-01-31".len());
    text
}

/// Whether a folder is named after a day that is longer ago than [`KEPT`].
fn is_over(name: &OsString, now: SystemTime) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let day = humantime::parse_rfc3339(&format!("{name}T00:00:00Z"));
    let over = day.is_ok_and(|day| now.duration_since(day).is_ok_and(|age| age > KEPT));
    over && name.len() == "2026-01-31".len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_days_orphans_are_kept_for_a_week() {
        let now = humantime::parse_rfc3339("2026-03-08T00:00:01Z").expect("a time");
        assert_eq!(date(now), "2026-03-08");
        for (name, over) in [
            ("2026-03-01", true),
            ("2026-03-02", false),
            ("2026-03-08", false),
            ("2027-01-01", false),
            ("1970-01-01", true),
            ("2026-3-1", false),
            ("2026-01-01.kept", false),
            ("", false),
        ] {
            assert_eq!(is_over(&name.into(), now), over, "{name}");
        }
        let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(date(early), "1970-01-01");
        assert!(!is_over(&"1970-01-01".into(), early));
    }

    #[test]
    fn a_crash_explains_what_was_under_way_and_little_more() {
        for (known, orphans, loose, mostly) in [
            (0, 0, 0, false),
            (0, SLACK, 0, false),
            (0, SLACK + 1, 0, true),
            (0, 500, 500, false),
            (20, 20, 0, false),
            (20, 21, 0, true),
            (20, 600, 590, false),
        ] {
            let orphans = (0..orphans).map(|n| Id::from_u128(n.into()));
            let found = Found {
                known,
                orphans: orphans.collect(),
            };
            let told = (known, found.orphans.len(), loose);
            assert_eq!(found.is_mostly_orphaned(loose), mostly, "{told:?}");
        }
    }
}
