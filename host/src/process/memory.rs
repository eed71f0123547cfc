//! The allocator, and what it gives back to the system.

use std::hint::black_box;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often what is free is given back.
const EVERY: Duration = Duration::from_secs(5);
/// Too large to come out of what is kept for small pieces, in bytes.
const LARGE: usize = 64 << 20;

/// Has memory that is free given back to the system, for as long as the program runs.
///
/// mimalloc does so by itself, but only while it is asked for memory: after thousands of
/// clients have gone at once, and nobody else comes, it would keep all of theirs. None of
/// what is allocated here is touched, so that it costs nothing.
pub async fn give_back() {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        drop(black_box(Vec::<u8>::with_capacity(LARGE)));
    }
}
