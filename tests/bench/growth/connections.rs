//! More connections, each with one request after another.

use super::{Growth, Point, medians};
use crate::Result;
use crate::bench::Bench;
use crate::charts::{self, Axes};
use crate::coffer::Setup;
use crate::files;
use crate::load::{Request, wrk};
use crate::rivals::nginx::Nginx;
use crate::table::whole;

const SIZE: usize = 4096;
const STEPS: [u64; 7] = [1, 4, 16, 64, 256, 1024, 4096];

/// Measures, draws and reports.
pub fn run(bench: &Bench) -> Result<String> {
    bench.rival_file("small", SIZE as u64)?;
    let coffer = Setup::new(bench, "growth").start()?;
    let get = coffer.stored("/v1/public/files/small", &files::content(SIZE))?;
    let nginx = Nginx::start(&bench.folder.join("nginx"), &bench.root())?;
    let rival = Request::get(nginx.address, "/small");
    let turn = bench.plan.turn;
    let mut points = Vec::new();
    for count in STEPS {
        let run = |request: &Request| wrk::requests_per_second(request, count, turn, 200, SIZE);
        let mut figures = medians(bench, &mut [&mut || run(&get), &mut || run(&rival)])?;
        figures.push(coffer.process.resident_mib()?);
        figures.push(nginx.process.resident_with_children_mib()?);
        eprintln!("  {count}: {figures:.0?}");
        points.push(Point {
            at: count as f64,
            figures,
        });
    }
    let growth = Growth {
        title: "Connections",
        what: "connections",
        columns: &[
            "Coffer, req/s",
            "nginx, req/s",
            "Coffer, MiB resident",
            "nginx, MiB resident",
        ],
        points,
        charts: &["connections", "connections-memory"],
    };
    let mark: fn(&f64) -> String = |count| whole(*count);
    let mut axes = Axes {
        title: "4 KiB GETs by number of connections",
        across: "connections",
        up: "requests per second",
        logarithmic: false,
        mark,
    };
    charts::lines("connections", &axes, &growth.lines(&[0, 1]))?;
    axes.title = "Memory by number of connections, after their load";
    axes.up = "MiB resident";
    charts::lines("connections-memory", &axes, &growth.lines(&[2, 3]))?;
    Ok(growth.markdown(mark))
}
