//! Latency at a fixed rate, and requests that wrk cannot send, by oha.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use super::{Request, probe};
use crate::Result;
use crate::process::output;

const OHA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/bin/oha");

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    summary: Summary,
    latency_percentiles: BTreeMap<String, Option<f64>>,
    status_code_distribution: BTreeMap<String, u64>,
    error_distribution: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    requests_per_sec: f64,
    total_data: u64,
}

/// The outcome.
pub struct Latency {
    pub requests_per_second: f64,
    /// In milliseconds.
    pub p99: f64,
}

/// Sends a request on this many connections, at a rate or as fast as possible; each response
/// must have this status and body size. At a rate, time counts from when a request was due,
/// so that a server that falls behind cannot hide it.
pub fn run(
    request: &Request,
    connections: u64,
    time: Duration,
    rate: Option<f64>,
    status: u16,
    body: usize,
) -> Result<Latency> {
    probe::send(request, b"")?.must_be(status, body)?;
    let mut command = Command::new(OHA);
    command
        .args(["--no-tui", "--output-format", "json"])
        .args(["-m", request.method, "-c", &connections.to_string()])
        .args(["-z", &format!("{}ms", time.as_millis()), "-w"])
        .args(["-t", "20s"]);
    if let Some(rate) = rate {
        command.args(["-q", &format!("{rate:.0}"), "--latency-correction"]);
    }
    for line in request.field_lines() {
        command.args(["-H", &line]);
    }
    let said = output(command.arg(request.url()))?;
    let report: Report =
        serde_json::from_str(&said).map_err(|error| format!("oha's report: {error}"))?;
    check(&report, status, body)?;
    let p99 = report.latency_percentiles.get("p99").copied().flatten();
    Ok(Latency {
        requests_per_second: report.summary.requests_per_sec,
        p99: p99.ok_or("oha has no p99")? * 1e3,
    })
}

fn check(report: &Report, status: u16, body: usize) -> Result<()> {
    if !report.error_distribution.is_empty() {
        return Err(format!("oha reported {:?}", report.error_distribution));
    }
    let statuses = &report.status_code_distribution;
    let count = statuses.get(&status.to_string()).copied().unwrap_or(0);
    if count == 0 || statuses.len() > 1 {
        return Err(format!("statuses {statuses:?} instead of {status}"));
    }
    let (found, expected) = (report.summary.total_data, count * body as u64);
    if found != expected {
        return Err(format!("{found} bytes of bodies instead of {expected}"));
    }
    Ok(())
}
