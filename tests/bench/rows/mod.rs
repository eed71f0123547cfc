//! The rows of the table, one file per kind of work.

pub mod large;
pub mod lists;
pub mod many;
pub mod memory;
pub mod s3;
pub mod small;
pub mod start;
pub mod swap;
pub mod uploads;
pub mod writes;

use crate::Result;
use crate::bench::Bench;
use crate::contest::Outcome;
use crate::table::{Goal, Row};

/// A row that compares two contenders of a contest.
#[derive(Debug, Clone)]
pub struct Pairing {
    /// What `--only` finds it by.
    pub name: &'static str,
    pub work: String,
    pub mine: &'static str,
    pub theirs: &'static str,
    pub unit: &'static str,
    pub goal: Option<Goal>,
}

impl Pairing {
    fn new(
        name: &'static str,
        work: impl Into<String>,
        (mine, theirs): (&'static str, &'static str),
        unit: &'static str,
        goal: Option<Goal>,
    ) -> Self {
        Self {
            name,
            work: work.into(),
            mine,
            theirs,
            unit,
            goal,
        }
    }

    /// The row, once the contest is over.
    fn row(&self, outcome: &Outcome) -> Row {
        let of = |name: &str| {
            let figures = outcome.get(name).cloned();
            figures.unwrap_or_else(|| Err("not measured".to_owned()))
        };
        Row {
            name: self.name,
            work: self.work.clone(),
            unit: self.unit,
            coffer: of(self.mine),
            rival: Some((self.theirs.to_owned(), of(self.theirs))),
            goal: self.goal,
        }
    }
}

/// Those that are to be measured.
fn wanted(bench: &Bench, pairings: Vec<Pairing>) -> Vec<Pairing> {
    let wants = |pairing: &Pairing| bench.wants(pairing.name);
    pairings.into_iter().filter(wants).collect()
}

/// Measures those that are wanted, in one contest.
fn contested(
    bench: &Bench,
    pairings: Vec<Pairing>,
    measure: impl FnOnce(&Bench, &[Pairing]) -> Result<Outcome>,
) -> Vec<Row> {
    let pairings = wanted(bench, pairings);
    if pairings.is_empty() {
        return vec![];
    }
    decided(&pairings, measure(bench, &pairings))
}

/// The rows that a contest decides, or all of them with the reason why there was none.
fn decided(pairings: &[Pairing], outcome: Result<Outcome>) -> Vec<Row> {
    let rows = pairings.iter();
    match outcome {
        Ok(outcome) => rows.map(|pairing| pairing.row(&outcome)).collect(),
        Err(reason) => rows
            .map(|pairing| Row {
                coffer: Err(reason.clone()),
                ..pairing.row(&Outcome::new())
            })
            .collect(),
    }
}

/// Measures all rows that are wanted, in the order of the table.
pub fn all(bench: &Bench) -> Vec<Row> {
    type Group = (&'static str, fn(&Bench) -> Vec<Row>);
    let groups: [Group; 10] = [
        ("small files", small::rows),
        ("large files", large::rows),
        ("writes", writes::rows),
        ("resumable uploads", uploads::rows),
        ("lists", lists::rows),
        ("many files", many::rows),
        ("S3", s3::rows),
        ("memory", memory::rows),
        ("start", start::rows),
        ("swaps", swap::rows),
    ];
    let mut rows = Vec::new();
    for (name, measure) in groups {
        eprintln!("{name}");
        rows.extend(measure(bench));
        crate::files::settle();
    }
    rows
}
