//! More files in the store.

use std::time::{Duration, Instant};

use super::{Growth, Point, medians};
use crate::Result;
use crate::bench::{Bench, fresh};
use crate::charts::{self, Axes};
use crate::coffer::Setup;
use crate::files;
use crate::fill::{fill, page};
use crate::load::{Request, wrk};
use crate::table::number;

const SIZE: usize = 4096;
const CONNECTIONS: u64 = 64;
const STEPS: [u64; 4] = [1000, 10_000, 100_000, 1_000_000];
/// For all steps together.
const PATIENCE: Duration = Duration::from_secs(900);

/// Measures, draws and reports.
pub fn run(bench: &Bench) -> Result<String> {
    // The rows of lists then find it filled.
    fresh(&bench.folder.join("list-many"))?;
    let coffer = Setup::new(bench, "list-many").start()?;
    let get = coffer.stored("/v1/public/files/small", &files::content(SIZE))?;
    let turn = bench.plan.turn;
    let (mut points, begun) = (Vec::new(), Instant::now());
    let mut turns = 0;
    for count in STEPS {
        let left = PATIENCE.saturating_sub(begun.elapsed());
        let filling = Instant::now();
        let count = fill(&coffer, "", count, left)?;
        let took = filling.elapsed();
        let (list, body) = page(&coffer)?;
        let mut figures = medians(
            bench,
            &mut [
                &mut || wrk::requests_per_second(&get, CONNECTIONS, turn, 200, SIZE),
                &mut || wrk::requests_per_second(&list, CONNECTIONS, turn, 200, body),
                &mut || {
                    turns += 1;
                    let folder = format!("/v1/public/files/fresh/{turns}");
                    let request = Request::get(coffer.address, &folder);
                    wrk::stored_per_second(&request, CONNECTIONS, turn, SIZE)
                },
            ],
        )?;
        figures.push(coffer.process.resident_mib()?);
        figures.push(took.as_secs_f64());
        eprintln!("  {count}: {figures:.1?}");
        points.push(Point {
            at: count as f64,
            figures,
        });
        if left.is_zero() {
            break;
        }
    }
    tell(points)
}

fn tell(points: Vec<Point>) -> Result<String> {
    let growth = Growth {
        title: "Files in the store",
        what: "files",
        columns: &[
            "4 KiB GET, req/s",
            "page of 100, req/s",
            "4 KiB durable PUT, files/s",
            "MiB resident",
            "s to fill up to here, in forms of 100",
        ],
        points,
        charts: &["files", "files-memory"],
    };
    let mark: fn(&f64) -> String = |figure| number(*figure);
    let mut axes = Axes {
        title: "Throughput by number of files, 64 connections",
        across: "files in the store",
        up: "requests per second",
        logarithmic: true,
        mark,
    };
    charts::lines("files", &axes, &growth.lines(&[0, 1, 2]))?;
    axes.title = "Memory by number of files";
    axes.up = "MiB resident";
    axes.logarithmic = false;
    charts::lines("files-memory", &axes, &growth.lines(&[3]))?;
    Ok(growth.markdown(mark))
}
