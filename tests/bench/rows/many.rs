//! What is done to files without their bytes: copies, folders, the URLs of many.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Pairing, contested};
use crate::bench::{Bench, fresh};
use crate::coffer::{Coffer, Setup};
use crate::contest::{Contest, Outcome};
use crate::fill::fill;
use crate::load::{Request, curl, probe};
use crate::stats::Figures;
use crate::table::{Goal, Row};
use crate::{Result, tokens};

/// How many small files the folder has.
const FOLDER: u64 = 100_000;
/// How long filling it may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many requests make up one figure of the URLs.
const TURN: u32 = 200;
/// How many files the larger request for URLs names.
const NAMES: usize = 100;

/// Measures them.
pub fn rows(bench: &Bench) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |name, work: String, unit, most, measure: fn(&Bench) -> Result<Figures>| {
        if bench.wants(name) {
            let coffer = measure(bench);
            eprintln!("  {name}: {coffer:.2?}");
            rows.push(Row {
                name,
                work,
                unit,
                coffer,
                rival: None,
                goal: Some(Goal::most(most, None)),
            });
        }
    };
    let large = bench.plan.large_name();
    let work = format!("copy of a {large} file on local disk");
    row("copy", work, "ms", 10.0, copies);
    let work = format!("move of a folder with {FOLDER} small files");
    row("move-folder", work, "s", 30.0, |bench| {
        folder(bench, "move")
    });
    let work = format!("delete of a folder with {FOLDER} small files");
    row("delete-folder", work, "s", 5.0, |bench| {
        folder(bench, "delete")
    });
    let pairing = Pairing {
        name: "urls",
        work: format!("{NAMES} presigned URLs in one request, against one"),
        mine: "many URLs",
        theirs: "one URL",
        unit: "ms",
        goal: Some(Goal::most(8.0, None)),
    };
    rows.extend(contested(bench, vec![pairing], urls));
    rows
}

/// In milliseconds.
fn copies(bench: &Bench) -> Result<Figures> {
    let size = bench.plan.large;
    let file = bench.rival_file(&format!("large-{size}"), size)?;
    let coffer = Setup::new(bench, "large").start()?;
    curl::put(coffer.address, super::large::TARGET, &file)?;
    let request = Request::get(coffer.address, "/v1/public/copy").method("POST");
    let body = json!({ "from": "large", "to": "copy", "replace": true }).to_string();
    let copy = |_| {
        let begun = Instant::now();
        let answer = probe::send(&request, body.as_bytes())?;
        let took = begun.elapsed();
        match answer.status {
            200 | 201 => Ok(took.as_secs_f64() * 1e3),
            status => Err(format!("a copy was answered with {status}")),
        }
    };
    let figures: Result<Vec<f64>> = (0..4 * bench.plan.rounds).map(copy).collect();
    coffer.remove("/v1/public/files/copy")?;
    figures.map(Figures)
}

/// One round, in seconds of all calls together: filling the folder takes longer.
fn folder(bench: &Bench, operation: &str) -> Result<Figures> {
    let data = bench.folder.join("folder");
    fresh(&data)?;
    let coffer = Setup::new(bench, "folder").start()?;
    let count = fill(&coffer, "d", FOLDER, PATIENCE)?;
    let took = whole_folder(&coffer, operation, count)?;
    let memory = coffer.process.resident_mib()?;
    eprintln!("  {operation}: {memory:.0} MiB resident");
    drop(coffer);
    let _ = std::fs::remove_dir_all(data);
    Ok(Figures(vec![took]))
}

/// Deletes or moves the folder `d/`, which has so many files, in as many calls as it takes;
/// returns the seconds of all together.
pub fn whole_folder(coffer: &Coffer, operation: &str, count: u64) -> Result<f64> {
    let target = format!("/v1/public/{operation}");
    let request = Request::get(coffer.address, &target).method("POST");
    let mut body = match operation {
        "delete" => json!({ "folder": "d/" }),
        _ => json!({ "from": "d/", "to": "e/" }),
    };
    let (mut took, mut done, mut calls) = (Duration::ZERO, 0, 0);
    loop {
        let begun = Instant::now();
        let answer = probe::send(&request, body.to_string().as_bytes())?;
        took += begun.elapsed();
        calls += 1;
        let progress: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let Some(part) = progress["done"].as_u64() else {
            return Err(format!("{operation} was answered with {progress}"));
        };
        done += part;
        if progress["next"].is_null() {
            break;
        }
        body["cursor"] = progress["next"].clone();
    }
    eprintln!("  {operation}: {done} files in {calls} calls");
    match done == count {
        true => Ok(took.as_secs_f64()),
        false => Err(format!("{operation}: {done} of {count} files")),
    }
}

fn urls(bench: &Bench, pairings: &[Pairing]) -> Result<Outcome> {
    let coffer = Setup::new(bench, "urls").start()?;
    let token = format!("Bearer {}", tokens::user()?);
    let name = |number: usize| format!("folder/{number:04}.jpg");
    let names: Vec<String> = (0..NAMES).map(name).collect();
    for name in &names {
        let request = Request::get(coffer.address, &format!("/v1/user/files/{name}"));
        let request = request.method("PUT").field("Authorization", &token);
        let status = probe::send(&request, b"content")?.status;
        if !matches!(status, 200 | 201) {
            return Err(format!("{name} was not stored: {status}"));
        }
    }
    let many = json!({ "names": names }).to_string();
    let one = format!("/v1/user/urls/{}", names[0]);
    let mut contest = Contest::of(pairings);
    contest.enter("many URLs", || {
        per_request(&coffer, "/v1/user/urls", &token, &many, 200)
    });
    contest.enter("one URL", || per_request(&coffer, &one, &token, "{}", 201));
    Ok(contest.run(bench.plan.rounds))
}

/// In milliseconds, one request after another on one connection.
fn per_request(coffer: &Coffer, target: &str, token: &str, body: &str, status: u16) -> Result<f64> {
    let request = Request::get(coffer.address, target);
    let request = request.method("POST").field("Authorization", token);
    let stream = TcpStream::connect(coffer.address);
    let mut stream = stream.map_err(|error| error.to_string())?;
    let mut send = || -> Result<()> {
        let answer = probe::send_on(&mut stream, &request, body.as_bytes())?;
        match answer.status == status {
            true => Ok(()),
            false => Err(format!("{target} was answered with {}", answer.status)),
        }
    };
    send()?;
    let begun = Instant::now();
    for _ in 0..TURN {
        send()?;
    }
    Ok((begun.elapsed() / TURN).as_secs_f64() * 1e3)
}
