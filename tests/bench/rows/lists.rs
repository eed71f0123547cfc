//! A page of a list among many files and among few.

use std::time::{Duration, Instant};

use super::small::CONNECTIONS;
use super::{Pairing, decided, wanted};
use crate::Result;
use crate::bench::Bench;
use crate::coffer::{Coffer, Setup};
use crate::contest::{Contest, Outcome};
use crate::fill::{fill, page};
use crate::load::wrk;
use crate::table::{Goal, Row, number};

const FEW: u64 = 1000;

/// How long filling may take, so that the whole run keeps to its time.
const PATIENCE: Duration = Duration::from_secs(360);

/// Measures it.
pub fn rows(bench: &Bench) -> Vec<Row> {
    let pairing = Pairing {
        name: "list",
        work: "page of 100 of a list among many files".to_owned(),
        mine: "among many",
        theirs: "among 1,000",
        unit: "req/s",
        goal: Some(Goal::least(0.7, 0.95)),
    };
    let mut pairings = wanted(bench, vec![pairing]);
    let Some(pairing) = pairings.first_mut() else {
        return vec![];
    };
    let outcome = servers(bench).and_then(|(few, many, count)| {
        let among = number(count as f64);
        pairing.work = format!("page of 100 of a list among {among} files, 64 connections");
        measure(bench, std::slice::from_ref(pairing), &few, &many)
    });
    decided(&pairings, outcome)
}

/// Two servers with their files, and how many the larger one has.
fn servers(bench: &Bench) -> Result<(Coffer, Coffer, u64)> {
    let few = Setup::new(bench, "list-few").start()?;
    fill(&few, "", FEW, PATIENCE)?;
    let many = Setup::new(bench, "list-many").start()?;
    let begun = Instant::now();
    let count = fill(&many, "", bench.plan.files, PATIENCE)?;
    eprintln!("  {count} files after {:?}", begun.elapsed());
    Ok((few, many, count))
}

fn measure(bench: &Bench, pairings: &[Pairing], few: &Coffer, many: &Coffer) -> Result<Outcome> {
    let (few, many) = (page(few)?, page(many)?);
    let turn = bench.plan.turn;
    let mut contest = Contest::of(pairings);
    for (name, (request, size)) in [("among many", &many), ("among 1,000", &few)] {
        contest.enter(name, move || {
            wrk::requests_per_second(request, CONNECTIONS, turn, 200, *size)
        });
    }
    Ok(contest.run(bench.plan.rounds))
}
