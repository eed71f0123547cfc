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

/// Stores what is needed, and returns the request and the size of its response's body, in bytes.
type Make<'m> = Box<dyn Fn(&Coffer) -> Result<(Request, usize)> + 'm>;

/// A kind of request, and the server that it goes to.
struct Kind<'k> {
    name: &'static str,
    /// At the end of the server's policy.
    policy: String,
    /// Its flags besides.
    flags: &'static [&'static str],
    make: Make<'k>,
}

impl<'k> Kind<'k> {
    fn new(name: &'static str, make: impl Fn(&Coffer) -> Result<(Request, usize)> + 'k) -> Self {
        Self {
            name,
            policy: String::new(),
            flags: &[],
            make: Box::new(make),
        }
    }
}

/// Instructions of one request of each kind, one after another on one connection.
pub fn count(bench: &Bench) -> Result<Counts> {
    let bearer = format!("Bearer {}", tokens::user()?);
    let get = |coffer: &Coffer| coffer.stored(TARGET, &files::content(SIZE));
    let small = |coffer: &Coffer| Ok((get(coffer)?, SIZE));
    let kinds = [
        Kind::new("GET, 4 KiB", small),
        Kind {
            flags: &["--instance-reuse"],
            ..Kind::new("GET, 4 KiB, reused instance", small)
        },
        Kind {
            policy: paths(),
            ..Kind::new("GET, 4 KiB, 100 paths", small)
        },
        Kind::new("GET, 4 KiB, signed in", |coffer| {
            Ok((get(coffer)?.field("Authorization", &bearer), SIZE))
        }),
        Kind::new("HEAD", |coffer| Ok((get(coffer)?.method("HEAD"), 0))),
        Kind::new("GET, not found", |coffer| {
            let none = Request::get(coffer.address, "/v1/public/files/none");
            let body = probe::send(&none, b"")?.body.len();
            Ok((none, body))
        }),
        Kind {
            policy: folders::POLICY.to_owned(),
            ..Kind::new("list, 100 folders", |coffer| folders::page(coffer, "all"))
        },
        Kind {
            policy: folders::POLICY.to_owned(),
            ..Kind::new("list, 100 folders among as many closed ones", |coffer| {
                folders::page(coffer, "half")
            })
        },
    ];
    let mut counts = Counts::new();
    for kind in kinds.iter().filter(|kind| bench.wants(kind.name)) {
        if counts.is_empty() {
            // The component may have to be compiled, which would be counted too.
            run(bench, kind, 0)?;
        }
        let (once, twice) = (run(bench, kind, TIMES)?, run(bench, kind, 2 * TIMES)?);
        let more = twice.checked_sub(once);
        let more =
            more.ok_or_else(|| format!("{}: more requests took fewer instructions", kind.name))?;
        counts.insert(kind.name.to_owned(), more / TIMES);
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

/// Instructions of a server's whole life with this many requests.
fn run(bench: &Bench, kind: &Kind<'_>, times: u64) -> Result<u64> {
    let log = bench.log("callgrind");
    let flags = callgrind::flags(&log);
    let by: Vec<&str> = flags.iter().map(String::as_str).collect();
    // Few instances, since valgrind has less address space; no watch, whose polls would count.
    let setup = Setup::new(bench, "instructions").policy_with(&kind.policy);
    let setup = setup.arguments(&[
        "--max-instances",
        "1",
        "--max-waiting-instances",
        "1",
        "--watch-interval",
        "0s",
    ]);
    let setup = setup.arguments(kind.flags);
    let mut command = setup.command(&by)?;
    let coffer = setup.start_as(&mut command)?;
    let (request, body) = (kind.make)(&coffer)?;
    let mut stream = TcpStream::connect(coffer.address).map_err(|error| error.to_string())?;
    let status = probe::send_on(&mut stream, &request, b"")?.status;
    for _ in 0..WARM_UP + times {
        probe::send_on(&mut stream, &request, b"")?.must_be(status, body)?;
    }
    drop(stream);
    coffer.process.stop()?;
    callgrind::collected(&log)
}
