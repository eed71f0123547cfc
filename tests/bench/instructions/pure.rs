//! The component's pure parts, natively: `component/examples/pure.rs`, built like the server and
//! beside it.

use super::{Counts, callgrind};
use crate::Result;
use crate::bench::Bench;
use crate::process::output;

/// Enough for what differs from start to start, such as the seeds of hash maps, to vanish.
const TIMES: u64 = 1000;

/// Instructions of one run of each part.
pub fn count(bench: &Bench) -> Result<Counts> {
    let program = bench.server.with_file_name("examples").join("pure");
    let log = bench.log("callgrind");
    let names = output(&mut std::process::Command::new(&program))?;
    let names = names.lines().filter(|name| bench.wants(name));
    let count = |name: &str| -> Result<u64> {
        let run = |times: u64| callgrind::count(&program, &[name, &times.to_string()], &log);
        let (once, twice) = (run(TIMES)?, run(2 * TIMES)?);
        Ok((twice.saturating_sub(once) + TIMES / 2) / TIMES)
    };
    names
        .map(|name| Ok((name.to_owned(), count(name)?)))
        .collect()
}
