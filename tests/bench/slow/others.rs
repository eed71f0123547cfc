//! Fast clients beside the slow ones: whether they are answered, and how soon.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::Result;
use crate::load::Request;
use crate::load::probe;

/// Connections, each with one request after another.
const CONNECTIONS: usize = 4;
/// The pause between two requests of a connection, so that the CPU is not the limit.
const PAUSE: Duration = Duration::from_millis(4);
/// A response that takes longer counts as missing.
const PATIENCE: Duration = Duration::from_secs(10);

/// What they saw.
pub struct Others {
    /// In milliseconds, ascending.
    times: Vec<f64>,
    failed: usize,
}

impl Others {
    /// Sends this request for this time.
    pub fn watch(request: &Request, time: Duration) -> Result<Self> {
        let seen: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..CONNECTIONS)
                .map(|_| scope.spawn(|| one(request, time)))
                .collect();
            let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
            joined.collect::<std::result::Result<_, _>>()
        })
        .map_err(|_| "a client panicked")?;
        let mut all = Self {
            times: vec![],
            failed: 0,
        };
        for seen in seen {
            all.times.extend(seen.times);
            all.failed += seen.failed;
        }
        all.times.sort_by(f64::total_cmp);
        if all.times.is_empty() {
            return Err("no client was answered".to_owned());
        }
        Ok(all)
    }

    /// The share of requests that were answered.
    pub fn answered(&self) -> f64 {
        let all = self.times.len() + self.failed;
        self.times.len() as f64 / all as f64
    }

    /// In milliseconds.
    pub fn p99_ms(&self) -> f64 {
        let index = self.times.len() * 99 / 100;
        self.times.get(index).copied().unwrap_or(f64::NAN)
    }
}

fn one(request: &Request, time: Duration) -> Others {
    let end = Instant::now() + time;
    let mut seen = Others {
        times: vec![],
        failed: 0,
    };
    let mut connection = None;
    while Instant::now() < end {
        let begun = Instant::now();
        let answered = connect(request, &mut connection)
            .and_then(|stream| probe::send_on(stream, request, b""));
        match answered {
            Ok(response) if response.status == 200 => {
                seen.times.push(begun.elapsed().as_secs_f64() * 1000.0);
            }
            _ => {
                seen.failed += 1;
                connection = None;
            }
        }
        std::thread::sleep(PAUSE);
    }
    seen
}

fn connect<'c>(
    request: &Request,
    connection: &'c mut Option<TcpStream>,
) -> Result<&'c mut TcpStream> {
    if connection.is_none() {
        let stream = TcpStream::connect(request.server).map_err(|error| error.to_string())?;
        let set = stream.set_read_timeout(Some(PATIENCE));
        set.map_err(|error| error.to_string())?;
        *connection = Some(stream);
    }
    connection
        .as_mut()
        .ok_or_else(|| "no connection".to_owned())
}
