//! What is wrong with a policy document, and where.

use std::fmt;
use std::ops::Range;

use super::source::{Place, Source, line_of};

/// A policy that cannot be used. Displays as one line for the operator, with the
/// document's line and key where there are any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    line: Option<usize>,
    message: String,
}

impl PolicyError {
    pub(super) fn new(message: &str) -> Self {
        Self::at_line(None, message.to_owned())
    }

    /// At this line, where there is one.
    pub(crate) fn at_line(line: Option<usize>, message: String) -> Self {
        Self { line, message }
    }

    pub(super) fn at(document: &str, span: Range<usize>, message: &str) -> Self {
        Self::at_line(Some(line_of(document, span.start)), message.to_owned())
    }

    /// The parser's message, put in terms of keys and values instead of Rust types.
    pub(super) fn of_toml(document: &str, error: &toml::de::Error) -> Self {
        let words: Vec<_> = error.message().split_whitespace().collect();
        let message = words.join(" ");
        let Some(span) = error.span() else {
            return Self::at_line(None, message);
        };
        let place = Source::parse(document).and_then(|source| source.place(span.start));
        let message = match place {
            Some(place) => of_value(&message, &place),
            None => of_syntax(&message, document.get(span.clone()).unwrap_or_default()),
        };
        Self::at_line(Some(line_of(document, span.start)), message)
    }
}

/// The keys of arrays of tables.
const ARRAYS: [&str; 2] = ["paths", "test"];

/// The message for a value that is invalid at this place.
fn of_value(message: &str, place: &Place) -> String {
    let Place {
        path,
        found,
        in_array,
    } = place;
    let section = |name: &str| match in_array {
        true => format!("[[{name}]]"),
        false => format!("[{name}]"),
    };
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let within = path.rsplit_once('.').map(|(within, _)| within);
        let within = within.map(|within| format!("{}: ", section(within)));
        return format!("{}unknown key {rest}", within.unwrap_or_default());
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        return format!("{}: the key {rest} is missing", section(path));
    }
    let name = path
        .rsplit_once('.')
        .map_or(path.as_str(), |(_, name)| name);
    let expected = message
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.split_once(", expected "));
    match expected {
        Some(("map", "a sequence")) if ARRAYS.contains(&name) => {
            format!("{path}: it is written with two brackets, [[{path}]], each time")
        }
        Some((actual, expected)) => {
            // An array of tables begins where its first table does.
            let found = match (actual, *found) {
                ("sequence", "a table") => "a list",
                ("map", "a list") => "a table",
                (_, found) => found,
            };
            format!("{path}: expected {}, found {found}", in_words(expected))
        }
        None => format!("{path}: {message}"),
    }
}

/// The message for what is not TOML.
fn of_syntax(message: &str, found: &str) -> String {
    let found = found.lines().next().unwrap_or_default().trim();
    let found: String = found.chars().take(40).collect();
    match (message, found.as_str()) {
        (_, "") => format!("not TOML: {message}"),
        ("duplicate key", key) => format!("duplicate key `{key}`"),
        // A value may be a secret, put here by mistake; a single character cannot be.
        (_, found) if found.len() == 1 => format!("not TOML: {message}, at `{found}`"),
        _ => format!("not TOML: {message}"),
    }
}

/// The name of a type for operators.
fn in_words(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" => "a table",
        "a boolean" => "true or false",
        expected => expected,
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for PolicyError {}
