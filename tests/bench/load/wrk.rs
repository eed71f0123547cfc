//! Throughput, by wrk: it uses little CPU time, which leaves more to the server.

use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use super::{Request, probe};
use crate::Result;
use crate::process::output;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/bench/load/wrk.lua");

/// What wrk reports at its end.
#[derive(Debug, Deserialize)]
struct Summary {
    requests: u64,
    microseconds: u64,
    bytes: u64,
    errors: Errors,
}

#[derive(Debug, Deserialize)]
struct Errors {
    connect: u64,
    read: u64,
    write: u64,
    status: u64,
    timeout: u64,
}

/// Repeats a GET request on this many connections, and returns the responses per second.
/// Each must have this status and body size.
pub fn requests_per_second(
    request: &Request,
    connections: u64,
    time: Duration,
    status: u16,
    body: usize,
) -> Result<f64> {
    let one = probe::send(request, b"")?.must_be(status, body)?;
    let mut command = wrk(connections, time);
    for line in request.field_lines() {
        command.args(["-H", &line]);
    }
    command.args(["-s", SCRIPT, &request.url(), "--", "GET"]);
    run(&mut command, connections, one.length)
}

/// Stores bodies of this size under fresh names of a folder, and returns how many were
/// stored per second. Each must be answered with 201.
pub fn stored_per_second(
    request: &Request,
    connections: u64,
    time: Duration,
    body: usize,
) -> Result<f64> {
    let first = request.clone().method("PUT");
    let first = Request {
        // As long as the names of the script.
        target: format!("{}/p-{:09}", request.target, 0),
        ..first
    };
    let one = probe::send(&first, &vec![b'x'; body])?;
    if one.status != 201 {
        return Err(format!("{} instead of 201", one.status));
    }
    // `Location`, the name and the public URL are as long as the probe's: the script has
    // one digit for the thread in place of its `p`.
    let mut command = wrk(connections, time);
    command
        .args(["-s", SCRIPT, &request.url(), "--", "PUT"])
        .args([&request.target, &body.to_string()]);
    run(&mut command, connections, one.length)
}

fn wrk(connections: u64, time: Duration) -> Command {
    let mut command = Command::new("wrk");
    command
        .args(["-t", &connections.min(2).to_string()])
        .args(["-c", &connections.to_string()])
        .args(["-d", &time.as_secs().max(1).to_string()])
        .args(["--timeout", "20s"]);
    command
}

fn run(command: &mut Command, connections: u64, length: u64) -> Result<f64> {
    let said = output(command)?;
    let summary = said.lines().rfind(|line| line.starts_with('{'));
    let summary = summary.ok_or("wrk has no summary")?;
    let summary: Summary = serde_json::from_str(summary).map_err(|error| error.to_string())?;
    check(&summary, connections, length)?;
    Ok(summary.requests as f64 / (summary.microseconds as f64 / 1e6))
}

/// All complete responses have the same length, and besides them only those in progress at
/// the end were read.
fn check(summary: &Summary, connections: u64, length: u64) -> Result<()> {
    let errors = &summary.errors;
    let count = errors.connect + errors.read + errors.write + errors.status + errors.timeout;
    if count > 0 {
        return Err(format!("wrk reported {errors:?}"));
    }
    let whole = summary.requests * length;
    if summary.requests == 0 || !(whole..=whole + connections * length).contains(&summary.bytes) {
        return Err(format!(
            "{} bytes are not {} responses of {length}",
            summary.bytes, summary.requests
        ));
    }
    Ok(())
}
