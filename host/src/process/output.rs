//! What commands print.

use std::fmt::Display;
use std::io::{self, Write};

/// Standard output cannot be written to: its reader has closed the pipe, or the disk is full.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output: {0}")]
pub struct NoOutput(#[source] io::Error);

/// Prints a line to standard output.
///
/// # Errors
/// [`NoOutput`].
pub fn print(line: impl Display) -> Result<(), NoOutput> {
    writeln!(io::stdout(), "{line}").map_err(NoOutput)
}

/// The same where a reader that closed the pipe changes nothing: the exit code says how it went, or
/// the server goes on.
pub fn tell(line: impl Display) {
    let _ = print(line);
}
