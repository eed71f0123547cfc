//! What was found, as it comes and at last as a table.

use std::time::Duration;

use crate::Check;
use crate::service::{Kind, Unavailable};

/// What a check has found: what there is to say, and what does not hold.
#[derive(Debug, Default)]
pub struct Finding {
    /// In a few words: figures, what the host says.
    pub notes: Vec<String>,
    /// One sentence each.
    pub failures: Vec<String>,
}

impl Finding {
    /// Adds what there is to say.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(shortened(&note.into(), 500));
    }

    /// Adds what does not hold.
    pub fn fail(&mut self, failure: impl Into<String>) {
        self.failures.push(shortened(&failure.into(), 500));
    }
}

/// All that was found.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<(Kind, String, bool)>,
    checked: usize,
}

impl Report {
    /// Notes a check, and shows what it found.
    pub fn checked(&mut self, kind: Kind, check: Check, finding: Finding, took: Duration) {
        let name = format!("{kind} {}", format!("{check:?}").to_lowercase());
        for note in &finding.notes {
            println!("{name}: {note}");
        }
        for failure in &finding.failures {
            println!("{name}: FAILED: {failure}");
        }
        let (good, took) = (finding.failures.is_empty(), took.as_secs());
        let outcome = match finding.failures.len() {
            0 => format!("ok ({took} s)"),
            count => format!("{count} failed ({took} s)"),
        };
        println!("{name}: {outcome}");
        self.checked += 1;
        let check = format!("{check:?}").to_lowercase();
        self.rows.push((kind, format!("{check}: {outcome}"), good));
    }

    /// Notes a service that cannot be had, or does not start.
    pub fn unavailable(&mut self, kind: Kind, unavailable: Unavailable) {
        let (outcome, good) = match unavailable {
            Unavailable::Missing(what) => (format!("left out: {what}"), true),
            Unavailable::Broken(cause) => (format!("does not start: {cause}"), false),
        };
        println!("{kind}: {outcome}");
        self.rows.push((kind, outcome, good));
    }

    /// Shows the table.
    pub fn print(&self) {
        println!();
        for (kind, outcome, _) in &self.rows {
            println!("{:<11} {outcome}", kind.to_string());
        }
        if self.checked == 0 {
            println!("nothing was checked");
        }
    }

    /// Whether something was checked, and all of it holds.
    pub fn is_good(&self) -> bool {
        self.checked > 0 && self.rows.iter().all(|(_, _, good)| *good)
    }
}

/// The beginning of a text, in one line.
pub fn shortened(text: &str, length: usize) -> String {
    let mut short: String = text.chars().take(length).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short.replace('\n', " / ")
}
