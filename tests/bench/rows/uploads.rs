//! Resumable uploads: in appends against one PUT, how far they are, and what unfinished ones cost.

use super::{Pairing, contested};
use crate::bench::{Bench, fresh};
use crate::coffer::{Coffer, Setup};
use crate::contest::{Contest, Outcome};
use crate::load::{Request, oha, tus};
use crate::rows::small::CONNECTIONS;
use crate::stats::Figures;
use crate::table::{Goal, Row};
use crate::{Result, files};

/// How many unfinished uploads there are for the rows of what they cost.
const UNFINISHED: u32 = 1000;
/// More of them than one owner may have by default.
const POLICY: &str = "[uploads]\nmax-unfinished = 10000\n";

fn pairings(large: &str) -> Vec<Pairing> {
    vec![
        Pairing::new(
            "tus-put",
            format!("{large} by tus in appends of 8 MiB, against one PUT"),
            ("tus", "one PUT"),
            "MiB/s",
            Some(Goal::least(0.85, 0.95)),
        ),
        Pairing::new(
            "upload-head",
            "HEAD of an upload, against HEAD of a file",
            ("HEAD of an upload", "HEAD of a file"),
            "req/s",
            Some(Goal::least(1.0, 1.1)),
        ),
    ]
}

/// Measures them.
pub fn rows(bench: &Bench) -> Vec<Row> {
    let mut rows = contested(bench, pairings(&bench.plan.large_name()), measure);
    rows.extend(costs(bench));
    rows
}

fn measure(bench: &Bench, pairings: &[Pairing]) -> Result<Outcome> {
    let size = bench.plan.large;
    let source = files::of_size(bench.folder.join(format!("source-{size}")), size)?;
    let coffer = Setup::new(bench, "uploads").start()?;
    let file = coffer.stored("/v1/public/files/small", &files::content(4096))?;
    let file = file.method("HEAD");
    let upload = tus::create(coffer.address, "unfinished", 4096)?;
    let heads = |request: &Request| {
        let found = oha::run(request, CONNECTIONS, bench.plan.turn, None, 200, 0)?;
        Ok(found.requests_per_second)
    };
    let mut contest = Contest::of(pairings);
    contest.enter("tus", || {
        coffer.remove("/v1/public/files/tus")?;
        files::settle();
        tus::upload(coffer.address, "tus", &source)
    });
    contest.enter("one PUT", || {
        coffer.remove("/v1/public/files/put")?;
        files::settle();
        tus::put(coffer.address, "/v1/public/files/put", &source)
    });
    contest.enter("HEAD of an upload", || heads(&upload));
    contest.enter("HEAD of a file", || heads(&file));
    Ok(contest.run(bench.plan.rounds))
}

/// What many unfinished uploads cost.
fn costs(bench: &Bench) -> Vec<Row> {
    type Measure = fn(&Bench) -> Result<f64>;
    let measures: [(&'static str, &str, &'static str, f64, Measure); 2] = [
        (
            "memory-uploads",
            "memory for 1,000 unfinished uploads",
            "MiB",
            8.0,
            memory,
        ),
        (
            "start-uploads",
            "start to first response with 1,000 unfinished uploads",
            "ms",
            100.0,
            start,
        ),
    ];
    let wanted = measures.into_iter().filter(|(name, ..)| bench.wants(name));
    wanted
        .map(|(name, work, unit, most, measure)| {
            let rounds = 0..bench.plan.rounds.min(3);
            let figures: Result<Vec<f64>> = rounds.map(|_| measure(bench)).collect();
            eprintln!("  {name}: {figures:.1?}");
            Row {
                name,
                work: work.to_owned(),
                unit,
                coffer: figures.map(Figures),
                rival: None,
                goal: Some(Goal::most(most, None)),
            }
        })
        .collect()
}

/// Begins the uploads, each with some bytes; returns what that adds to the resident memory.
fn fill(coffer: &Coffer) -> Result<f64> {
    let begin = |count: u32| {
        let begun = (0..count).map(|n| tus::create(coffer.address, &n.to_string(), 1 << 20));
        begun.collect::<Result<Vec<_>>>()
    };
    // What requests cost at first is not the uploads'.
    begin(UNFINISHED)?;
    let before = coffer.process.resident_mib()?;
    begin(UNFINISHED)?;
    Ok((coffer.process.resident_mib()? - before).max(0.0))
}

fn empty(bench: &Bench) -> Result<Coffer> {
    fresh(&bench.folder.join("unfinished"))?;
    let setup = Setup::new(bench, "unfinished");
    setup.policy_with(POLICY).start()
}

fn memory(bench: &Bench) -> Result<f64> {
    fill(&empty(bench)?)
}

fn start(bench: &Bench) -> Result<f64> {
    let coffer = empty(bench)?;
    fill(&coffer)?;
    coffer.process.stop()?;
    let setup = Setup::new(bench, "unfinished");
    let coffer = setup.policy_with(POLICY).start()?;
    let took = coffer.began_in;
    coffer.process.stop()?;
    Ok(took.as_secs_f64() * 1e3)
}
