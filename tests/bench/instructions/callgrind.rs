//! valgrind's callgrind.

use std::path::Path;
use std::process::Command;

use crate::Result;

/// Has glibc copy and clear without `rep movsb` and `rep stosb`: valgrind counts one instruction
/// for each of their bytes, although a processor clears a page as fast as by 128 stores.
const BY_VECTORS: &str = "GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=0x40000000:\
                          glibc.cpu.x86_rep_stosb_threshold=0x40000000";

/// Valgrind and its flags, to put before a program. `log` gets valgrind's messages.
pub fn flags(log: &Path) -> Vec<String> {
    vec![
        "env".to_owned(),
        BY_VECTORS.to_owned(),
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        "--callgrind-out-file=/dev/null".to_owned(),
        format!("--log-file={}", log.display()),
    ]
}

/// Runs a program to its end, and returns how many instructions it took.
pub fn count(program: &Path, arguments: &[&str], log: &Path) -> Result<u64> {
    let flags = flags(log);
    let mut command = Command::new(&flags[0]);
    command.args(&flags[1..]).arg(program).args(arguments);
    crate::process::output(&mut command)?;
    collected(log)
}

/// The count that valgrind logs at its end.
pub fn collected(log: &Path) -> Result<u64> {
    let said = std::fs::read_to_string(log).map_err(|error| error.to_string())?;
    let line = said
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let figure = line.and_then(|(_, figures)| figures.split_whitespace().next()?.parse().ok());
    figure.ok_or_else(|| {
        let last = said.lines().last().unwrap_or_default();
        format!("valgrind collected nothing: {last}")
    })
}
