//! Reads and writes on several hosts at once, by writers that remember which writes
//! were acknowledged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, Response, StatusCode};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::host::Host;
use crate::process::PATIENCE;

/// Writers on each host.
const WRITERS: usize = 3;
/// Names that each writer keeps replacing; all others are written once.
const REPLACED: usize = 3;

/// SHA-256 of a file.
type Hash = [u8; 32];

/// The versions that a name may hold.
#[derive(Default)]
pub struct Known {
    /// The version that was acknowledged last.
    answered: Option<Hash>,
    /// Versions refused since: each may or may not have taken effect.
    refused: Vec<Hash>,
}

/// What a reader has found.
pub enum Found {
    /// The version that was acknowledged last, or nothing if none was.
    Answered,
    /// A refused one, later than all acknowledged ones.
    Refused,
    /// Anything else.
    Wrong,
}

impl Known {
    /// Judges what a reader has found.
    pub fn judge(&self, found: Option<Hash>) -> Found {
        match found {
            found if found == self.answered => Found::Answered,
            Some(found) if self.refused.contains(&found) => Found::Refused,
            _ => Found::Wrong,
        }
    }

    /// Whether any version was acknowledged.
    pub fn was_answered(&self) -> bool {
        self.answered.is_some()
    }
}

/// The outcome of the load.
#[derive(Default)]
pub struct Outcome {
    /// Writes attempted.
    pub tried: u64,
    /// Writes acknowledged with 200 or 201.
    pub answered: u64,
    /// Of these, those that a later one has replaced.
    pub replaced: u64,
    /// Writes refused with 503 and Retry-After.
    pub refused: u64,
    /// Complete reads, each with the expected content.
    pub reads: u64,
    /// Reads refused with 503, or broken off after they began.
    pub failed_reads: u64,
    /// Violations, in words.
    pub wrong: Vec<String>,
    /// Every name that a write was attempted on.
    pub names: BTreeMap<String, Known>,
}

/// Writers that run until they are stopped.
pub struct Load {
    writers: JoinSet<Outcome>,
    answered: Vec<watch::Receiver<u64>>,
    stop: Arc<AtomicBool>,
}

impl Load {
    /// Starts writers on each of the hosts.
    pub fn start(hosts: &[Arc<Host>]) -> Self {
        let mut load = Self {
            writers: JoinSet::new(),
            answered: Vec::new(),
            stop: Arc::default(),
        };
        for (number, host) in hosts.iter().enumerate() {
            let (count, answered) = watch::channel(0);
            load.answered.push(answered);
            for id in 0..WRITERS {
                let writer = Writer {
                    id: number * WRITERS + id,
                    writes_to: Arc::clone(host),
                    reads_from: Arc::clone(&hosts[(number + id) % hosts.len()]),
                    count: count.clone(),
                    stop: Arc::clone(&load.stop),
                    outcome: Outcome::default(),
                };
                load.writers.spawn(writer.run());
            }
        }
        load
    }

    /// Waits until a host has acknowledged this many more writes.
    pub async fn answers(&mut self, host: usize, more: u64) {
        let before = *self.answered[host].borrow();
        let answered = self.answered[host].wait_for(|&count| count >= before + more);
        let answered = tokio::time::timeout(PATIENCE, answered).await;
        assert!(
            answered.is_ok_and(|open| open.is_ok()),
            "host {host} is stuck"
        );
    }

    /// Lets every writer finish its turn.
    pub async fn stop(self) -> Outcome {
        self.stop.store(true, Ordering::Relaxed);
        let mut whole = Outcome::default();
        for outcome in self.writers.join_all().await {
            whole.tried += outcome.tried;
            whole.answered += outcome.answered;
            whole.replaced += outcome.replaced;
            whole.refused += outcome.refused;
            whole.reads += outcome.reads;
            whole.failed_reads += outcome.failed_reads;
            whole.wrong.extend(outcome.wrong);
            whole.names.extend(outcome.names);
        }
        whole
    }
}

struct Writer {
    id: usize,
    writes_to: Arc<Host>,
    reads_from: Arc<Host>,
    count: watch::Sender<u64>,
    stop: Arc<AtomicBool>,
    outcome: Outcome,
}

impl Writer {
    async fn run(mut self) -> Outcome {
        for turn in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let name = match turn % 4 {
                3 => format!("writer-{}/replaced-{}", self.id, turn / 4 % REPLACED),
                _ => format!("writer-{}/{turn}", self.id),
            };
            self.write(&name, turn).await;
            // One that was written some time ago.
            let older = self.outcome.names.keys().nth(turn * 7 / 10).cloned();
            self.read(&older.unwrap_or(name)).await;
        }
        self.outcome
    }

    async fn write(&mut self, name: &str, turn: usize) {
        let content = noise(self.id << 32 | turn, size(self.id + turn));
        let hash: Hash = Sha256::digest(&content).into();
        let outcome = &mut self.outcome;
        outcome.tried += 1;
        let known = outcome.names.entry(name.to_owned()).or_default();
        let request = self.writes_to.request(Method::PUT, name).body(content);
        let response = request.send().await;
        match response.map(|response| (response.status(), retry_after(&response))) {
            Ok((StatusCode::OK | StatusCode::CREATED, _)) => {
                outcome.answered += 1;
                outcome.replaced += u64::from(known.was_answered());
                *known = Known {
                    answered: Some(hash),
                    refused: Vec::new(),
                };
                self.count.send_modify(|count| *count += 1);
            }
            Ok((StatusCode::SERVICE_UNAVAILABLE, Some(pause))) => {
                outcome.refused += 1;
                known.refused.push(hash);
                tokio::time::sleep(pause).await;
            }
            other => outcome.wrong.push(format!("{name} written: {other:?}")),
        }
    }

    async fn read(&mut self, name: &str) {
        let outcome = &mut self.outcome;
        match read(&self.reads_from, name).await {
            Read::Whole(found) => {
                outcome.reads += 1;
                if matches!(outcome.names[name].judge(found), Found::Wrong) {
                    outcome
                        .wrong
                        .push(format!("{name} read: not as acknowledged"));
                }
            }
            Read::Unavailable => outcome.failed_reads += 1,
            Read::Other(status) => outcome.wrong.push(format!("{name} read: {status}")),
        }
    }
}

/// The time in Retry-After, if any.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get("retry-after")?.to_str().ok()?;
    Some(Duration::from_secs(seconds.parse().ok()?))
}

/// The outcome of a read.
#[derive(Debug, Clone, Copy)]
pub enum Read {
    /// The file's hash, or none if there is no file.
    Whole(Option<Hash>),
    /// 503, or broken off after it began.
    Unavailable,
    /// Any other status.
    Other(StatusCode),
}

/// Reads a file to its end.
pub async fn read(host: &Host, name: &str) -> Read {
    let response = host.request(Method::GET, name).send().await.unwrap();
    match response.status() {
        StatusCode::OK => match response.bytes().await {
            Ok(content) => Read::Whole(Some(Sha256::digest(&content).into())),
            Err(_) => Read::Unavailable,
        },
        StatusCode::NOT_FOUND => Read::Whole(None),
        StatusCode::SERVICE_UNAVAILABLE => Read::Unavailable,
        other => Read::Other(other),
    }
}

/// The size of a write in bytes: 0, below and above a Garage block (1 MiB), and for
/// every 32nd more than Coffer sends in one part (8 MiB).
fn size(number: usize) -> usize {
    match number % 32 {
        0 => 0,
        5 => (9 << 20) + number,
        10 | 21 => (1 << 20) + number,
        other => other * 1021,
    }
}

/// Pseudo-random bytes, the same for the same seed.
pub fn noise(seed: usize, len: usize) -> Bytes {
    let mut state = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let words = std::iter::repeat_with(|| {
        // Xorshift, by Marsaglia.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    let mut bytes: Vec<u8> = words.take(len.div_ceil(8)).flatten().collect();
    bytes.truncate(len);
    bytes.into()
}
