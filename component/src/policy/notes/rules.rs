//! Rules that do not say what they seem to say.

use super::{Notes, Place, iam};
use crate::area::Area;
use crate::policy::rule::{Operation, Word};
use crate::policy::source::{Section, Written};
use crate::policy::{Iam, Policy};

/// What separates several words when a single word is mistaken for a list.
const SEPARATORS: [char; 6] = [',', ';', '|', '&', '+', ' '];

/// Checks the rules of an area, or of a path.
pub(super) fn look(section: &Section<'_>, place: &Place, policy: &Policy, notes: &mut Notes) {
    for operation in Operation::ALL {
        let key = place.key(operation.name());
        let written = section.texts(operation.name());
        let words: Vec<(Written<'_>, Word)> = written
            .into_iter()
            .filter_map(|written| Some((written, Word::try_from(written.text).ok()?)))
            .collect();
        for (written, word) in &words {
            if let Some(text) = fault(word, operation, policy.iam()) {
                notes.at(*written, &key, &text);
            }
        }
        redundant(&words, &key, notes);
    }
    if place.area == Area::Public {
        cache_control(section, place, policy, notes);
    }
}

/// What is wrong with a single word.
fn fault(word: &Word, operation: Operation, iam: Option<&Iam>) -> Option<String> {
    match (word, iam) {
        (Word::SignedIn | Word::Role(_) | Word::Claim(..) | Word::Uploader, None) => {
            Some("never matches: there is no [iam], so tokens are ignored".to_owned())
        }
        (Word::Uploader, _) if !operation.is_about_a_file() => Some(format!(
            "never matches: {} is not about one file that has an uploader",
            operation.name()
        )),
        (Word::Role(role), Some(iam)) => one_role(role).or_else(|| {
            let unnamed = !iam.names_roles();
            unnamed.then(|| "never matches: [iam] has no roles-claim".to_owned())
        }),
        (Word::Claim(pointer, value), Some(_)) => {
            iam::misread(pointer.as_str()).or_else(|| one_value(pointer.as_str(), value))
        }
        _ => None,
    }
}

/// The name of a role that was probably meant as several, or as a pattern.
fn one_role(role: &str) -> Option<String> {
    if role.contains('*') {
        return Some("is a role with exactly this name; * is not a wildcard".to_owned());
    }
    if !role.contains(SEPARATORS) && !role.contains("role:") {
        return None;
    }
    let parts = role
        .split(SEPARATORS)
        .map(|part| part.trim_start_matches("role:"));
    let roles: Vec<String> = parts
        .filter(|part| !matches!(*part, "" | "or" | "and"))
        .map(|part| format!("\"role:{part}\""))
        .collect();
    Some(format!(
        "is one role with exactly this name; for several roles, write [{}]",
        roles.join(", ")
    ))
}

/// The value of a claim that was probably meant as several, or as a pattern.
fn one_value(pointer: &str, value: &str) -> Option<String> {
    if value.contains('*') {
        return Some("is a claim with exactly this value; * is not a wildcard".to_owned());
    }
    let meant: Vec<&str> = value.split(" claim:").collect();
    let [first, rest @ ..] = meant.as_slice() else {
        return None;
    };
    let or = [" or", " and", ",", ";", " |", "|", " &", "&"];
    if rest.is_empty() {
        return None;
    }
    let first = or
        .iter()
        .find_map(|or| first.strip_suffix(or))
        .unwrap_or(first);
    Some(format!(
        "is one claim with exactly this value; for several claims, write \
         [\"claim:{pointer}={first}\", …]"
    ))
}

/// Words that have no effect next to others.
fn redundant(words: &[(Written<'_>, Word)], key: &str, notes: &mut Notes) {
    let [_, _, ..] = words else { return };
    let find = |wanted: &Word| words.iter().find(|(_, word)| word == wanted);
    if let Some((written, _)) = find(&Word::Nobody) {
        notes.at(
            *written,
            key,
            "has no effect: one matching word is enough, and others can match",
        );
    }
    let others = |all: &Word| {
        let mut words = words.iter().map(|(_, word)| word);
        words.any(|word| word != all && *word != Word::Nobody)
    };
    if let Some((written, _)) = find(&Word::Anyone) {
        if others(&Word::Anyone) {
            notes.at(
                *written,
                key,
                "allows everyone, so the other words have no effect",
            );
        }
    } else if let Some((written, _)) = find(&Word::SignedIn)
        && others(&Word::SignedIn)
    {
        notes.at(
            *written,
            key,
            "allows every valid token, so the other words have no effect",
        );
    }
}

fn cache_control(section: &Section<'_>, place: &Place, policy: &Policy, notes: &mut Notes) {
    let Some(written) = section.text("cache-control") else {
        return;
    };
    let stated = section.texts(Operation::Read.name());
    let open = if stated.is_empty() {
        let of_area = policy.rule(Area::Public, Operation::Read);
        of_area.contains(&Word::Anyone)
    } else {
        let anyone = Word::Anyone.to_string();
        stated.iter().any(|word| word.text == anyone)
    };
    let kept = |directive: &str| written.text.to_ascii_lowercase().contains(directive);
    if !open && !kept("private") && !kept("no-store") {
        let text = "lets shared caches serve files that not everyone may read";
        notes.at(written, &place.key("cache-control"), text);
    }
}
