//! Neighbours that are listed together.

use super::super::level::MOST;
use super::super::store::{Entry, Found, Shape, Store};
use super::{Stop, Walk};
use crate::permit::View;
use crate::url::After;

/// Neighbours on a level that are all listed, with folders among them: their files are read
/// together.
pub(super) struct Run {
    pub(super) prefix: String,
    pub(super) after: Option<After>,
    /// The last folder, where what follows it starts with the same prefix.
    pub(super) end: Option<String>,
}

impl Run {
    /// One folder, from `after` on.
    pub(super) fn of(folder: String, after: Option<After>) -> Self {
        Self {
            prefix: folder,
            after,
            end: None,
        }
    }
}

impl<S: Store> Walk<'_, '_, '_, S> {
    /// A folder of the last level that is listed as a whole, with those that follow it.
    pub(super) fn run_of(&mut self, folder: String) -> Run {
        let permit = self.permit;
        let wanted = self.wanted();
        let last = self.levels.last_mut().and_then(|level| {
            // Each of them has a file at least.
            let followers = level.page.iter().take(wanted.saturating_sub(1));
            let mut last = None;
            for (at, follower) in followers.enumerate() {
                match follower {
                    Entry::File(file) if permit.shows(&file.name) => {}
                    Entry::Folder(folder) if permit.view(folder) == View::Open => last = Some(at),
                    _ => break,
                }
            }
            let last = level.page.drain(..=last?).next_back()?;
            Some((level.prefix.clone(), last.name().to_owned()))
        });
        match last {
            None => Run::of(folder, None),
            Some((prefix, last)) => Run {
                prefix,
                // All that is in the folder comes after its name.
                after: Some(After::Name(folder)),
                end: Some(last),
            },
        }
    }

    pub(super) fn read_run(&mut self, run: Run) -> Result<(), Stop> {
        let Run {
            prefix,
            mut after,
            end,
        } = run;
        loop {
            let wanted = match self.shape {
                Shape::Level => 1,
                Shape::Files => self.wanted().min(MOST),
            };
            let limit = u32::try_from(wanted).unwrap_or(1);
            let position = || after.clone().unwrap_or_else(|| After::Name(prefix.clone()));
            // Behind the end it may read what is left out, but not more than a page of it.
            let found = self.list(&prefix, Shape::Files, after.as_ref(), limit, position);
            let Found { entries, more } = found?;
            let Some(last) = entries.last() else {
                return Ok(());
            };
            after = Some(After::Name(last.name().to_owned()));
            for entry in entries {
                if let Some(end) = &end {
                    let name = entry.name();
                    if name > end.as_str() && !name.starts_with(end.as_str()) {
                        return Ok(());
                    }
                    // It may have been stored since the level was read.
                    if !self.permit.shows(name) {
                        continue;
                    }
                }
                self.push(entry)?;
                if self.shape == Shape::Level {
                    return Ok(());
                }
            }
            if !more {
                return Ok(());
            }
        }
    }
}
