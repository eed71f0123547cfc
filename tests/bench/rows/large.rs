//! Downloads of one large file, from the page cache and from the disk.

use super::{Pairing, contested};
use crate::bench::Bench;
use crate::coffer::Setup;
use crate::contest::{Contest, Outcome};
use crate::load::curl;
use crate::rivals::dufs::Dufs;
use crate::rivals::hyper::Bare;
use crate::rivals::nginx::Nginx;
use crate::table::{Goal, Row};
use crate::{Result, files};

pub const TARGET: &str = "/v1/public/files/large";

fn pairings(large: &str) -> Vec<Pairing> {
    let goal = Some(Goal::least(1.0, 1.5));
    let pairing =
        |name, work, mine, theirs, goal| Pairing::new(name, work, (mine, theirs), "MiB/s", goal);
    let warm = |name, theirs, goal| {
        let work = format!("{large} GET, in the page cache");
        pairing(name, work, "Coffer", theirs, goal)
    };
    vec![
        warm("large-get", "nginx", goal),
        warm("large-get-dufs", "dufs", None),
        warm("large-get-hyper", "bare hyper", None),
        pairing(
            "large-get-cold",
            format!("{large} GET, dropped from the page cache"),
            "Coffer, cold",
            "nginx, cold",
            goal,
        ),
    ]
}

/// Measures them.
pub fn rows(bench: &Bench) -> Vec<Row> {
    contested(bench, pairings(&bench.plan.large_name()), measure)
}

fn measure(bench: &Bench, pairings: &[Pairing]) -> Result<Outcome> {
    let size = bench.plan.large;
    let name = format!("large-{size}");
    let file = bench.rival_file(&name, size)?;
    let of_rival = format!("/{name}");
    let data = bench.folder.join("large");
    let coffer = Setup::new(bench, "large").start()?;
    curl::put(coffer.address, TARGET, &file)?;
    let nginx = Nginx::start(&bench.folder.join("nginx"), &bench.root())?;
    // If it is missing, the others are still measured.
    let dufs = Dufs::start(&bench.log("dufs"), &bench.root());
    let bare = Bare::start(&bench.log("hyper"), &bench.root())?;

    let mut contest = Contest::of(pairings);
    contest.enter("Coffer", || curl::download(coffer.address, TARGET, size));
    contest.enter("nginx", || curl::download(nginx.address, &of_rival, size));
    contest.enter("dufs", || {
        let dufs = dufs.as_ref().map_err(Clone::clone)?;
        curl::download(dufs.address, &of_rival, size)
    });
    contest.enter("bare hyper", || {
        curl::download(bare.address, &of_rival, size)
    });
    let mut outcome = contest.run(bench.plan.rounds);
    // In separate rounds, since the others would have to read again what is dropped.
    let mut contest = Contest::of(pairings);
    contest.enter("Coffer, cold", || {
        files::chill(&data)?;
        curl::download(coffer.address, TARGET, size)
    });
    contest.enter("nginx, cold", || {
        files::chill(&file)?;
        curl::download(nginx.address, &of_rival, size)
    });
    outcome.extend(contest.run(bench.plan.rounds));
    Ok(outcome)
}
