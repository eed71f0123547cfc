//! Contenders that do the same work in interleaved rounds: A, B, C, A, B, C, and so on.

use std::collections::BTreeMap;

use crate::Result;
use crate::rows::Pairing;
use crate::stats::Figures;

/// One contender's work: one round of it, and the resulting figure.
type Work<'a> = Box<dyn FnMut() -> Result<f64> + 'a>;

/// The contenders of some rows of the table.
pub struct Contest<'a> {
    wanted: Vec<&'static str>,
    contenders: Vec<(&'static str, Work<'a>)>,
}

/// The figures of each contender, or why it has none.
pub type Outcome = BTreeMap<&'static str, Result<Figures>>;

impl<'a> Contest<'a> {
    /// With the contenders that these rows compare.
    pub fn of(rows: &[Pairing]) -> Self {
        Self {
            wanted: rows.iter().flat_map(|row| [row.mine, row.theirs]).collect(),
            contenders: vec![],
        }
    }

    /// Adds a contender, if a row wants it.
    pub fn enter(&mut self, name: &'static str, work: impl FnMut() -> Result<f64> + 'a) {
        if self.wanted.contains(&name) {
            self.contenders.push((name, Box::new(work)));
        }
    }

    /// Runs all rounds. A contender that fails once is out, without any figure.
    pub fn run(mut self, rounds: usize) -> Outcome {
        let mut outcome = Outcome::new();
        for round in 1..=rounds {
            for (name, work) in &mut self.contenders {
                let so_far = outcome
                    .entry(name)
                    .or_insert_with(|| Ok(Figures::default()));
                let Ok(figures) = so_far else { continue };
                match work() {
                    Ok(figure) => {
                        eprintln!("  {round}/{rounds} {name}: {figure:.2}");
                        figures.0.push(figure);
                    }
                    Err(reason) => {
                        eprintln!("  {round}/{rounds} {name}: {reason}");
                        *so_far = Err(reason);
                    }
                }
            }
        }
        outcome
    }
}
