//! Throughput and memory as connections, files and their sizes grow:
//! `just bench growth`.

mod connections;
mod files;
mod sizes;

use crate::Result;
use crate::bench::Bench;
use crate::charts::Line;
use crate::machine;
use crate::stats::Figures;
use crate::table::number;

const REPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/bench/GROWTH.md");

/// One point on the horizontal axis, and what was measured there, in the order of the
/// growth's columns.
struct Point {
    at: f64,
    figures: Vec<f64>,
}

/// What grew, and the figures measured for it.
struct Growth {
    title: &'static str,
    what: &'static str,
    columns: &'static [&'static str],
    points: Vec<Point>,
    charts: &'static [&'static str],
}

impl Growth {
    /// Columns as lines; those that are not finite anywhere have gaps there.
    fn lines(&self, columns: &[usize]) -> Vec<Line> {
        let line = |&column: &usize| Line {
            name: self.columns[column].to_owned(),
            points: self
                .points
                .iter()
                .map(|point| (point.at, point.figures[column]))
                .filter(|(at, figure)| *at > 0.0 && figure.is_finite() && *figure > 0.0)
                .collect(),
        };
        columns.iter().map(line).collect()
    }

    fn markdown(&self, mark: fn(&f64) -> String) -> String {
        let mut text = format!("## {}\n\n", self.title);
        for chart in self.charts {
            text += &format!("![{}](charts/{chart}.svg)\n", self.title);
        }
        text += &format!("\n| {} | {} |\n", self.what, self.columns.join(" | "));
        text += &format!("|---|{}\n", "---|".repeat(self.columns.len()));
        for point in &self.points {
            let figures: Vec<_> = point
                .figures
                .iter()
                .map(|figure| match figure.is_finite() {
                    true => number(*figure),
                    false => String::new(),
                })
                .collect();
            text += &format!("| {} | {} |\n", mark(&point.at), figures.join(" | "));
        }
        text
    }
}

/// Measures all growth, draws the charts and writes the report.
pub fn run(bench: &Bench) -> Result<()> {
    let mut report = format!(
        "# How Coffer grows\n\n`just bench growth` on {}: medians of {} rounds, \
         beside nginx. Server and load share the processor.\n",
        machine::describe(),
        bench.plan.rounds
    );
    type Measure = fn(&Bench) -> Result<String>;
    let measures: [(&str, Measure); 3] = [
        ("connections", connections::run),
        ("sizes", sizes::run),
        ("files", files::run),
    ];
    for (name, measure) in measures {
        if bench.wants(name) {
            eprintln!("growth of {name}");
            report += &format!("\n{}", measure(bench)?);
            crate::files::settle();
        }
    }
    println!("{report}");
    if bench.only.is_empty() {
        std::fs::write(REPORT, &report).map_err(|error| format!("{REPORT}: {error}"))?;
    }
    Ok(())
}

/// The medians of the plan's rounds of each of these, interleaved.
fn medians(bench: &Bench, works: &mut [&mut dyn FnMut() -> Result<f64>]) -> Result<Vec<f64>> {
    let mut figures = vec![Figures::default(); works.len()];
    for _ in 0..bench.plan.rounds {
        for (work, figures) in works.iter_mut().zip(&mut figures) {
            figures.0.push(work()?);
        }
    }
    Ok(figures.iter().map(Figures::median).collect())
}
