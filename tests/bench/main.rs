//! Coffer and its rivals side by side on one machine, in one run: `just bench`.
//!
//! | module | its job |
//! |---|---|
//! | [`plan`] | how much is done |
//! | [`rows`] | the rows of the table: what is compared with what |
//! | [`contest`] | interleaved rounds |
//! | [`load`] | wrk, oha, curl, a client of tus; every response is checked |
//! | [`coffer`], [`rivals`] | what is measured |
//! | [`fill`], [`files`], [`tokens`] | the files that they serve, and the tokens |
//! | [`stats`], [`table`], [`charts`] | medians, ratios, Markdown, SVG |
//! | [`slow`] | what thousands of slow clients cost others |
//! | [`growth`] | throughput and memory as things grow |
//! | [`instructions`] | figures that other load on the machine does not change |
//!
//! Exits with 1 if a figure is missing, or if instructions grew too much.

mod bench;
mod charts;
mod coffer;
mod contest;
mod files;
mod fill;
mod folders;
mod growth;
mod instructions;
mod load;
mod machine;
mod plan;
mod process;
mod rivals;
mod rows;
#[path = "../support/s3_service/mod.rs"]
mod s3_service;
mod slow;
mod stats;
mod table;
mod tokens;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use bench::Bench;
use clap::{Parser, ValueEnum};
use plan::Plan;

/// What went wrong, in a sentence: it takes a figure's place in the table.
type Result<T, E = String> = std::result::Result<T, E>;

/// In place of a figure that this build cannot have.
const ABSENT: &str = "no such flag";

/// The folder of everything that is measured.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench");
/// What the last whole run found on each machine.
const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/bench/results");

/// Measures Coffer beside its rivals.
#[derive(Debug, Parser)]
struct Arguments {
    /// How much is measured
    #[arg(value_enum, default_value_t)]
    what: What,

    /// Measure only this row, or those with a prefix such as `s3-*`; may be repeated
    #[arg(long, value_name = "ROW")]
    only: Vec<String>,

    /// Measure this coffer instead of the one just built; the last one given counts
    #[arg(long, value_name = "FILE", overrides_with = "server")]
    server: Option<PathBuf>,

    /// Rounds of each contender
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,

    /// Save the counted instructions as the new figures to compare with
    #[arg(long)]
    write: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum What {
    /// Every row, in at most twenty minutes; writes results/MACHINE.md
    #[default]
    Full,
    /// Every row on smaller files, in two minutes
    Quick,
    /// More connections, larger files, more files; writes GROWTH.md
    Growth,
    /// Thousands of slow clients, and what they cost others; writes SLOW.md
    Slow,
    /// Instructions, compared with instructions.toml
    Instructions,
}

fn main() -> ExitCode {
    if let Some(code) = as_a_rival() {
        return code;
    }
    let arguments = Arguments::parse();
    process::raise_descriptors();
    match run(&arguments) {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("bench: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// This program is also some of the rivals, each in a process of its own.
fn as_a_rival() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let role = arguments.next()?;
    if role == rivals::s3::ROLE {
        rivals::s3::serve();
    } else if role == rivals::hyper::ROLE {
        let runtime = tokio::runtime::Runtime::new().ok()?;
        let root = PathBuf::from(arguments.next()?);
        if let Err(error) = runtime.block_on(rivals::hyper::serve(root)) {
            eprintln!("{error}");
        }
    } else {
        return None;
    }
    Some(ExitCode::FAILURE)
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut plan = match arguments.what {
        What::Full | What::Instructions | What::Slow => Plan::FULL,
        What::Quick => Plan::QUICK,
        What::Growth => Plan::GROWTH,
    };
    plan.rounds = arguments.rounds.unwrap_or(plan.rounds);
    let built = Path::new(env!("CARGO_BIN_EXE_coffer"));
    let bench = Bench {
        folder: PathBuf::from(FOLDER),
        server: arguments.server.clone().unwrap_or(built.to_owned()),
        plan,
        only: arguments.only.clone(),
    };
    std::fs::create_dir_all(bench.root()).map_err(|error| error.to_string())?;
    let good = match arguments.what {
        What::Full => compare(&bench, bench.only.is_empty())?,
        What::Quick => compare(&bench, false)?,
        What::Growth => growth::run(&bench).map(|()| true)?,
        What::Slow => slow::run(&bench).map(|()| true)?,
        What::Instructions => instructions::run(&bench, arguments.write)?,
    };
    Ok(match good {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Measures the rows, prints them and says whether all have figures.
fn compare(bench: &Bench, write: bool) -> Result<bool> {
    let begun = Instant::now();
    let rows = rows::all(bench);
    let took = begun.elapsed();
    let machine = machine::slug();
    let mut report = report(
        &bench.plan,
        &table::markdown(&rows),
        took.as_secs(),
        &machine,
    );
    if is_profiled(&bench.server) {
        report += "\nCoffer was optimised by a profile (`just profile`).\n";
    }
    println!("{report}");
    if write {
        let file = format!("{RESULTS}/{machine}.md");
        std::fs::write(&file, &report).map_err(|error| format!("{file}: {error}"))?;
        charts::ratios(&rows, &machine)?;
    }
    let failed = rows.iter().filter_map(table::Row::failure);
    let failed: Vec<_> = failed.filter(|reason| *reason != ABSENT).collect();
    for reason in &failed {
        eprintln!("bench: {reason}");
    }
    Ok(failed.is_empty())
}

/// Whether a program is what `just production` makes, and that uses a profile.
fn is_profiled(server: &Path) -> bool {
    let target = Path::new(FOLDER).join("..");
    let production = target.join("production/coffer").canonicalize().ok();
    production.is_some()
        && production == server.canonicalize().ok()
        && target.join("profile/coffer.profdata").exists()
}

/// The table with notes for its readers.
fn report(plan: &Plan, table: &str, seconds: u64, machine: &str) -> String {
    format!(
        "# Coffer beside its rivals\n\n\
         `just bench` on {}: {} rounds, interleaved, in {} min {} s. Server and load share \
         the processor, over loopback. Figures are medians, ratios the medians of each \
         round's ratio, spreads the minimum and the maximum.\n\n\
         ![Coffer compared with its rivals](../charts/ratios-{machine}.svg)\n\n{table}\n\
         Coffer runs with its defaults: a fresh instance for each request, a policy with tokens, \
         log and metrics on, every write durable before it is answered. nginx has sendfile \
         on, `open_file_cache` and, where nothing else is said, its access log off, two workers; \
         dufs' log is off; the bare server is a few lines on hyper.\n",
        machine::describe(),
        plan.rounds,
        seconds / 60,
        seconds % 60,
    )
}
