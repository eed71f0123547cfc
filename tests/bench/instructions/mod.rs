//! Instruction counts, which other load on the machine does not change:
//! `just bench-instructions`.
//!
//! Each figure is the difference between two runs under callgrind, one with twice as much
//! work, shared among what the second did more: what a start costs cancels out.

mod callgrind;
mod pure;
mod record;
mod request;

use std::collections::BTreeMap;
use std::fmt::Write;

use record::Record;

use crate::Result;
use crate::bench::Bench;
use crate::table::number;

/// Instructions by what was done.
type Counts = BTreeMap<String, u64>;

/// Counts, prints a table beside the committed figures and says whether none grew too much.
/// Replaces the committed figures if asked to.
pub fn run(bench: &Bench, write: bool) -> Result<bool> {
    let counted = Record {
        pure: pure::count(bench)?,
        request: request::count(bench)?,
    };
    let committed = Record::read()?;
    let mut good = true;
    println!("| work | instructions | committed | change | may grow by |\n|---|---|---|---|---|");
    for (kind, may_grow, now, before) in [
        ("pure", 5.0, &counted.pure, &committed.pure),
        ("request", 10.0, &counted.request, &committed.request),
    ] {
        for (work, count) in now.iter().filter(|(work, _)| bench.wants(work)) {
            let mut line = format!("| {kind}: {work} | {} | ", number(*count as f64));
            // Writing to a string cannot fail.
            let _ = match before.get(work) {
                None => write!(line, "none | new"),
                Some(before) => {
                    let change = (*count as f64 / *before as f64 - 1.0) * 100.0;
                    good &= change <= may_grow;
                    write!(line, "{} | {change:+.2} %", number(*before as f64))
                }
            };
            println!("{line} | {may_grow} % |");
        }
    }
    if write {
        // Those that were not counted stay unchanged.
        let mut anew = committed;
        anew.pure.extend(counted.pure);
        anew.request.extend(counted.request);
        anew.write()?;
    }
    Ok(good || write)
}
