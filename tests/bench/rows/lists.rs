//! A page of a list: among many files and among few, and where a policy closes half of its folders.

use std::time::{Duration, Instant};

use super::small::CONNECTIONS;
use super::{Pairing, contested, decided, wanted};
use crate::Result;
use crate::bench::Bench;
use crate::coffer::{Coffer, Setup};
use crate::contest::{Contest, Outcome};
use crate::fill::{fill, page};
use crate::folders;
use crate::load::wrk;
use crate::table::{Goal, Row, number};

const FEW: u64 = 1000;

/// How long filling may take, so that the whole run keeps to its time.
const PATIENCE: Duration = Duration::from_secs(360);

/// Measures both.
pub fn rows(bench: &Bench) -> Vec<Row> {
    let mut rows = among_many(bench);
    rows.extend(half_closed(bench));
    rows
}

/// What it costs to leave out every other folder. The page reads twice as many of them.
fn half_closed(bench: &Bench) -> Vec<Row> {
    let pairing = Pairing {
        name: "list-closed",
        work: "page of 100 folders among as many closed ones, 64 connections".to_owned(),
        mine: "half closed",
        theirs: "all open",
        unit: "req/s",
        goal: Some(Goal::least(0.5, 0.6)),
    };
    contested(bench, vec![pairing], |bench, pairings| {
        let setup = Setup::new(bench, "list-closed");
        let coffer = setup.policy_with(folders::POLICY).start()?;
        let (half, all) = (
            folders::page(&coffer, "half")?,
            folders::page(&coffer, "all")?,
        );
        let turn = bench.plan.turn;
        let mut contest = Contest::of(pairings);
        for (name, (request, size)) in [("half closed", &half), ("all open", &all)] {
            contest.enter(name, move || {
                wrk::requests_per_second(request, CONNECTIONS, turn, 200, *size)
            });
        }
        Ok(contest.run(bench.plan.rounds))
    })
}

fn among_many(bench: &Bench) -> Vec<Row> {
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
