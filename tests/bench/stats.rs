//! Medians, spreads and paired ratios.

/// The figures of one contender, one per round.
#[derive(Debug, Clone, Default)]
pub struct Figures(pub Vec<f64>);

impl Figures {
    /// The middle one, or the mean of the two in the middle.
    pub fn median(&self) -> f64 {
        let sorted = self.sorted();
        let middle = sorted.len() / 2;
        match sorted.as_slice() {
            [] => f64::NAN,
            all if all.len() % 2 == 1 => all[middle],
            all => f64::midpoint(all[middle - 1], all[middle]),
        }
    }

    /// The minimum and the maximum.
    pub fn spread(&self) -> (f64, f64) {
        let sorted = self.sorted();
        let ends = sorted.first().zip(sorted.last());
        ends.map_or((f64::NAN, f64::NAN), |(least, most)| (*least, *most))
    }

    /// Ratios round by round: what disturbs a whole round disturbs both.
    pub fn over(&self, other: &Self) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        Self(pairs.map(|(mine, theirs)| mine / theirs).collect())
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}
