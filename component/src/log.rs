//! Words for the operator, one line each. What is refused to clients goes to standard
//! output, what the operator should look into to standard error, so that whoever runs the
//! component can tell them apart.

use std::fmt::Display;
use std::io::{self, Write};

/// Why a request is refused.
pub(crate) fn refused(reason: &dyn Display) {
    say(&mut io::stdout(), reason);
}

/// What keeps requests from being served as they should.
pub(crate) fn failed(reason: &dyn Display) {
    say(&mut io::stderr(), reason);
}

/// In one piece. The request is answered also where the platform has no log.
fn say(stream: &mut dyn Write, line: &dyn Display) {
    let line = format!("{line}\n");
    let _ = stream.write_all(line.as_bytes());
}
