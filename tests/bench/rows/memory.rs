//! Resident memory: idle, per stream in flight, with idle connections.

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::large::TARGET;
use crate::bench::{Bench, fresh};
use crate::coffer::{Coffer, Setup};
use crate::load::{curl, probe};
use crate::stats::Figures;
use crate::table::{Goal, Row};
use crate::{Result, files};

/// How many streams run at once; figures are their total divided by this.
const STREAMS: usize = 4;
const IDLE_CONNECTIONS: usize = 1000;

/// Measures them.
pub fn rows(bench: &Bench) -> Vec<Row> {
    let large = bench.plan.large_name();
    type Measure = fn(&Bench, &Coffer) -> Result<f64>;
    let measures: [(&'static str, String, f64, Measure); 4] = [
        (
            "memory-idle",
            "memory, idle".to_owned(),
            60.0,
            |_, coffer| coffer.process.resident_mib(),
        ),
        (
            "memory-get",
            format!("memory per {large} download in flight"),
            20.0,
            |bench, coffer| streams(bench, coffer, false),
        ),
        (
            "memory-put",
            format!("memory per {large} upload in flight"),
            20.0,
            |bench, coffer| streams(bench, coffer, true),
        ),
        (
            "memory-connections",
            "memory for 1,000 idle keep-alive connections".to_owned(),
            80.0,
            |_, coffer| connections(coffer),
        ),
    ];
    let mut rows = Vec::new();
    for (name, work, most, measure) in measures {
        if !bench.wants(name) {
            continue;
        }
        let each = |_| {
            fresh(&bench.folder.join("memory"))?;
            prepare(bench)?;
            // On a server that has served nothing yet.
            measure(bench, &Setup::new(bench, "memory").start()?)
        };
        let figures: Result<Vec<f64>> = (0..bench.plan.rounds.min(3)).map(each).collect();
        eprintln!("  {name}: {figures:.1?}");
        rows.push(Row {
            name,
            work,
            unit: "MiB",
            coffer: figures.map(Figures),
            rival: None,
            goal: Some(Goal::most(most, None)),
        });
    }
    rows
}

/// Stores the file that streams download.
fn prepare(bench: &Bench) -> Result<()> {
    let size = bench.plan.large;
    let source = files::of_size(bench.folder.join(format!("source-{size}")), size)?;
    let coffer = Setup::new(bench, "memory").start()?;
    curl::put(coffer.address, TARGET, &source)?;
    coffer.process.stop()
}

/// The peak memory that streams add while they run, per stream, in MiB.
fn streams(bench: &Bench, coffer: &Coffer, up: bool) -> Result<f64> {
    let size = bench.plan.large;
    let source = files::of_size(bench.folder.join(format!("source-{size}")), size)?;
    let before = coffer.process.resident_mib()?;
    let over = AtomicBool::new(false);
    let most = thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut most = before;
            while !over.load(Ordering::Relaxed) {
                most = most.max(coffer.process.resident_mib()?);
                thread::sleep(Duration::from_millis(5));
            }
            Ok::<_, String>(most)
        });
        let transfers: Vec<_> = (0..STREAMS)
            .map(|number| {
                let source = &source;
                scope.spawn(move || match up {
                    true => curl::put(coffer.address, &format!("{TARGET}-{number}"), source),
                    false => curl::download(coffer.address, TARGET, size),
                })
            })
            .collect();
        let mut done = Ok(());
        for transfer in transfers {
            let ended = transfer.join().map_err(|_| "a transfer panicked")?;
            done = done.and(ended.map(drop));
        }
        over.store(true, Ordering::Relaxed);
        let most = watcher.join().map_err(|_| "the watcher panicked")??;
        done.map(|()| most)
    })?;
    Ok((most - before) / STREAMS as f64)
}

/// The memory of connections that have made one request each, in MiB.
fn connections(coffer: &Coffer) -> Result<f64> {
    let request = coffer.stored(super::small::TARGET, &files::content(4096))?;
    let before = coffer.process.resident_mib()?;
    let mut kept = Vec::new();
    for _ in 0..IDLE_CONNECTIONS {
        let stream = TcpStream::connect(coffer.address);
        let mut stream = stream.map_err(|error| error.to_string())?;
        probe::send_on(&mut stream, &request, b"")?.must_be(200, 4096)?;
        kept.push(stream);
    }
    let after = coffer.process.resident_mib()?;
    Ok(after - before)
}
