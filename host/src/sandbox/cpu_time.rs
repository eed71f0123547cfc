//! The processor time of one request.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A body of so many bytes gives its request the limit once more: taking it in, and
/// finding a form's boundaries in it, is honest work.
const BYTES_PER_LIMIT: u64 = 256 << 20;

/// A future that ends when it has used its time on the processor. Waiting, for a
/// client or for others, is free, and so is all that it does before it first yields: as
/// a rule that is everything, and asking for the time takes longer than some of it. It
/// has to yield now and then, as instances do.
pub(super) struct CpuLimited<F> {
    work: Pin<Box<F>>,
    yielded: bool,
    used: Duration,
    limit: Duration,
    /// Bytes of the request's body so far.
    carried: Arc<AtomicU64>,
}

/// The time was used up.
#[derive(Debug, thiserror::Error)]
#[error("it used {0:?} of processor time, more than its request may")]
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

/// What this thread has used so far, which no other thread adds to.
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
    async fn work_ends_with_its_processor_time_and_more_body_gives_more() {
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
