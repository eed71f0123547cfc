//! The allocator, and how it returns free memory to the system.

use std::hint::black_box;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often free memory is returned.
const EVERY: Duration = Duration::from_secs(5);
/// An allocation too large for the allocator's free lists, in bytes.
const LARGE: usize = 64 << 20;

/// Returns free memory to the system, for as long as the program runs.
///
/// mimalloc does so by itself, but only during allocations: after thousands of clients have left
/// at once, and no others arrive, it would keep all of their memory. What is allocated here is
/// never touched, so it costs nothing.
pub async fn give_back() {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        drop(black_box(Vec::<u8>::with_capacity(LARGE)));
    }
}
