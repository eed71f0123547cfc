//! Charts as SVG, by plotters' vector backend: text stays text, so no font is needed here.

use std::path::{Path, PathBuf};

use plotters::coord::ranged1d::AsRangedCoord;
use plotters::prelude::*;

use crate::Result;
use crate::table::{Better, Row, number};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/bench/charts");
const FONT: &str = "sans-serif";
const COLOURS: [RGBColor; 5] = [
    RGBColor(0x1f, 0x6f, 0xb4),
    RGBColor(0xd9, 0x5f, 0x02),
    RGBColor(0x2c, 0x8c, 0x4b),
    RGBColor(0x7b, 0x4a, 0xa8),
    RGBColor(0x80, 0x80, 0x80),
];
const SHORT: RGBColor = RGBColor(0xc4, 0x4e, 0x52);

/// A line of a chart: a name, and points in ascending order.
pub struct Line {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// The titles of a chart and its axes; the horizontal one is logarithmic.
pub struct Axes<'t> {
    pub title: &'t str,
    pub across: &'t str,
    pub up: &'t str,
    /// Whether the vertical axis is logarithmic too.
    pub logarithmic: bool,
    /// Formats a figure of the horizontal axis.
    pub mark: fn(&f64) -> String,
}

/// Draws lines into `charts/NAME.svg`.
pub fn lines(name: &str, axes: &Axes, lines: &[Line]) -> Result<PathBuf> {
    let path = file(name)?;
    let points = || lines.iter().flat_map(|line| &line.points);
    let ends = |of: fn(&(f64, f64)) -> f64| {
        let figures = || points().map(of);
        let least = figures().fold(f64::INFINITY, f64::min);
        (least, figures().fold(f64::NEG_INFINITY, f64::max))
    };
    let ((left, right), (low, high)) = (ends(|point| point.0), ends(|point| point.1));
    let across = (left..right.max(left * 2.0)).log_scale();
    let drawn = if axes.logarithmic {
        let up = (low.max(0.001) / 1.5..high * 1.5).log_scale();
        draw(&path, axes, lines, across, up)
    } else {
        draw(&path, axes, lines, across, 0.0..high * 1.15)
    };
    drawn.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

fn draw<X, Y>(
    path: &Path,
    axes: &Axes,
    lines: &[Line],
    across: X,
    up: Y,
) -> std::result::Result<(), Box<dyn std::error::Error>>
where
    X: AsRangedCoord<Value = f64>,
    Y: AsRangedCoord<Value = f64>,
    X::CoordDescType: plotters::coord::ranged1d::ValueFormatter<f64>,
    Y::CoordDescType: plotters::coord::ranged1d::ValueFormatter<f64>,
{
    let area = SVGBackend::new(path, (760, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(axes.title, (FONT, 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(72)
        .build_cartesian_2d(across, up)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(0xe4, 0xe4, 0xe4))
        .x_desc(axes.across)
        .y_desc(axes.up)
        .x_label_formatter(&axes.mark)
        .y_label_formatter(&|figure| number(*figure))
        .label_style((FONT, 13))
        .axis_desc_style((FONT, 14))
        .draw()?;
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        chart
            .draw_series(LineSeries::new(
                line.points.iter().copied(),
                colour.stroke_width(2),
            ))?
            .label(&line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        let dots = line
            .points
            .iter()
            .map(|at| Circle::new(*at, 3, colour.filled()));
        chart.draw_series(dots)?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.85))
        .label_font((FONT, 13))
        .draw()?;
    area.present()?;
    Ok(())
}

/// Draws each row's ratio as a bar beside its target: `charts/ratios-MACHINE.svg`. Where less
/// is better the bar is the reciprocal, so that longer is better for all.
pub fn ratios(rows: &[Row], machine: &str) -> Result<PathBuf> {
    let path = file(&format!("ratios-{machine}"))?;
    let bars: Vec<Bar> = rows.iter().filter_map(Bar::of).collect();
    draw_bars(&path, &bars).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

struct Bar {
    name: String,
    ratio: f64,
    target: Option<f64>,
}

impl Bar {
    fn of(row: &Row) -> Option<Self> {
        let ratio = row.ratio()?.median();
        let (rival, _) = row.rival.as_ref()?;
        let turned = row.goal.is_some_and(|goal| goal.better == Better::Less);
        let turn = |figure: f64| if turned { 1.0 / figure } else { figure };
        Some(Self {
            name: format!("{} : {rival}", row.work),
            ratio: turn(ratio),
            target: row.goal.map(|goal| turn(goal.target)),
        })
    }
}

/// Bars on a logarithmic scale around 1, where Coffer and its rival are equal.
fn draw_bars(path: &Path, bars: &[Bar]) -> std::result::Result<(), Box<dyn std::error::Error>> {
    const LINE: i32 = 26;
    const LEFT: i32 = 560;
    const WIDTH: i32 = 330;
    const TOP: i32 = 56;
    let height = TOP + LINE * i32::try_from(bars.len())? + 20;
    let area = SVGBackend::new(path, (960, u32::try_from(height)?)).into_drawing_area();
    area.fill(&WHITE)?;
    let (least, most) = (0.05_f64, 20.0_f64);
    let place = |ratio: f64| {
        let share = (ratio.clamp(least, most) / least).ln() / (most / least).ln();
        LEFT + (share * f64::from(WIDTH)) as i32
    };
    let text = |size: i32| (FONT, size).into_font().color(&BLACK);
    let title = "Coffer compared with its rival; longer is better, 1 is equal, | is the target";
    area.draw_text(title, &text(17), (16, 12))?;
    for mark in [0.1, 0.5, 1.0, 2.0, 10.0] {
        let x = place(mark);
        let colour = if mark == 1.0 {
            RGBColor(0x80, 0x80, 0x80)
        } else {
            RGBColor(0xe0, 0xe0, 0xe0)
        };
        area.draw(&PathElement::new([(x, TOP - 4), (x, height - 12)], colour))?;
        area.draw_text(&format!("{mark}"), &text(12), (x - 8, TOP - 18))?;
    }
    for (index, bar) in bars.iter().enumerate() {
        let y = TOP + LINE * i32::try_from(index)? + 4;
        let reached = bar.target.is_none_or(|target| bar.ratio >= target);
        let colour = match (bar.target, reached) {
            (None, _) => COLOURS[4],
            (_, true) => COLOURS[2],
            (_, false) => SHORT,
        };
        area.draw_text(&bar.name, &text(13), (16, y + 2))?;
        area.draw(&Rectangle::new(
            [(LEFT, y), (place(bar.ratio), y + 16)],
            colour.filled(),
        ))?;
        if let Some(target) = bar.target {
            let x = place(target);
            area.draw(&PathElement::new(
                [(x, y - 3), (x, y + 19)],
                BLACK.stroke_width(2),
            ))?;
        }
        area.draw_text(&number(bar.ratio), &text(13), (LEFT + WIDTH + 14, y + 2))?;
    }
    area.present()?;
    Ok(())
}

fn file(name: &str) -> Result<PathBuf> {
    std::fs::create_dir_all(FOLDER).map_err(|error| format!("{FOLDER}: {error}"))?;
    Ok(Path::new(FOLDER).join(format!("{name}.svg")))
}
