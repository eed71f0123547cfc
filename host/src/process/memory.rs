//! The allocator, and how free memory goes back to the system.
//!
//! Each thread has a heap of its own. Memory that other threads free stays in it until that
//! thread allocates again, which a worker of an idle server does not: after thousands of clients
//! have left at once, it would keep most of what they used. So each worker tidies its heap now
//! and then before it sleeps ([`worker_sleeps`]), and all are woken for that ([`give_back`]).

use std::cell::Cell;
use std::time::{Duration, Instant};

use rustix::thread::disable_transparent_huge_pages;
use tokio::runtime::Handle;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often free memory is returned.
const EVERY: Duration = Duration::from_secs(5);

/// Keeps the kernel from backing memory with huge pages: it fills the holes between what is in
/// use, so that memory that was given back becomes resident again.
///
/// Called at the start, since it concerns only what becomes resident afterwards.
pub fn avoid_huge_pages() {
    if let Err(error) = disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "cannot turn off transparent huge pages");
    }
}

/// Returns free memory to the system, for as long as the program runs.
///
/// From the heaps of these runtimes' threads, too, besides those of the one that it runs on.
pub async fn give_back(mut runtimes: Vec<Handle>) {
    runtimes.push(Handle::current());
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        for runtime in &runtimes {
            // One task for each thread, which goes to sleep again if it finds no more of them.
            for _ in 0..runtime.metrics().num_workers() {
                runtime.spawn(tokio::task::yield_now());
            }
        }
    }
}

/// Tidies the heap of a worker that is about to sleep.
pub fn worker_sleeps() {
    thread_local! {
        static TIDIED: Cell<Option<Instant>> = const { Cell::new(None) };
    }
    let now = Instant::now();
    // A tick that comes a little early must not be skipped.
    let recently = |last| now.duration_since(last) < EVERY / 2;
    TIDIED.with(|tidied| {
        if !tidied.get().is_some_and(recently) {
            tidied.set(Some(now));
            collect();
        }
    });
}

/// Returns what is free in the heap of this thread, and in no heap.
#[expect(unsafe_code, reason = "mimalloc has no safe interface to this")]
fn collect() {
    // SAFETY: it may be called at any time, from any thread.
    unsafe { libmimalloc_sys::mi_collect(true) }
}
