//! What the operator should know about a policy: its modes, and what is valid but probably
//! a mistake, with its line.

mod iam;
mod media;
mod paths;
mod rules;

use super::source::{Section, Source, Written};
use super::{Operation, Policy, Word};
use crate::area::Area;

/// Notes in the order of their lines.
#[derive(Default)]
struct Notes(Vec<(usize, String)>);

impl Notes {
    /// Adds a note about the value of a key.
    fn at(&mut self, written: Written<'_>, key: &str, text: &str) {
        let shown: String = written.text.chars().take(100).collect();
        self.line(written.line, &format!("{key}: {shown:?} {text}"));
    }

    fn line(&mut self, line: usize, text: &str) {
        self.0.push((line, text.to_owned()));
    }
}

impl Policy {
    /// Notices for the operator at startup, at `now` (seconds since 1970), a sentence or two
    /// each. `document` is what the policy was read from, for the line numbers of probable
    /// mistakes.
    pub(crate) fn notices(&self, document: &str, now: u64) -> Vec<String> {
        let mut notices = Vec::new();
        if self.iam().is_none() {
            notices.push(self.public_only_notice());
        }
        if self.stated.development {
            notices.push(
                "DEVELOPMENT MODE: tokens made by `coffer token` are trusted. Anyone who can read \
                 the data directory can impersonate any user; not for real data."
                    .to_owned(),
            );
        }
        notices.extend(of(document, self, now));
        notices
    }

    fn public_only_notice(&self) -> String {
        let free: Vec<_> = Operation::ALL
            .into_iter()
            .filter(|&operation| {
                let all = self.all_applied(Area::Public);
                all.iter()
                    .any(|applied| applied.words(operation).contains(&Word::Anyone))
            })
            .map(Operation::name)
            .collect();
        let who = if free.is_empty() {
            "its rules allow nothing".to_owned()
        } else {
            format!(
                "ANYONE who can reach this service may {} files there",
                free.join(", ")
            )
        };
        format!(
            "PUBLIC-ONLY MODE: the policy has no [iam], so tokens are ignored and only the \
             public area works; {who}."
        )
    }
}

/// The notes on a policy that was read from this document, one line each.
fn of(document: &str, policy: &Policy, now: u64) -> Vec<String> {
    let Some(source) = Source::parse(document) else {
        return Vec::new();
    };
    let mut notes = Notes::default();
    if let Some(section) = source.section("iam") {
        iam::look(&section, policy, &mut notes);
    }
    for area in [Area::Public, Area::User, Area::Org] {
        let Some(section) = source.section(&area.to_string()) else {
            continue;
        };
        if is_closed(&section, area, policy, &mut notes) {
            continue;
        }
        let place = Place {
            name: format!("{area}."),
            area,
        };
        each(&section, &place, policy, &mut notes);
        paths::look(&section, area, policy, &mut notes);
    }
    links(&source, policy, now, &mut notes);
    cors(&source, &mut notes);
    let Notes(mut notes) = notes;
    notes.sort_by_key(|(line, _)| *line);
    let notes = notes.into_iter();
    notes
        .map(|(line, text)| format!("line {line}: {text}"))
        .collect()
}

/// Whether an area is closed to everyone, whatever its rules say.
fn is_closed(section: &Section<'_>, area: Area, policy: &Policy, notes: &mut Notes) -> bool {
    let cause = match (area, policy.iam()) {
        (Area::User | Area::Org, None) => "there is no [iam]",
        (Area::Org, Some(iam)) if !iam.names_orgs() => {
            "[iam] has neither org-claim nor audience-prefix"
        }
        _ => return false,
    };
    let text = format!("[{area}] has no effect, the area is closed to everyone: {cause}");
    notes.line(section.line(), &text);
    true
}

/// What rules and limits are for: an area, or one of its paths.
struct Place {
    /// What comes before a key in a note.
    name: String,
    area: Area,
}

impl Place {
    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.name)
    }
}

/// Checks the rules and limits of one place.
fn each(section: &Section<'_>, place: &Place, policy: &Policy, notes: &mut Notes) {
    rules::look(section, place, policy, notes);
    media::look(section, place, notes);
    size(section, place, notes);
}

fn size(section: &Section<'_>, place: &Place, notes: &mut Notes) {
    if let Some(written) = section.text("max-file-size")
        && written
            .text
            .trim()
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    {
        notes.at(
            written,
            &place.key("max-file-size"),
            "has no unit and is in bytes; units are \"MB\" or \"GiB\", for example",
        );
    }
}

fn links(source: &Source<'_>, policy: &Policy, now: u64, notes: &mut Notes) {
    let Some(links) = source.section("links") else {
        return;
    };
    if policy.iam().is_none() {
        let text = "[links] has no effect: presigned URLs are for files of users and \
                    organizations, and there is no [iam]";
        notes.line(links.line(), text);
    }
    if let Some(written) = links.text("max-age")
        && written.text.trim_end().ends_with('M')
    {
        notes.at(
            written,
            "links.max-age",
            "is in months; for minutes, write \"m\"",
        );
    }
    if policy.links_not_before().is_some_and(|start| start > now)
        && let Some(line) = links.line_of("not-before")
    {
        let text = "links.not-before is in the future: until then every presigned URL is refused, \
                    also one that was just made";
        notes.line(line, text);
    }
}

fn cors(source: &Source<'_>, notes: &mut Notes) {
    if let Some(cors) = source.section("cors") {
        let origins = cors.texts("origins");
        if let Some(any) = origins.iter().find(|origin| origin.text == "*")
            && origins.len() > 1
        {
            notes.at(
                *any,
                "cors.origins",
                "allows every origin, so the others have no effect",
            );
        }
    }
}
