//! What thousands of slow clients cost others: `just bench slow`.

mod crowd;
mod others;

use std::time::Duration;

use crowd::{Crowd, Kind};
use others::Others;

use crate::Result;
use crate::bench::Bench;
use crate::coffer::{Coffer, Setup};
use crate::files;
use crate::machine;
use crate::process::raise_descriptors_to;
use crate::table::number;

const REPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/bench/SLOW.md");

/// Slow clients of each kind.
const CROWD: usize = 5000;
/// Descriptors besides those of clients.
const SPARE: usize = 500;
/// How long others are measured.
const WATCHED: Duration = Duration::from_secs(10);
/// Slow clients that come and go before memory is first measured, so that what a server has
/// once it has served as many instances as it allows is not mistaken for a leak.
const FIRST: usize = 500;
/// How long after a crowd has disconnected memory is measured.
const AFTERWARDS: Duration = Duration::from_secs(60);
/// The file that is downloaded and not read.
const LARGE: usize = 16 << 20;
/// Files in the list that is not read, and how long their names are.
const LISTED: usize = 1000;
const NAME: usize = 60;
/// What others ask for.
const SMALL: usize = 4096;

/// Measures each kind alone and all together, and writes the report.
pub fn run(bench: &Bench) -> Result<()> {
    let kinds = [
        ("uploads", &[Kind::Upload][..]),
        ("downloads", &[Kind::Download]),
        ("lists", &[Kind::List]),
        ("idle", &[Kind::Idle]),
        (
            "all",
            &[Kind::Upload, Kind::Download, Kind::List, Kind::Idle],
        ),
    ];
    // The server allows for a connection and a file per client.
    let wanted = CROWD * kinds.len() * 2 + SPARE;
    let limit = raise_descriptors_to(wanted as u64);
    let room = usize::try_from(limit).unwrap_or(usize::MAX).min(wanted) - SPARE;
    let mut report = format!(
        "# What slow clients cost others\n\n`just bench slow` on {}. Beside this many clients \
        of a kind, or of each, others send 4 KiB GETs for {} s on connections of their own; the last columns \
        are the server's memory: at its start, a minute after {FIRST} such clients have come and gone, beside \
        all of them, and a minute after they have disconnected.\n\n\
         | slow clients | others answered | their p99 | ratio to unloaded | MiB at start | MiB before | MiB beside | \
         KiB per client | MiB afterwards | descriptors |\n|---|---|---|---|---|---|---|---|---|---|\n",
        machine::describe(),
        WATCHED.as_secs(),
    );
    for (name, kinds) in kinds {
        if bench.wants(name) {
            eprintln!("slow clients: {name}");
            report += &row(bench, name, kinds, CROWD.min(room / 2 / kinds.len()))?;
        }
    }
    println!("{report}");
    if bench.only.is_empty() {
        std::fs::write(REPORT, &report).map_err(|error| format!("{REPORT}: {error}"))?;
    }
    Ok(())
}

/// One line of the table, from a server of its own.
fn row(bench: &Bench, name: &str, kinds: &[Kind], count: usize) -> Result<String> {
    crate::bench::fresh(&bench.folder.join("slow"))?;
    let connections = (count * kinds.len() + 100).to_string();
    let coffer = Setup::new(bench, "slow")
        .arguments(&["--max-connections", &connections])
        .start()?;
    prepare(&coffer)?;
    let get = coffer.stored("/v1/public/files/small", &files::content(SMALL))?;
    let unloaded = Others::watch(&get, WATCHED)?;
    let start = coffer.process.resident_mib()?;
    drop(Crowd::gather(coffer.address, kinds, FIRST.min(count))?);
    std::thread::sleep(AFTERWARDS);
    let before = coffer.process.resident_mib()?;
    let crowd = Crowd::gather(coffer.address, kinds, count)?;
    let loaded = Others::watch(&get, WATCHED)?;
    let beside = coffer.process.resident_mib()?;
    let descriptors = coffer.process.descriptors()?;
    let held = crowd.still_there();
    drop(crowd);
    std::thread::sleep(AFTERWARDS);
    let afterwards = coffer.process.resident_mib()?;
    let clients = (count * kinds.len()) as f64;
    eprintln!("  {held} of {clients} clients were there to the end");
    Ok(format!(
        "| {clients} {name} | {:.2} % | {:.2} ms | {:.2} | {} | {} | {} | {:.1} | {} | {descriptors} |\n",
        loaded.answered() * 100.0,
        loaded.p99_ms(),
        loaded.p99_ms() / unloaded.p99_ms(),
        number(start),
        number(before),
        number(beside),
        (beside - before) * 1024.0 / clients,
        number(afterwards),
    ))
}

/// What the crowd asks for.
fn prepare(coffer: &Coffer) -> Result<()> {
    coffer.stored(Kind::DOWNLOADED, &files::content(LARGE))?;
    for index in 0..LISTED {
        let name = format!("{index:0NAME$}");
        coffer.stored(&format!("/v1/public/files/listed/{name}"), b"x")?;
    }
    Ok(())
}
