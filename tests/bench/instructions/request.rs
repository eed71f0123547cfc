//! Whole requests, in the real program: everything between the sockets, in user space.

use std::net::TcpStream;

use super::{Counts, callgrind};
use crate::bench::Bench;
use crate::coffer::{Coffer, Setup};
use crate::load::{Request, probe};
use crate::{Result, files, folders, tokens};

const TIMES: u64 = 500;
/// Warm-up requests, after which caches and allocators are settled.
const WARM_UP: u64 = 50;
const SIZE: usize = 4096;
const TARGET: &str = "/v1/public/files/small";
const WITH_PATHS: &str = "GET, 4 KiB, 100 paths";
const OPEN: &str = "list, 100 folders";
const HALF_CLOSED: &str = "list, 100 folders among as many closed ones";

/// Instructions of one request of each kind, one after another on one connection.
pub fn count(bench: &Bench) -> Result<Counts> {
    let bearer = format!("Bearer {}", tokens::user()?);
    let get = |coffer: &Coffer| coffer.stored(TARGET, &files::content(SIZE));
    type Make<'m> = Box<dyn Fn(&Coffer) -> Result<(Request, usize)> + 'm>;
    let kinds: [(&str, Make); 7] = [
        ("GET, 4 KiB", Box::new(|coffer| Ok((get(coffer)?, SIZE)))),
        (WITH_PATHS, Box::new(|coffer| Ok((get(coffer)?, SIZE)))),
        (
            "GET, 4 KiB, signed in",
            Box::new(|coffer| Ok((get(coffer)?.field("Authorization", &bearer), SIZE))),
        ),
        (
            "HEAD",
            Box::new(|coffer| Ok((get(coffer)?.method("HEAD"), 0))),
        ),
        (
            "GET, not found",
            Box::new(|coffer| {
                let none = Request::get(coffer.address, "/v1/public/files/none");
                let body = probe::send(&none, b"")?.body.len();
                Ok((none, body))
            }),
        ),
        (OPEN, Box::new(|coffer| folders::page(coffer, "all"))),
        (
            HALF_CLOSED,
            Box::new(|coffer| folders::page(coffer, "half")),
        ),
    ];
    let mut counts = Counts::new();
    for (name, make) in kinds.iter().filter(|(name, _)| bench.wants(name)) {
        let more_policy = match *name {
            WITH_PATHS => paths(),
            OPEN | HALF_CLOSED => folders::POLICY.to_owned(),
            _ => String::new(),
        };
        let run = |times| run(bench, &more_policy, make, times);
        if counts.is_empty() {
            // The component may have to be compiled, which would be counted too.
            run(0)?;
        }
        let (once, twice) = (run(TIMES)?, run(2 * TIMES)?);
        let more = twice.checked_sub(once);
        let more = more.ok_or_else(|| format!("{name}: more requests took fewer instructions"))?;
        counts.insert((*name).to_owned(), more / TIMES);
    }
    Ok(counts)
}

/// A hundred paths, none of which the file fits.
fn paths() -> String {
    let path = |n| {
        format!(
            "[[public.paths]]\nmatch = \"departments/{n}/**\"\nread = \"role:head-of-{n}\"\n\
             create = [\"role:head-of-{n}\", \"claim:/department={n}\"]\n"
        )
    };
    (0..100).map(path).collect()
}

/// Instructions of a server's whole life with this many requests, and this at the end of its policy.
fn run(
    bench: &Bench,
    more_policy: &str,
    make: impl Fn(&Coffer) -> Result<(Request, usize)>,
    times: u64,
) -> Result<u64> {
    let log = bench.log("callgrind");
    let flags = callgrind::flags(&log);
    let by: Vec<&str> = flags.iter().map(String::as_str).collect();
    // Few instances, since valgrind has less address space; no watch, whose polls would count.
    let setup = Setup::new(bench, "instructions").policy_with(more_policy);
    let setup = setup.arguments(&[
        "--max-instances",
        "2",
        "--max-waiting-instances",
        "2",
        "--watch-interval",
        "0s",
    ]);
    let mut command = setup.command(&by)?;
    let coffer = setup.start_as(&mut command)?;
    let (request, body) = make(&coffer)?;
    let mut stream = TcpStream::connect(coffer.address).map_err(|error| error.to_string())?;
    let status = probe::send_on(&mut stream, &request, b"")?.status;
    for _ in 0..WARM_UP + times {
        probe::send_on(&mut stream, &request, b"")?.must_be(status, body)?;
    }
    drop(stream);
    coffer.process.stop()?;
    callgrind::collected(&log)
}
