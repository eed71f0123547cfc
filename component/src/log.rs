//! Log lines for the operator. Refused requests go to standard output, and what the operator
//! should look into to standard error, so that the host can tell them apart.

use std::fmt::Display;
use std::io::{self, Write};

/// Logs why a request is refused.
pub(crate) fn refused(reason: &dyn Display) {
    say(&mut io::stdout(), reason);
}

/// Logs a fault that keeps requests from being served properly.
pub(crate) fn failed(reason: &dyn Display) {
    say(&mut io::stderr(), reason);
}

/// Writes the line in one piece. A failure is ignored: the platform may have no log.
fn say(stream: &mut dyn Write, line: &dyn Display) {
    let line = format!("{line}\n");
    let _ = stream.write_all(line.as_bytes());
}
