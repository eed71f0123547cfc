//! One level of a walk: what is directly below a prefix.

use std::collections::VecDeque;

use super::store::{Entry, Found};
use crate::permit::{List, View};
use crate::url::After;

/// The most entries that a store lists at once.
pub(super) const MOST: usize = 1000;
/// The fewest that are worth a call.
const LEAST: usize = 16;
/// The maximum number of names that are looked for one by one instead of reading the level.
const MOST_TARGETS: usize = 12;

/// A level, and how far it has been read.
pub(super) struct Level {
    /// What its names start with.
    pub(super) prefix: String,
    /// What it has dealt with, and what it is about to.
    pub(super) after: Option<After>,
    /// What the store listed and is still to be looked at.
    pub(super) page: VecDeque<Entry>,
    /// The only files and folders that may be listed here, as far as that is known: looking for
    /// them spares reading all others.
    targets: Option<VecDeque<String>>,
    /// Whether the store has more behind `page`.
    more: bool,
    read: usize,
    left_out: usize,
}

impl Level {
    pub(super) fn new(prefix: String, after: Option<After>, permit: &List<'_, '_>) -> Self {
        let targets = targets(&prefix, after.as_ref(), permit);
        Self {
            more: targets.is_none(),
            prefix,
            after,
            page: VecDeque::new(),
            targets,
            read: 0,
            left_out: 0,
        }
    }

    /// The next name to look for.
    pub(super) fn next_target(&mut self) -> Option<String> {
        self.targets.as_mut()?.pop_front()
    }

    /// Whether the store has to be asked for more.
    pub(super) fn is_unread(&self) -> bool {
        self.more
    }

    /// Where it continues.
    pub(super) fn position(&self) -> After {
        let start = || After::Name(self.prefix.clone());
        self.after.clone().unwrap_or_else(start)
    }

    /// How many entries to ask for, to find `wanted` ones: more, where many were left out so far.
    pub(super) fn limit(&self, wanted: usize) -> u32 {
        let limit = match self.read - self.left_out {
            _ if self.read == 0 => wanted,
            0 => MOST,
            shown => (wanted * self.read).div_ceil(shown) + wanted / 16 + 1,
        };
        u32::try_from(limit.clamp(LEAST, MOST)).unwrap_or_default()
    }

    /// Takes what the store listed.
    pub(super) fn fill(&mut self, found: Found) {
        let last = found.entries.last();
        self.more = found.more && last.is_some();
        if let Some(last) = last {
            self.after = Some(After::entry(last.name().to_owned(), &self.prefix, true));
        }
        self.read += found.entries.len();
        self.page = found.entries.into();
    }

    /// Counts an entry that may not be listed.
    pub(super) fn leave_out(&mut self) {
        self.left_out += 1;
    }

    /// Gives up what was listed, to be listed once more after this folder.
    pub(super) fn forget(&mut self, folder: &str) {
        if !self.page.is_empty() {
            self.page = VecDeque::new();
            self.more = true;
            self.after = Some(After::Folder(folder.to_owned()));
        }
    }
}

/// The files and folders to look for in place of reading a level, in order; `None` to read it.
fn targets(prefix: &str, after: Option<&After>, permit: &List<'_, '_>) -> Option<VecDeque<String>> {
    let segments = permit.next_segments(prefix)?;
    let parent = prefix.rfind('/').map_or("", |end| &prefix[..=end]);
    let mut targets = Vec::new();
    for segment in segments {
        let file = [parent, &segment].concat();
        let folder = [&file, "/"].concat();
        if permit.view(&folder) != View::Closed {
            targets.push(folder);
        }
        if permit.shows(&file) {
            targets.push(file);
        }
    }
    targets.retain(|target| after.is_none_or(|after| target.as_str() > after.text()));
    targets.sort_unstable();
    (targets.len() <= MOST_TARGETS).then(|| targets.into())
}
