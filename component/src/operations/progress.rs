//! Working through a folder in steps: one call does what it can in some seconds, and says where
//! the next one continues.

use std::time::Duration;

use serde::Serialize;

use crate::bindings::coffer::storage::blobs::{self, Entry, ListOptions};
use crate::bindings::wasi::clocks::wall_clock;
use crate::permit::List;
use crate::problem::Problem;
use crate::url::Series;

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

/// The next names of a folder, in ascending order.
pub(super) struct Page {
    names: Vec<String>,
    /// Whether there are more behind these.
    more: bool,
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

    /// The same, to be continued after the file with this name.
    fn until(mut self, series: &Series, after: Option<String>) -> Self {
        self.next = after.map(|name| series.cursor(&name));
        self
    }
}

/// What a call that works through a folder needs.
pub(super) struct Step<L, C> {
    /// Lists the names after this one.
    list: L,
    /// The time since some point in time.
    clock: C,
}

/// A step through the files of this folder.
pub(super) fn step(
    permit: &List<'_, '_>,
    folder: &str,
) -> Step<impl FnMut(Option<&str>) -> Result<Page, Problem>, impl Fn() -> Duration> {
    Step {
        list: move |after: Option<&str>| page(permit, folder, after),
        clock: || {
            let now = wall_clock::now();
            Duration::new(now.seconds, now.nanoseconds)
        },
    }
}

fn page(permit: &List<'_, '_>, folder: &str, after: Option<&str>) -> Result<Page, Problem> {
    let listing = blobs::list(&ListOptions {
        prefix: permit.prefix(folder),
        delimiter: None,
        after: after.map(|name| permit.prefix(name)),
        limit: PAGE,
    })?;
    let name = |entry: Entry| match entry {
        Entry::File(file) => permit.strip(&file.key).map(str::to_owned),
        Entry::Folder(_) => None,
    };
    let names = listing.entries.into_iter().map(name);
    Ok(Page {
        names: names.collect::<Option<_>>().ok_or(Problem::Internal)?,
        more: listing.more,
    })
}

impl<L, C> Step<L, C>
where
    L: FnMut(Option<&str>) -> Result<Page, Problem>,
    C: Fn() -> Duration,
{
    /// Works through the folder's files after the one with this name, `batch` of them at a
    /// time, until all are worked on or the time is over.
    ///
    /// # Errors
    /// A fault of the service that comes before anything is done. A later one ends the step,
    /// and the next one meets it.
    pub(super) fn work_through(
        mut self,
        series: &Series,
        mut after: Option<String>,
        batch: usize,
        mut work: impl FnMut(&[String]) -> Vec<Outcome>,
    ) -> Result<Progress, Problem> {
        let mut progress = Progress::default();
        let start = (self.clock)();
        loop {
            let page = match (self.list)(after.as_deref()) {
                Ok(page) => page,
                Err(problem) if progress.is_empty() => return Err(problem),
                Err(_) => return Ok(progress.until(series, after)),
            };
            let mut batches = page.names.chunks(batch).peekable();
            let mut has_more = page.more && !page.names.is_empty();
            while let Some(names) = batches.next() {
                match progress.record(names, work(names)) {
                    Ok(()) => after = names.last().cloned(),
                    Err(problem) if progress.is_empty() => return Err(problem),
                    Err(_) => return Ok(progress.until(series, after)),
                }
                has_more = page.more || batches.peek().is_some();
                // A clock that was set back ends the step too.
                let elapsed = (self.clock)().checked_sub(start);
                let is_over = elapsed.is_none_or(|elapsed| elapsed >= BUDGET);
                if has_more && (is_over || progress.failed.len() >= MOST_FAILURES) {
                    return Ok(progress.until(series, after));
                }
            }
            if !has_more {
                return Ok(progress);
            }
        }
    }
}

#[cfg(test)]
mod tests;
