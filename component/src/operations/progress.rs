//! Working through a folder in steps: one call does what it can in some seconds, and says where
//! the next one continues.

use std::time::Duration;

use serde::Serialize;

use super::listing::{self, Asked, Blobs, Entry, Next};
use crate::bindings::wasi::clocks::wall_clock;
use crate::permit::List;
use crate::problem::Problem;
use crate::url::{After, Series};

/// How long a call works before it answers.
const BUDGET: Duration = Duration::from_secs(3);
/// The number of failures after which a call answers, so that the answer stays small.
const MOST_FAILURES: usize = 1000;
/// How many files are listed at once.
const PAGE: u32 = 1000;

/// What a call did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Progress {
    /// How many files are as the caller wants them.
    done: u64,
    /// The files that are not.
    failed: Vec<Failure>,
    /// The cursor for the next call; `None` if there is nothing left to do.
    next: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Failure {
    name: String,
    problem: Problem,
}

/// What came of one file.
pub(super) type Outcome = Result<(), Problem>;

/// The next names of a folder, in ascending order: those that the caller may list. Files that they
/// may not are neither worked on nor mentioned.
pub(super) struct Page {
    names: Vec<String>,
    next: Next,
}

/// Where a step continues.
#[derive(Debug, Clone)]
enum Place {
    /// After a file that was worked on.
    File(String),
    /// After what the caller may not know.
    Hidden(After),
}

impl Progress {
    /// Counts what came of these files.
    ///
    /// # Errors
    /// The problem of the first one if all failed because of the service: others would fail
    /// likewise. They are not counted then.
    pub(super) fn record<N: AsRef<str>>(
        &mut self,
        names: &[N],
        outcomes: Vec<Outcome>,
    ) -> Result<(), Problem> {
        let is_fault = |outcome: &Outcome| {
            let problem = outcome.as_ref().err();
            problem.is_some_and(|problem| problem.status().is_server_error())
        };
        if let Some(Err(first)) = outcomes.first()
            && outcomes.iter().all(is_fault)
        {
            return Err(first.clone());
        }
        for (name, outcome) in names.iter().zip(outcomes) {
            match outcome {
                Ok(()) => self.done += 1,
                Err(problem) => self.failed.push(Failure {
                    name: name.as_ref().to_owned(),
                    problem,
                }),
            }
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.done == 0 && self.failed.is_empty()
    }

    /// The same, to be continued there.
    fn until(mut self, series: &Series, place: Option<Place>) -> Result<Self, Problem> {
        self.next = match place {
            None => None,
            Some(Place::File(name)) => Some(series.cursor(&name)),
            Some(Place::Hidden(after)) => Some(series.sealed(&after)?),
        };
        Ok(self)
    }
}

/// What a call that works through a folder needs.
pub(super) struct Step<L, C> {
    /// Lists the names after this one.
    list: L,
    /// The time since some point in time.
    clock: C,
}

/// A step through the files of this series' folder.
pub(super) fn step(
    permit: &List<'_, '_>,
    series: &Series,
) -> Step<impl FnMut(Option<After>) -> Result<Page, Problem>, impl Fn() -> Duration> {
    Step {
        list: move |after| page(permit, series, after),
        clock: || {
            let now = wall_clock::now();
            Duration::new(now.seconds, now.nanoseconds)
        },
    }
}

fn page(permit: &List<'_, '_>, series: &Series, after: Option<After>) -> Result<Page, Problem> {
    let asked = Asked {
        prefix: series.folder(),
        by_folders: false,
        after,
        limit: PAGE,
    };
    let page = listing::page(&Blobs(permit), permit, asked, &|| series.can_seal())?;
    let name = |entry| match entry {
        Entry::File(file) => Some(file.name),
        Entry::Folder(_) => None,
    };
    let names = page.entries.into_iter().map(name);
    Ok(Page {
        names: names.collect::<Option<_>>().ok_or(Problem::Internal)?,
        next: page.next,
    })
}

impl<L, C> Step<L, C>
where
    L: FnMut(Option<After>) -> Result<Page, Problem>,
    C: Fn() -> Duration,
{
    /// Works through the folder's files after this position, `batch` of them at a time, until
    /// all are worked on or the time is over.
    ///
    /// # Errors
    /// A fault of the service that comes before anything is done. A later one ends the step,
    /// and the next one meets it.
    pub(super) fn work_through(
        mut self,
        series: &Series,
        after: Option<After>,
        batch: usize,
        mut work: impl FnMut(&[String]) -> Vec<Outcome>,
    ) -> Result<Progress, Problem> {
        let mut progress = Progress::default();
        let start = (self.clock)();
        // A clock that was set back ends the step too.
        let is_over = |progress: &Progress, now: Duration| {
            let elapsed = now.checked_sub(start);
            let is_late = elapsed.is_none_or(|elapsed| elapsed >= BUDGET);
            is_late || progress.failed.len() >= MOST_FAILURES
        };
        let mut place = after.map(Place::Hidden);
        loop {
            let after = place.clone().map(|place| match place {
                Place::File(name) => After::Name(name),
                Place::Hidden(after) => after,
            });
            let page = match (self.list)(after) {
                Ok(page) => page,
                Err(problem) if progress.is_empty() => return Err(problem),
                Err(_) => return progress.until(series, place),
            };
            let mut batches = page.names.chunks(batch).peekable();
            while let Some(names) = batches.next() {
                match progress.record(names, work(names)) {
                    Ok(()) => place = names.last().cloned().map(Place::File),
                    Err(problem) if progress.is_empty() => return Err(problem),
                    Err(_) => return progress.until(series, place),
                }
                if batches.peek().is_some() && is_over(&progress, (self.clock)()) {
                    return progress.until(series, place);
                }
            }
            match page.next {
                Next::End => return Ok(progress),
                Next::LastEntry => {}
                Next::Hidden(after) => place = Some(Place::Hidden(after)),
            }
            if is_over(&progress, (self.clock)()) {
                return progress.until(series, place);
            }
        }
    }
}

#[cfg(test)]
mod tests;
