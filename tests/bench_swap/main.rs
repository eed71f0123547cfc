//! A minute of load while policies are swapped every second and components that cannot
//! serve are offered: nothing may fail, be torn, or be decided by the wrong policy.
//!
//! Takes the number of seconds, and the number of further swaps without load. Exits with 1 on any
//! violation.

#![allow(clippy::unwrap_used)]

mod client;
#[path = "../support/component.rs"]
#[allow(dead_code)]
mod component;
mod load;
mod server;
mod timeline;

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use component::Guest;
use load::{CONNECTIONS, Load};
use server::Server;
use timeline::{Policy, Switch, judge};

/// How much more memory the last third of the run may take than the second, in MiB, by
/// their medians: what the allocator keeps settles in the first third, and single samples
/// vary with the load.
const GROWTH: u64 = 48;
/// Swaps without load after the run, until memory has settled again.
const SETTLING_SWAPS: usize = 50;
/// Further swaps without load, unless another number is given.
const QUIET_SWAPS: usize = 300;
/// How much more memory those may take, in MiB.
const QUIET_GROWTH: u64 = 16;
/// A component that cannot serve is offered after this many swaps.
const OFFER_EVERY: usize = 6;

fn main() -> ExitCode {
    let mut figures = std::env::args().filter_map(|argument| argument.parse().ok());
    let seconds = figures.next();
    let quiet_swaps = figures.next().and_then(|swaps| usize::try_from(swaps).ok());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run(
        Duration::from_secs(seconds.unwrap_or(60)),
        quiet_swaps.unwrap_or(QUIET_SWAPS),
    ))
}

/// Pseudo-random bytes, enough for the largest file from any start (Marsaglia's xorshift).
fn pattern() -> Bytes {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let words = (0..52 << 17).flat_map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.collect::<Vec<_>>().into()
}

/// Components that cannot serve, and a word of why.
fn unfit(good: &[u8]) -> [(&'static str, Vec<u8>, &'static str); 3] {
    let endless = Guest::new("").checking("(loop $again (br $again))").build();
    [
        (
            "truncated",
            good[..good.len() / 2].to_vec(),
            "not a WebAssembly component",
        ),
        (
            "foreign",
            wat::parse_str("(component)").unwrap(),
            "does not export",
        ),
        ("endlessly looping", endless, "CPU time"),
    ]
}

async fn run(time: Duration, quiet_swaps: usize) -> ExitCode {
    let server = Server::start(Policy::Store);
    let load = Load::new(server.address, pattern());
    let mut client = client::Client::new(server.address);
    for (seed, (name, length)) in load::FILES.into_iter().enumerate() {
        let content = load.content(seed, length);
        let stored = client
            .put(&format!("/v1/public/files/{name}"), content)
            .await;
        assert_eq!(stored.unwrap().response.status(), 201);
    }
    let now = Instant::now();
    let mut switches = vec![Switch {
        to: Policy::Store,
        asked: now,
        done: now,
    }];
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|number| tokio::spawn(load.clone().work(number)))
        .collect();

    let (mut memory, mut refused) = (Vec::new(), Vec::new());
    let unfit = unfit(&server.good);
    let end = now + time;
    let mut next = now;
    while next < end {
        next = (next + Duration::from_secs(1)).max(Instant::now());
        tokio::time::sleep_until(next.into()).await;
        let to = switches
            .last()
            .map_or(Policy::Store, |last| last.to)
            .other();
        server.write_policy(to);
        let asked = Instant::now();
        let answer = server.reload().await;
        let done = Instant::now();
        switches.push(Switch { to, asked, done });
        if let Err(reason) = answer {
            load.violation(format!("a valid policy was refused: {reason}"));
        }
        memory.push(server.resident_mib());
        if switches.len() % OFFER_EVERY == 0 {
            let (what, bytes, word) = &unfit[refused.len() % unfit.len()];
            server.write_component(bytes);
            match server.reload().await {
                Err(reason) if reason.contains(word) => refused.push((*what, reason)),
                Err(reason) => load.violation(format!("{what}: refused, but with {reason}")),
                Ok(()) => load.violation(format!("{what}: accepted")),
            }
            server.write_component(&server.good);
        }
    }
    load.stop();
    for worker in workers {
        if let Err(error) = worker.await {
            load.violation(format!("a connection's work ended: {error}"));
        }
    }
    let quietly = async |swaps: usize| {
        for swap in 0..swaps {
            server.write_policy(if swap % 2 == 0 {
                Policy::Store
            } else {
                Policy::List
            });
            if let Err(reason) = server.reload().await {
                load.violation(format!("without load: {reason}"));
            }
        }
        server.resident_mib()
    };
    let before = quietly(SETTLING_SWAPS).await;
    let after = quietly(quiet_swaps).await;
    println!("quiet swaps     {quiet_swaps}, host's memory {before} MiB before, {after} after");
    if after > before + QUIET_GROWTH {
        load.violation("memory grew without any load".to_owned());
    }
    summary(&load, &switches, &memory, &refused)
}

/// The median.
fn middle(figures: &[u64]) -> u64 {
    let mut sorted = figures.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

fn summary(
    load: &Load,
    switches: &[Switch],
    memory: &[u64],
    refused: &[(&str, String)],
) -> ExitCode {
    let agreement = judge(switches, &load.decisions.lock().unwrap());
    let third = memory.len().div_ceil(3);
    let (early, late) = (
        middle(&memory[third.min(memory.len() - third)..][..third]),
        middle(&memory[memory.len() - third..]),
    );
    let mut violations = std::mem::take(&mut *load.violations.lock().unwrap());
    if agreement.wrong > 0 {
        violations.push(format!("{} decisions by the wrong policy", agreement.wrong));
    }
    if late > early + GROWTH {
        violations.push(format!("memory grew from {early} to {late} MiB"));
    }
    let took = |switch: &Switch| switch.done - switch.asked;
    let mut times: Vec<Duration> = switches.iter().skip(1).map(took).collect();
    times.sort();
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    println!(
        "swaps           {} at {CONNECTIONS} connections",
        times.len()
    );
    println!(
        "swap takes      {:?} median, {:?} at most",
        times.get(times.len() / 2).copied().unwrap_or_default(),
        times.last().copied().unwrap_or_default()
    );
    println!(
        "downloads       {}, and {} by slow readers",
        count(&load.downloads),
        count(&load.slow_downloads)
    );
    println!(
        "uploads         {} of 1 to 50 MiB, each read back; {} refused by the policy",
        count(&load.uploads),
        count(&load.refused)
    );
    println!("lists           {}", count(&load.lists));
    println!("bytes compared  {} MiB", count(&load.bytes) >> 20);
    println!(
        "decisions       {} agree, {} more within a switch, {} wrong",
        agreement.sharp, agreement.during_a_switch, agreement.wrong
    );
    println!(
        "host's memory   {} MiB after the first swap, {} after the last, at most {}; {early} \
        median of the second third, {late} of the last",
        memory.first().copied().unwrap_or(0),
        memory.last().copied().unwrap_or(0),
        memory.iter().max().copied().unwrap_or(0)
    );
    println!("                after each: {memory:?}");
    for (what, reason) in refused {
        println!("refused         {what}: {reason}");
    }
    println!("violations      {}", violations.len());
    for violation in violations.iter().take(20) {
        println!("                {violation}");
    }
    if violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
