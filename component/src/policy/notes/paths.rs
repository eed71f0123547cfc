//! Paths that decide nothing, or not about what they seem to.

use super::{Notes, Place, iam};
use crate::area::Area;
use crate::policy::Policy;
use crate::policy::pattern::{Effort, Pattern};
use crate::policy::source::{Section, Written};

/// How many comparisons of segments finding hidden paths may take, together: some tens of
/// milliseconds. What is beyond is not noted.
const EFFORT: usize = 10_000_000;

/// Checks the paths of one area.
pub(super) fn look(section: &Section<'_>, area: Area, policy: &Policy, notes: &mut Notes) {
    let key = format!("{area}.paths");
    let mut earlier: Vec<(Written<'_>, Vec<u8>)> = Vec::new();
    let mut effort = Effort::new(EFFORT);
    for path in section.tables("paths") {
        let Some(written) = path.text("match") else {
            continue;
        };
        let Ok(encoded) = Pattern::parse(written.text) else {
            continue;
        };
        let place = Place {
            name: format!("{key} {:?} ", shown(written.text)),
            area,
        };
        super::each(&path, &place, policy, notes);
        let pattern = Pattern::new(&encoded);
        placeholders(written, pattern, &key, policy, notes);
        let hides = |(_, earlier): &&(Written<'_>, Vec<u8>)| {
            Pattern::new(earlier).includes(pattern, &mut effort)
        };
        if let Some((by, _)) = earlier.iter().find(hides) {
            let text = format!(
                "has no effect: {:?} in line {} comes first and matches every name that it does",
                shown(by.text),
                by.line
            );
            notes.at(written, &key, &text);
        }
        earlier.push((written, encoded));
    }
}

/// Placeholders that nothing fills, or something other than what they seem to say.
fn placeholders(
    written: Written<'_>,
    pattern: Pattern<'_>,
    key: &str,
    policy: &Policy,
    notes: &mut Notes,
) {
    if policy.iam().is_none() && pattern.depends_on_token() {
        let text = "matches no name: there is no [iam], so tokens are ignored and nothing fills \
                    its placeholder";
        return notes.at(written, key, text);
    }
    let (claims, _) = pattern.questions();
    for pointer in claims {
        if let Some(text) = iam::misread(pointer) {
            notes.at(
                written,
                key,
                &format!("has the claim {pointer:?}, which {text}"),
            );
        }
    }
}

fn shown(pattern: &str) -> String {
    pattern.chars().take(100).collect()
}
