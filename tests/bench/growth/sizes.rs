//! Larger files, up and down, on one connection.

use super::{Growth, Point, medians};
use crate::Result;
use crate::bench::Bench;
use crate::charts::{self, Axes};
use crate::coffer::Setup;
use crate::files;
use crate::load::{Request, curl, wrk};
use crate::rivals::nginx::Nginx;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
/// By wrk up to this size, by curl from there on.
const SMALL: u64 = MIB;
const STEPS: [u64; 9] = [
    0,
    64,
    4 * KIB,
    64 * KIB,
    MIB,
    16 * MIB,
    256 * MIB,
    1024 * MIB,
    4096 * MIB,
];

/// Measures, draws and reports.
pub fn run(bench: &Bench) -> Result<String> {
    crate::bench::fresh(&bench.folder.join("growth-sizes"))?;
    let scratch = bench.folder.join("scratch");
    crate::bench::fresh(&scratch)?;
    let coffer = Setup::new(bench, "growth-sizes").start()?;
    let nginx = Nginx::start(&bench.folder.join("nginx"), &scratch)?;
    let mut points = Vec::new();
    let mut turns = 0;
    for size in STEPS {
        let content = files::of_size(bench.folder.join(format!("size-{size}")), size)?;
        let target = format!("/v1/public/files/size-{size}");
        let rival = format!("/size-{size}");
        curl::put(coffer.address, &target, &content)?;
        curl::put(nginx.address, &rival, &content)?;
        let get = |address, target: &str| match usize::try_from(size) {
            Ok(body) if size <= SMALL => {
                let request = Request::get(address, target);
                let rate = wrk::requests_per_second(&request, 1, bench.plan.turn, 200, body)?;
                Ok(1.0 / rate)
            }
            _ => Ok(seconds(size, curl::download(address, target, size)?)),
        };
        let mut put = |address, folder: &str| match usize::try_from(size) {
            Ok(body) if size <= SMALL => {
                turns += 1;
                let request = Request::get(address, &format!("{folder}/put/{turns}"));
                files::settle();
                let rate = wrk::stored_per_second(&request, 1, bench.plan.turn, body)?;
                Ok(1.0 / rate)
            }
            _ => {
                files::settle();
                Ok(seconds(
                    size,
                    curl::put(address, &format!("{folder}/put/large"), &content)?,
                ))
            }
        };
        let files = "/v1/public/files";
        let gets = medians(
            bench,
            &mut [&mut || get(coffer.address, &target), &mut || {
                get(nginx.address, &rival)
            }],
        )?;
        let mine = medians(bench, &mut [&mut || put(coffer.address, files)])?;
        let theirs = match size {
            // nginx does not accept a PUT without a body.
            0 => vec![f64::NAN],
            _ => medians(bench, &mut [&mut || put(nginx.address, "")])?,
        };
        let figures: Vec<f64> = [gets, mine, theirs].concat();
        let mut figures: Vec<f64> = figures.iter().map(|seconds| seconds * 1e3).collect();
        figures.push(coffer.process.resident_mib()?);
        eprintln!("  {size}: {figures:.2?}");
        points.push(Point {
            at: size as f64,
            figures,
        });
    }
    tell(points)
}

fn seconds(size: u64, mib_per_second: f64) -> f64 {
    size as f64 / MIB as f64 / mib_per_second
}

fn tell(points: Vec<Point>) -> Result<String> {
    let growth = Growth {
        title: "File sizes",
        what: "size",
        columns: &[
            "Coffer GET, ms",
            "nginx GET, ms",
            "Coffer PUT (durable), ms",
            "nginx PUT (not durable), ms",
            "Coffer, MiB resident",
        ],
        points,
        charts: &["sizes", "sizes-memory"],
    };
    let mut axes = Axes {
        title: "Throughput by file size, one connection",
        across: "file size",
        up: "MiB per second",
        logarithmic: true,
        mark,
    };
    let mut lines = growth.lines(&[0, 1, 2, 3]);
    for line in &mut lines {
        line.name = line.name.replace(", ms", "");
        for (size, milliseconds) in &mut line.points {
            *milliseconds = *size / MIB as f64 / (*milliseconds / 1e3);
        }
    }
    charts::lines("sizes", &axes, &lines)?;
    axes.title = "Memory by file size, after the transfers";
    axes.up = "MiB resident";
    axes.logarithmic = false;
    charts::lines("sizes-memory", &axes, &growth.lines(&[4]))?;
    Ok(growth.markdown(mark))
}

fn mark(size: &f64) -> String {
    let units = [
        (1024.0 * MIB as f64, "GiB"),
        (MIB as f64, "MiB"),
        (KIB as f64, "KiB"),
    ];
    let fitting = units.iter().find(|(unit, _)| size >= unit);
    match fitting {
        Some((unit, name)) => format!("{:.0} {name}", size / unit),
        None => format!("{size:.0} B"),
    }
}
