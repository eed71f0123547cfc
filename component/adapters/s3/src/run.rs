//! Several requests at once, where the only way to wait is `wasi:io/poll`: futures that wait for
//! pollables, and are polled again once one of these is ready.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use coffer_adapter::bindings::wasi::clocks::monotonic_clock::subscribe_duration;
use coffer_adapter::bindings::wasi::io::poll::{Pollable, poll};

/// Max requests at once: as many connections, since platforms may open one for each.
const AT_ONCE: usize = 16;

thread_local! {
    /// What the futures wait for that were polled since the last wait.
    static AWAITED: RefCell<Vec<Rc<Pollable>>> = const { RefCell::new(Vec::new()) };
}

/// Runs a future to its end.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    // Those of the future that is being polled, if this one runs in it.
    let outer = AWAITED.take();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            AWAITED.set(outer);
            return output;
        }
        let awaited = AWAITED.take();
        let awaited: Vec<&Pollable> = awaited.iter().map(Rc::as_ref).collect();
        poll(&awaited);
    }
}

/// Waits until something is ready.
pub async fn ready(pollable: Pollable) {
    let pollable = Rc::new(pollable);
    poll_fn(|_| match pollable.ready() {
        true => Poll::Ready(()),
        false => {
            AWAITED.with_borrow_mut(|awaited| awaited.push(pollable.clone()));
            Poll::Pending
        }
    })
    .await;
}

/// Sleeps.
pub async fn sleep(time: Duration) {
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    ready(subscribe_duration(nanoseconds)).await;
}

/// Runs all of these, a few at a time. The outputs are in the same order.
pub async fn several<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting = futures.into_iter();
    let mut running: Vec<(usize, Pin<Box<F>>)> = Vec::new();
    let mut outputs = Vec::new();
    poll_fn(|context| {
        let mut is_running =
            |index: usize, future: &mut Pin<Box<F>>, outputs: &mut Vec<_>| match future
                .as_mut()
                .poll(context)
            {
                Poll::Pending => true,
                Poll::Ready(output) => {
                    outputs[index] = Some(output);
                    false
                }
            };
        running.retain_mut(|(index, future)| is_running(*index, future, &mut outputs));
        while running.len() < AT_ONCE
            && let Some(future) = waiting.next()
        {
            let (index, mut future) = (outputs.len(), Box::pin(future));
            outputs.push(None);
            if is_running(index, &mut future, &mut outputs) {
                running.push((index, future));
            }
        }
        match running.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Polls a future until it is done, and counts how often.
    fn polls<T>(future: impl Future<Output = T>) -> (T, usize) {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        for count in 1.. {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return (output, count);
            }
        }
        unreachable!("endless")
    }

    /// Done when polled this many times more.
    async fn after(mut more: usize) {
        poll_fn(|_| match more {
            0 => Poll::Ready(()),
            _ => {
                more -= 1;
                Poll::Pending
            }
        })
        .await;
    }

    #[test]
    fn a_few_run_at_a_time_and_the_outputs_keep_their_order() {
        let (running, most) = (Cell::new(0), Cell::new(0));
        let task = |index: usize| {
            let (running, most) = (&running, &most);
            async move {
                running.set(running.get() + 1);
                most.set(most.get().max(running.get()));
                after(index % 3).await;
                running.set(running.get() - 1);
                index
            }
        };
        let (outputs, _) = polls(several((0..100).map(task)));
        assert_eq!(outputs, (0..100).collect::<Vec<_>>());
        assert_eq!((running.get(), most.get()), (0, AT_ONCE));
    }

    #[test]
    fn they_wait_together_and_none_need_to_wait() {
        let (_, together) = polls(several((0..AT_ONCE).map(|_| after(5))));
        let (_, alone) = polls(several([after(5)]));
        assert_eq!(together, alone);
        assert_eq!(polls(several((0..9).map(|_| after(0)))).1, 1);
        assert_eq!(polls(several(Vec::<std::future::Ready<()>>::new())).1, 1);
    }
}
