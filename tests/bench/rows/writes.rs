//! Uploads, durable where they are Coffer's: large ones, and many small ones.

use std::path::Path;

use super::small::{CONNECTIONS, SIZE};
use super::{Pairing, contested};
use crate::bench::{Bench, fresh};
use crate::coffer::Setup;
use crate::contest::{Contest, Outcome};
use crate::load::{Request, curl, wrk};
use crate::rivals::disk;
use crate::rivals::dufs::Dufs;
use crate::rivals::nginx::Nginx;
use crate::table::{Goal, Row};
use crate::{Result, files};

fn pairings(large: &str) -> Vec<Pairing> {
    let pairing =
        |name, work, mine, theirs, unit, goal| Pairing::new(name, work, (mine, theirs), unit, goal);
    let put = |name, theirs, goal| {
        let work = format!("{large} PUT, durable");
        pairing(name, work, "Coffer", theirs, "MiB/s", goal)
    };
    let goal = Some(Goal::least(1.0, 1.3));
    vec![
        put("large-put", "dd conv=fsync", goal),
        put("large-put-nginx", "nginx DAV (not durable)", goal),
        put("large-put-dufs", "dufs (not durable)", None),
        pairing(
            "large-form",
            format!("{large} multipart, durable"),
            "multipart",
            "nginx DAV (not durable)",
            "MiB/s",
            Some(Goal::least(0.8, 1.0)),
        ),
        pairing(
            "small-put",
            "4 KiB durable PUTs to fresh names, 64 connections".to_owned(),
            "small PUTs",
            "one thread's write+fsync+rename",
            "files/s",
            Some(Goal::least(8.0, 20.0)),
        ),
    ]
}

/// Measures them.
pub fn rows(bench: &Bench) -> Vec<Row> {
    contested(bench, pairings(&bench.plan.large_name()), measure)
}

fn measure(bench: &Bench, pairings: &[Pairing]) -> Result<Outcome> {
    let size = bench.plan.large;
    let source = files::of_size(bench.folder.join(format!("source-{size}")), size)?;
    let content = files::content(SIZE);
    let scratch = bench.folder.join("scratch");
    fresh(&scratch)?;
    fresh(&bench.folder.join("writes"))?;
    let coffer = Setup::new(bench, "writes").start()?;
    let nginx = Nginx::start(&bench.folder.join("nginx"), &scratch)?;
    // If it is missing, the others are still measured.
    let dufs = Dufs::start(&bench.log("dufs"), &scratch);
    let target = "/v1/public/files/put";
    let to_rival = |address, file: &Path| {
        files::settle();
        let figure = curl::put(address, "/put", file)?;
        std::fs::remove_file(scratch.join("put")).map_err(|error| error.to_string())?;
        Ok(figure)
    };

    let mut contest = Contest::of(pairings);
    contest.enter("Coffer", || {
        files::settle();
        let figure = curl::put(coffer.address, target, &source)?;
        coffer.remove(target)?;
        Ok(figure)
    });
    contest.enter("multipart", || {
        files::settle();
        let figure = curl::form(coffer.address, "/v1/public/files?replace=true", &source)?;
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        coffer.remove(&format!("/v1/public/files/{name}"))?;
        Ok(figure)
    });
    contest.enter("dd conv=fsync", || {
        files::settle();
        disk::dd(&source, &scratch)
    });
    contest.enter("nginx DAV (not durable)", || {
        to_rival(nginx.address, &source)
    });
    contest.enter("dufs (not durable)", || {
        to_rival(dufs.as_ref().map_err(Clone::clone)?.address, &source)
    });
    let mut turns = 0;
    contest.enter("small PUTs", || {
        files::settle();
        turns += 1;
        let folder = format!("/v1/public/files/fresh/{turns}");
        let request = Request::get(coffer.address, &folder);
        wrk::stored_per_second(&request, CONNECTIONS, bench.plan.turn, SIZE)
    });
    contest.enter("one thread's write+fsync+rename", || {
        files::settle();
        disk::small_files(&scratch, &content, bench.plan.turn)
    });
    Ok(contest.run(bench.plan.rounds))
}
