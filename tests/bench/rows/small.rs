//! 4 KiB GETs at 64 connections, and what is close to them.

use std::time::Duration;

use super::{Pairing, contested};
use crate::bench::Bench;
use crate::coffer::{Coffer, Setup};
use crate::contest::{Contest, Outcome};
use crate::load::{Request, oha, probe, skew, wrk};
use crate::rivals::dufs::Dufs;
use crate::rivals::hyper::Bare;
use crate::rivals::nginx::Nginx;
use crate::stats::Figures;
use crate::table::{Goal, Row};
use crate::{ABSENT, Result, files, tokens};

/// The size of the file, in bytes.
pub const SIZE: usize = 4096;
pub const CONNECTIONS: u64 = 64;
const NAME: &str = "small";
pub const TARGET: &str = "/v1/public/files/small";
const REUSE: &str = "--instance-reuse";
const SHADOW: &str = "--shadow-policy";

fn pairings() -> Vec<Pairing> {
    let pairing = |name, work: &str, mine, theirs, unit, goal| {
        Pairing::new(name, work, (mine, theirs), unit, goal)
    };
    let rate = "req/s";
    vec![
        pairing(
            "get",
            "4 KiB public GET, 64 connections",
            "Coffer",
            "nginx",
            rate,
            Some(Goal::least(0.5, 0.65)),
        ),
        pairing(
            "get-nginx-logging",
            "the same, nginx with its access log too",
            "Coffer",
            "nginx, logging",
            rate,
            None,
        ),
        pairing("get-dufs", "the same", "Coffer", "dufs", rate, None),
        pairing("get-hyper", "the same", "Coffer", "bare hyper", rate, None),
        pairing(
            "skewed",
            "the same, with all connections on one core",
            "on one core",
            "Coffer",
            rate,
            None,
        ),
        pairing(
            "signed-in",
            "the same, signed in (RS256, verified before)",
            "signed in",
            "Coffer",
            rate,
            Some(Goal::least(0.85, 0.95)),
        ),
        pairing(
            "reuse",
            "the same with `--instance-reuse`",
            "reuse",
            "nginx",
            rate,
            Some(Goal::least(0.85, 1.0)),
        ),
        pairing(
            "shadow",
            "the same with a shadow policy for every request",
            "with shadow",
            "Coffer",
            rate,
            // A second instance for each request.
            Some(Goal::least(0.5, 0.65)),
        ),
        pairing(
            "p99",
            "p99 at half of Coffer's peak rate",
            "Coffer's p99",
            "nginx's p99",
            "ms",
            Some(Goal::most(3.0, Some(1.5))),
        ),
        pairing(
            "304",
            "304, against 4 KiB GET",
            "304",
            "Coffer",
            rate,
            Some(Goal::least(1.0, 1.1)),
        ),
        pairing(
            "head",
            "HEAD, against 4 KiB GET (both by oha)",
            "HEAD",
            "GET by oha",
            rate,
            Some(Goal::least(1.0, 1.1)),
        ),
    ]
}

/// Measures them.
pub fn rows(bench: &Bench) -> Vec<Row> {
    contested(bench, pairings(), measure)
}

fn measure(bench: &Bench, pairings: &[Pairing]) -> Result<Outcome> {
    let content = files::content(SIZE);
    bench.rival_file(NAME, SIZE as u64)?;
    let coffer = Setup::new(bench, "small").start()?;
    let get = coffer.stored(TARGET, &content)?;
    let tag = probe::send(&get, b"")?;
    let tag = tag.field("etag").ok_or("a file without ETag")?.to_owned();
    let bearer = format!("Bearer {}", tokens::user()?);
    let signed_in = get.clone().field("Authorization", &bearer);
    let unchanged = get.clone().field("If-None-Match", &tag);
    let head = get.clone().method("HEAD");
    let reusing = reusing(bench, &content);
    let shadowed = shadowed(bench, &content);

    let nginx = Nginx::start(&bench.folder.join("nginx"), &bench.root())?;
    let logging = Nginx::start_logging(&bench.folder.join("nginx-logging"), &bench.root())?;
    // If it is missing, the others are still measured.
    let dufs = Dufs::start(&bench.log("dufs"), &bench.root());
    let bare = Bare::start(&bench.log("hyper"), &bench.root())?;
    let of_rival = |address| Request::get(address, &format!("/{NAME}"));
    let (nginx_get, bare_get) = (of_rival(nginx.address), of_rival(bare.address));
    let logging_get = of_rival(logging.address);
    let dufs_get = dufs.as_ref().map(|dufs| of_rival(dufs.address));

    let turn = bench.plan.turn;
    let peak = |request: &Request| wrk::requests_per_second(request, CONNECTIONS, turn, 200, SIZE);
    let mut contest = Contest::of(pairings);
    contest.enter("Coffer", || peak(&get));
    contest.enter("nginx", || peak(&nginx_get));
    contest.enter("nginx, logging", || peak(&logging_get));
    contest.enter("dufs", || {
        peak(dufs_get.as_ref().map_err(ToString::to_string)?)
    });
    contest.enter("bare hyper", || peak(&bare_get));
    contest.enter("on one core", || {
        let _idle = skew::onto_one_worker(get.server, CONNECTIONS)?;
        peak(&get)
    });
    contest.enter("signed in", || peak(&signed_in));
    contest.enter("reuse", || peak(&reusing.as_ref().map_err(Clone::clone)?.1));
    contest.enter("with shadow", || {
        peak(&shadowed.as_ref().map_err(Clone::clone)?.1)
    });
    contest.enter("304", || {
        wrk::requests_per_second(&unchanged, CONNECTIONS, turn, 304, 0)
    });
    let by_oha = |request: &Request, body| {
        let found = oha::run(request, CONNECTIONS, turn, None, 200, body)?;
        Ok(found.requests_per_second)
    };
    contest.enter("HEAD", || by_oha(&head, 0));
    contest.enter("GET by oha", || by_oha(&get, SIZE));
    let mut outcome = contest.run(bench.plan.rounds);

    if pairings.iter().any(|pairing| pairing.name == "p99") {
        let known = outcome.get("Coffer").cloned().transpose()?;
        let known = known
            .as_ref()
            .map(Figures::median)
            .map_or_else(|| peak(&get), Ok)?;
        let half = |request: &Request| at_rate(request, turn, known / 2.0);
        let mut contest = Contest::of(pairings);
        contest.enter("Coffer's p99", || half(&get));
        contest.enter("nginx's p99", || half(&nginx_get));
        outcome.extend(contest.run(bench.plan.rounds));
    }
    Ok(outcome)
}

/// The p99 at a rate, in milliseconds.
pub fn at_rate(request: &Request, time: Duration, rate: f64) -> Result<f64> {
    let found = oha::run(request, CONNECTIONS, time, Some(rate), 200, SIZE)?;
    if found.requests_per_second < 0.95 * rate {
        return Err(format!(
            "only {:.0} of {rate:.0} requests per second",
            found.requests_per_second
        ));
    }
    Ok(found.p99)
}

/// A server with a shadow policy, the same as in force, if this build can.
fn shadowed(bench: &Bench, content: &[u8]) -> Result<(Coffer, Request)> {
    if !bench.knows_flag(SHADOW)? {
        return Err(ABSENT.to_owned());
    }
    let file = bench.folder.join("shadow.toml");
    std::fs::write(&file, tokens::policy()).map_err(|error| error.to_string())?;
    let file = file.to_str().ok_or("a folder whose name is not text")?;
    let setup = Setup::new(bench, "shadow").arguments(&[SHADOW, file]);
    let coffer = setup.start()?;
    let get = coffer.stored(TARGET, content)?;
    Ok((coffer, get))
}

/// A server that reuses instances for further requests, if this build can.
fn reusing(bench: &Bench, content: &[u8]) -> Result<(Coffer, Request)> {
    if !bench.knows_flag(REUSE)? {
        return Err(ABSENT.to_owned());
    }
    let setup = Setup::new(bench, "reuse").arguments(&[REUSE]);
    let coffer = setup.start()?;
    let get = coffer.stored(TARGET, content)?;
    Ok((coffer, get))
}
