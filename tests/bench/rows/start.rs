//! From the start of the process to its first response.

use crate::Result;
use crate::bench::{Bench, fresh};
use crate::coffer::Setup;
use crate::stats::Figures;
use crate::table::{Goal, Row};

/// Measures it with compiled code cached by an earlier start, and without.
pub fn rows(bench: &Bench) -> Vec<Row> {
    [
        (
            "start",
            "start to first response, compiled code cached",
            true,
            100.0,
        ),
        (
            "first-start",
            "start to first response, nothing cached",
            false,
            2000.0,
        ),
    ]
    .into_iter()
    .filter(|(name, ..)| bench.wants(name))
    .map(|(name, work, kept, most)| {
        let figures: Result<Vec<f64>> = (0..bench.plan.rounds)
            .map(|_| began_in(bench, kept))
            .collect();
        eprintln!("  {name}: {figures:.0?}");
        Row {
            name,
            work: work.to_owned(),
            unit: "ms",
            coffer: figures.map(Figures),
            rival: None,
            goal: Some(Goal::most(most, None)),
        }
    })
    .collect()
}

/// In milliseconds.
fn began_in(bench: &Bench, kept: bool) -> Result<f64> {
    let code = bench.folder.join("start-code");
    let start = || -> Result<f64> {
        let coffer = Setup::new(bench, "start").code(&code).start()?;
        let took = coffer.began_in;
        coffer.process.stop()?;
        Ok(took.as_secs_f64() * 1e3)
    };
    fresh(&code)?;
    fresh(&bench.folder.join("start"))?;
    let first = start()?;
    if kept { start() } else { Ok(first) }
}
