//! The CPU time of one request.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Each time a body reaches this many bytes, its request gets the limit once more: receiving it,
/// and finding a form's boundaries in it, is legitimate work.
const BYTES_PER_LIMIT: u64 = 256 << 20;

/// A future that ends when it has used up its CPU time. Waiting, for a client or for others, does
/// not count, and neither does what it does before it first yields: usually that is everything,
/// and reading the clock can take longer. It must yield now and then, as instances do.
pub(super) struct CpuLimited<F> {
    work: Pin<Box<F>>,
    yielded: bool,
    used: Duration,
    limit: Duration,
    /// Bytes of the request's body so far.
    carried: Arc<AtomicU64>,
}

/// The CPU time was used up.
#[derive(Debug, thiserror::Error)]
#[error("it used {0:?} of CPU time, over the limit (--max-cpu-time)")]
pub(super) struct TimeUsedUp(Duration);

impl<F> CpuLimited<F> {
    pub(super) fn new(work: F, limit: Duration, carried: Arc<AtomicU64>) -> Self {
        Self {
            work: Box::pin(work),
            yielded: false,
            used: Duration::ZERO,
            limit,
            carried,
        }
    }

    fn allowed(&self) -> Duration {
        let times = 1 + self.carried.load(Ordering::Relaxed) / BYTES_PER_LIMIT;
        self.limit
            .saturating_mul(u32::try_from(times).unwrap_or(u32::MAX))
    }
}

impl<F: Future> Future for CpuLimited<F> {
    type Output = Result<F::Output, TimeUsedUp>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let start = self.yielded.then(thread_time);
        if let Poll::Ready(done) = self.work.as_mut().poll(context) {
            return Poll::Ready(Ok(done));
        }
        self.yielded = true;
        if let Some(start) = start {
            self.used += thread_time().saturating_sub(start);
        }
        if self.used > self.allowed() {
            return Poll::Ready(Err(TimeUsedUp(self.used)));
        }
        Poll::Pending
    }
}

/// The CPU time of this thread so far.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn burn(time: Duration) {
        let start = thread_time();
        while thread_time().saturating_sub(start) < time {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn work_ends_with_its_cpu_time_and_a_larger_body_gives_more() {
        let limit = Duration::from_millis(20);
        for (time, carried, ends) in [
            (0, 0, false),
            (100, 0, true),
            (100, BYTES_PER_LIMIT - 1, true),
            (100, 100 * BYTES_PER_LIMIT, false),
        ] {
            let carried = Arc::new(AtomicU64::new(carried));
            let work = burn(Duration::from_millis(time));
            let done = CpuLimited::new(work, limit, carried).await;
            assert_eq!(done.is_err(), ends, "{time} ms");
        }
    }

    #[tokio::test]
    async fn waiting_costs_nothing() {
        let work = tokio::time::sleep(Duration::from_millis(50));
        let done = CpuLimited::new(work, Duration::from_millis(10), Arc::default()).await;
        assert!(done.is_ok());
    }
}
