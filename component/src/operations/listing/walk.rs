//! A walk over names that are not all judged alike.
//!
//! It reads level by level. A folder in which nothing may be listed is left out without a look,
//! one in which everything may be is shown without one, and of the others the walk looks for the
//! first file that shows them. So what a walk costs may depend on how many folders lie beside
//! each other that it leaves out, but never on what is in them.

mod run;

use std::cell::Cell;

use run::Run;

use super::level::Level;
use super::store::{Entry, Found, Shape, Store};
use super::{Asked, Next, Page};
use crate::permit::{List, View};
use crate::problem::Problem;
use crate::url::After;

/// How many calls of the store a page may take beyond the first. Only what is left out can need
/// more: it lies in many folders, or beside thousands of them. The time that a page takes, and
/// that it is short, can tell no more than that.
const MORE_CALLS: u32 = 16;
/// How many levels keep what was listed while levels below them are read, which bounds the memory.
const KEPT_LEVELS: usize = 8;

/// A walk that reads one page.
pub(super) struct Walk<'w, 'p, 'c, S> {
    store: &'w S,
    permit: &'w List<'p, 'c>,
    may_pause: &'w dyn Fn() -> bool,
    prefix: &'w str,
    shape: Shape,
    limit: usize,
    /// One more than the limit tells whether there is a next page.
    found: Vec<Entry>,
    calls: Cell<u32>,
    /// From the prefix down to where the walk is. Each but the last is continued behind the next.
    levels: Vec<Level>,
    /// What to read before the last level is continued.
    run: Option<Run>,
}

/// Why a walk ends before it is through.
enum Stop {
    Full,
    Pause(After),
    Failed(Problem),
}

impl<'w, 'p, 'c, S: Store> Walk<'w, 'p, 'c, S> {
    pub(super) fn new(
        store: &'w S,
        permit: &'w List<'p, 'c>,
        asked: &Asked<'w>,
        may_pause: &'w dyn Fn() -> bool,
    ) -> Self {
        Self {
            store,
            permit,
            may_pause,
            prefix: asked.prefix,
            shape: Shape::of(asked.by_folders),
            limit: usize::try_from(asked.limit).unwrap_or(usize::MAX),
            found: Vec::new(),
            calls: Cell::new(0),
            levels: Vec::new(),
            run: None,
        }
    }

    /// Reads the page after this position.
    pub(super) fn page(mut self, after: Option<After>) -> Result<Page, Problem> {
        self.start(after);
        let next = match self.read() {
            Ok(()) => Next::End,
            Err(Stop::Failed(problem)) => return Err(problem),
            Err(Stop::Pause(after)) => Next::Hidden(after),
            Err(Stop::Full) => Next::LastEntry,
        };
        self.found.truncate(self.limit);
        Ok(Page {
            entries: self.found,
            next,
        })
    }

    /// Enters the levels down to where the walk continues.
    fn start(&mut self, after: Option<After>) {
        let mut prefix = self.prefix.to_owned();
        let mut after = after;
        if after.as_ref().is_some_and(|after| after.is_past(&prefix)) {
            return;
        }
        loop {
            // A position before all that starts with the prefix leaves nothing out.
            after = after.filter(|after| after.text().starts_with(&prefix));
            let folder = after.as_ref().and_then(|after| after.within(&prefix));
            let Some(folder) = folder.map(str::to_owned) else {
                return self.enter(prefix, after);
            };
            self.enter(prefix, Some(After::Folder(folder.clone())));
            match self.permit.view(&folder) {
                View::Closed => return,
                View::Mixed => prefix = folder,
                View::Open => {
                    self.run = Some(Run::of(folder, after));
                    return;
                }
            }
        }
    }

    fn enter(&mut self, prefix: String, after: Option<After>) {
        if self.levels.len() >= KEPT_LEVELS
            && let Some(parent) = self.levels.last_mut()
        {
            parent.forget(&prefix);
        }
        self.levels.push(Level::new(prefix, after, self.permit));
    }

    fn read(&mut self) -> Result<(), Stop> {
        loop {
            if let Some(run) = self.run.take() {
                self.read_run(run)?;
                continue;
            }
            let Some(level) = self.levels.last_mut() else {
                return Ok(());
            };
            if let Some(entry) = level.page.pop_front() {
                self.look(entry)?;
            } else if let Some(target) = level.next_target() {
                self.look_for(target)?;
            } else if level.is_unread() {
                self.read_level()?;
            } else {
                self.levels.pop();
            }
        }
    }

    /// Lists more of the last level.
    fn read_level(&mut self) -> Result<(), Stop> {
        let wanted = match self.shape {
            Shape::Level => self.wanted(),
            // Some may be left out, which would cost two more calls.
            Shape::Files => self.wanted() + self.wanted() / 16 + 2,
        };
        let Some(level) = self.levels.last() else {
            return Ok(());
        };
        let (prefix, after) = (&level.prefix, level.after.as_ref());
        let (limit, position) = (level.limit(wanted), || level.position());
        let found = self.list(prefix, Shape::Level, after, limit, position);
        let found = found?;
        if let Some(level) = self.levels.last_mut() {
            level.fill(found);
        }
        Ok(())
    }

    /// Decides about an entry of the last level.
    fn look(&mut self, entry: Entry) -> Result<(), Stop> {
        let shown = match &entry {
            Entry::File(file) => self.permit.shows(&file.name),
            Entry::Folder(folder) => match self.permit.view(folder) {
                View::Closed => false,
                View::Open => true,
                View::Mixed => {
                    self.enter(folder.clone(), None);
                    return Ok(());
                }
            },
        };
        match entry {
            _ if !shown => {
                if let Some(level) = self.levels.last_mut() {
                    level.leave_out();
                }
                Ok(())
            }
            Entry::Folder(folder) if self.shape == Shape::Files || self.levels.len() > 1 => {
                self.run = Some(self.run_of(folder));
                Ok(())
            }
            entry => self.push(entry),
        }
    }

    /// Looks for a file or folder of the last level that may be listed.
    fn look_for(&mut self, target: String) -> Result<(), Stop> {
        if target.ends_with('/') {
            self.deal_with(After::Folder(target.clone()));
            match self.permit.view(&target) {
                View::Closed => {}
                View::Mixed => self.enter(target, None),
                View::Open => self.run = Some(Run::of(target, None)),
            }
            return Ok(());
        }
        let position = || {
            let level = self.levels.last();
            level.map_or_else(|| After::Name(String::new()), Level::position)
        };
        // The file comes before all others that start with its name.
        let found = self.list(&target, Shape::Files, None, 1, position);
        let first = found?.entries.pop();
        let first = first.filter(|first| first.name() == target);
        self.deal_with(After::Name(target));
        first.map_or(Ok(()), |file| self.push(file))
    }

    /// Where the last level continues.
    fn deal_with(&mut self, after: After) {
        if let Some(level) = self.levels.last_mut() {
            level.after = Some(after);
        }
    }

    /// How many more files or folders to find: one, where it shows the folder that it is in.
    fn wanted(&self) -> usize {
        match self.shape {
            Shape::Level if self.levels.len() > 1 => 1,
            _ => self.limit + 1 - self.found.len(),
        }
    }

    /// Adds what is listed: the entry, or the folder that it shows.
    fn push(&mut self, entry: Entry) -> Result<(), Stop> {
        let entry = match (entry, self.shape) {
            (Entry::File(file), Shape::Level) => {
                let rest = file.name.strip_prefix(self.prefix).unwrap_or_default();
                match rest.find('/') {
                    None => Entry::File(file),
                    Some(at) => {
                        self.levels.truncate(1);
                        Entry::Folder(file.name[..=self.prefix.len() + at].to_owned())
                    }
                }
            }
            (entry, _) => entry,
        };
        self.found.push(entry);
        match self.found.len() > self.limit {
            true => Err(Stop::Full),
            false => Ok(()),
        }
    }

    /// Asks the store, or pauses the walk at this position.
    fn list(
        &self,
        prefix: &str,
        shape: Shape,
        after: Option<&After>,
        limit: u32,
        position: impl FnOnce() -> After,
    ) -> Result<Found, Stop> {
        if self.calls.get() > MORE_CALLS && (self.may_pause)() {
            return Err(Stop::Pause(position()));
        }
        self.calls.set(self.calls.get() + 1);
        let found = self.store.list(prefix, shape, after, limit);
        found.map_err(Stop::Failed)
    }
}
