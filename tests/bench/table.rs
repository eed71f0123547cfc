//! The table: Coffer beside its rivals and its targets.

use std::fmt::Write;

use crate::Result;
use crate::stats::Figures;

/// Which figures are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    More,
    Less,
}

/// The target of a row: of the ratio, or of the figure if there is no rival.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    pub better: Better,
    pub target: f64,
    pub stretch: Option<f64>,
}

impl Goal {
    /// At least this.
    pub const fn least(target: f64, stretch: f64) -> Self {
        Self {
            better: Better::More,
            target,
            stretch: Some(stretch),
        }
    }

    /// At most this.
    pub const fn most(target: f64, stretch: Option<f64>) -> Self {
        Self {
            better: Better::Less,
            target,
            stretch,
        }
    }

    fn reached(self, figure: f64) -> &'static str {
        let fits = |limit: f64| match self.better {
            Better::More => figure >= limit,
            Better::Less => figure <= limit,
        };
        match self.stretch {
            Some(stretch) if fits(stretch) => "stretch",
            _ if fits(self.target) => "target",
            _ => "short",
        }
    }
}

/// One row.
pub struct Row {
    /// What `--only` finds it by.
    pub name: &'static str,
    pub work: String,
    pub unit: &'static str,
    pub coffer: Result<Figures>,
    pub rival: Option<(String, Result<Figures>)>,
    pub goal: Option<Goal>,
}

impl Row {
    /// The ratio of Coffer to its rival, round by round.
    pub fn ratio(&self) -> Option<Figures> {
        let (_, rival) = self.rival.as_ref()?;
        Some(self.coffer.as_ref().ok()?.over(rival.as_ref().ok()?))
    }

    /// Why it has no figure.
    pub fn failure(&self) -> Option<&str> {
        let rival = self
            .rival
            .as_ref()
            .and_then(|(_, rival)| rival.as_ref().err());
        self.coffer.as_ref().err().or(rival).map(String::as_str)
    }

    fn line(&self) -> String {
        let figure = |figures: &Result<Figures>| match figures {
            Ok(figures) => format!("{} {}", number(figures.median()), self.unit),
            Err(reason) => format!("failed: {}", reason.replace('|', "\\|").replace('\n', " ")),
        };
        let judged = match &self.rival {
            Some(_) => self.ratio(),
            None => self.coffer.clone().ok(),
        };
        let (unit, is_ratio) = match self.rival {
            Some(_) => ("", true),
            None => (self.unit, false),
        };
        let mut cells = vec![
            format!("`{}`", self.name),
            self.work.clone(),
            figure(&self.coffer),
            match &self.rival {
                Some((name, figures)) => format!("{name}: {}", figure(figures)),
                None => String::new(),
            },
        ];
        let judged = judged.filter(|figures| !figures.0.is_empty());
        cells.push(match &judged {
            Some(ratio) if is_ratio => format!("**{}**", number(ratio.median())),
            _ => String::new(),
        });
        cells.push(judged.as_ref().map_or(String::new(), |figures| {
            let (least, most) = figures.spread();
            format!("{} … {}", number(least), number(most))
        }));
        match self.goal {
            None => cells.extend([String::new(), String::new(), String::new()]),
            Some(goal) => {
                let limit = |limit: f64| {
                    let sign = if goal.better == Better::More {
                        "≥"
                    } else {
                        "≤"
                    };
                    format!("{sign} {} {unit}", number(limit)).trim().to_owned()
                };
                cells.push(limit(goal.target));
                cells.push(goal.stretch.map_or(String::new(), limit));
                cells.push(judged.map_or(String::new(), |figures| {
                    goal.reached(figures.median()).to_owned()
                }));
            }
        }
        format!("| {} |", cells.join(" | "))
    }
}

/// The rows as a Markdown table.
pub fn markdown(rows: &[Row]) -> String {
    let mut table = String::from(
        "| row | work | Coffer | rival | ratio | spread | target | stretch | reached |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{}", row.line());
    }
    table
}

/// About three digits, thousands in groups.
pub fn number(figure: f64) -> String {
    let size = figure.abs();
    if size < 9.995 {
        return format!("{figure:.2}");
    }
    if size < 99.95 {
        return format!("{figure:.1}");
    }
    whole(figure)
}

/// A whole number, thousands in groups.
pub fn whole(figure: f64) -> String {
    let whole = format!("{figure:.0}");
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
