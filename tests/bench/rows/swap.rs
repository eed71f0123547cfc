//! Swaps of a policy: how long they take, and what they cost requests meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::small::{CONNECTIONS, SIZE, TARGET, at_rate};
use super::{Pairing, contested};
use crate::bench::Bench;
use crate::coffer::{Coffer, Setup};
use crate::contest::{Contest, Outcome};
use crate::load::wrk;
use crate::stats::Figures;
use crate::table::{Goal, Row};
use crate::{Result, files, tokens};

/// The interval of swaps while p99 is measured.
const EVERY: Duration = Duration::from_millis(250);

/// Measures both.
pub fn rows(bench: &Bench) -> Vec<Row> {
    let mut rows = Vec::new();
    let swap = "swap";
    if bench.wants(swap) {
        let figures = quiet_swaps(bench);
        eprintln!("  {swap}: {figures:.1?}");
        rows.push(Row {
            name: swap,
            work: "swap of a policy, component compiled before".to_owned(),
            unit: "ms",
            coffer: figures,
            rival: None,
            goal: Some(Goal::most(10.0, None)),
        });
    }
    let pairing = Pairing {
        name: "p99-swaps",
        work: "p99 at half the peak rate, with four swaps per second".to_owned(),
        mine: "with swaps",
        theirs: "without swaps",
        unit: "ms",
        goal: Some(Goal::most(1.5, None)),
    };
    rows.extend(contested(bench, vec![pairing], disturbed));
    rows
}

fn quiet_swaps(bench: &Bench) -> Result<Figures> {
    let coffer = Setup::new(bench, "swap").start()?;
    let mut policies = policies();
    let each = |_| swap(&coffer, &mut policies);
    let figures: Result<Vec<f64>> = (0..4 * bench.plan.rounds).map(each).collect();
    figures.map(Figures)
}

fn disturbed(bench: &Bench, pairings: &[Pairing]) -> Result<Outcome> {
    let coffer = Setup::new(bench, "swap").start()?;
    let get = coffer.stored(TARGET, &files::content(SIZE))?;
    let turn = bench.plan.turn;
    let peak = wrk::requests_per_second(&get, CONNECTIONS, turn, 200, SIZE)?;
    let p99 = || at_rate(&get, turn, peak / 2.0);
    let mut policies = policies();
    let mut contest = Contest::of(pairings);
    contest.enter("with swaps", || {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let swaps = scope.spawn(|| -> Result<()> {
                while !over.load(Ordering::Relaxed) {
                    swap(&coffer, &mut policies)?;
                    thread::sleep(EVERY);
                }
                Ok(())
            });
            let figure = p99();
            over.store(true, Ordering::Relaxed);
            swaps.join().map_err(|_| "the swaps panicked")??;
            figure
        })
    });
    contest.enter("without swaps", p99);
    Ok(contest.run(bench.plan.rounds))
}

/// In milliseconds.
fn swap(coffer: &Coffer, policies: &mut impl Iterator<Item = String>) -> Result<f64> {
    let next = policies.next().unwrap_or_default();
    Ok(coffer.swap(&next)?.as_secs_f64() * 1e3)
}

/// Two policies in turn, the one that is not in force first.
fn policies() -> impl Iterator<Item = String> + Send {
    let both = [tokens::other_policy(), tokens::policy().to_owned()];
    both.into_iter().cycle()
}
