//! What is wrong with a policy document, and where.

use std::fmt;
use std::ops::Range;

/// A policy that cannot be used. Displays as one line for the operator, with the
/// document's line where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PolicyError {
    line: Option<usize>,
    message: String,
}

impl PolicyError {
    pub(super) fn new(message: &str) -> Self {
        Self::at_line(None, message.to_owned())
    }

    pub(super) fn at_line(line: Option<usize>, message: String) -> Self {
        Self { line, message }
    }

    pub(super) fn at(document: &str, span: Range<usize>, message: &str) -> Self {
        Self::at_line(Some(line_of(document, span.start)), message.to_owned())
    }

    pub(super) fn of_toml(document: &str, error: &toml::de::Error) -> Self {
        let words: Vec<_> = error.message().split_whitespace().collect();
        let line = error.span().map(|span| line_of(document, span.start));
        Self::at_line(line, words.join(" "))
    }
}

/// The line, counted from 1, that holds this byte.
pub(super) fn line_of(document: &str, offset: usize) -> usize {
    1 + document
        .bytes()
        .take(offset)
        .filter(|&byte| byte == b'\n')
        .count()
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
