//! Runs the component: wasmtime, what it is lent, and one instance a request.

mod candidate;
mod failure;
mod instances;
mod limits;
mod metered;
mod runtime;
mod state;
mod trial;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::{Body, Bytes};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::Instrument;
use wasmtime::{Engine, Store};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::counted::counted;
use crate::metrics::{Held, Metrics};
use failure::TimedOut;
use instances::Instances;
use metered::Metered;
use state::{Shared, State};

pub use candidate::{Candidate, Refused};
pub use failure::{Failure, Failures};
pub use limits::Limits;
pub use runtime::Runtime;

/// The most that a component may hand over in one call, in bytes of the host's memory:
/// a list can take far more there than in the component's own.
const MOST_HANDED_OVER: usize = 8 << 20;

/// A component that has passed its check, with everything that it is lent.
pub struct Sandbox {
    runtime: Runtime,
    instances: Arc<Instances>,
    shared: Arc<Shared>,
    failures: Arc<Failures>,
}

impl Sandbox {
    /// Has one request answered by an instance of its own.
    ///
    /// Returns with the response's head; its body may still be on its way. If the
    /// caller goes away before that, the instance ends with everything it holds.
    ///
    /// # Errors
    /// A [`Failure`]; the request is not answered then.
    pub async fn handle<B>(
        &self,
        request: http::Request<B>,
    ) -> Result<http::Response<HyperOutgoingBody>, Failure>
    where
        B: Body<Data = Bytes, Error = wasmtime_wasi_http::Error> + Send + Unpin + 'static,
    {
        let answered = self.run(request).await;
        if let Err(failure) = &answered {
            self.failures.record(failure);
            self.runtime.metrics.failed(failure.kind());
        }
        answered
    }

    /// What has gone wrong with this component.
    pub fn failures(&self) -> &Arc<Failures> {
        &self.failures
    }

    /// Room for one instance, for which others may have to end first.
    async fn slot(&self) -> Result<(OwnedSemaphorePermit, Held), Failure> {
        let (slots, metrics) = (Arc::clone(&self.runtime.slots), &self.runtime.metrics);
        if let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
            return Ok((slot, metrics.instance()));
        }
        let _waiting = metrics.waiting();
        let patience = self.runtime.limits.queue_time;
        match tokio::time::timeout(patience, slots.acquire_owned()).await {
            Ok(Ok(slot)) => Ok((slot, metrics.instance())),
            _ => Err(Failure::Busy),
        }
    }

    async fn run<B>(
        &self,
        request: http::Request<B>,
    ) -> Result<http::Response<HyperOutgoingBody>, Failure>
    where
        B: Body<Data = Bytes, Error = wasmtime_wasi_http::Error> + Send + Unpin + 'static,
    {
        let limits = &self.runtime.limits;
        let slot = self.slot().await?;
        let (answer, mut answered) = oneshot::channel();
        let carried = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&carried);
        let count = move |bytes| _ = counter.fetch_add(bytes, Ordering::Relaxed);
        let request = request.map(|body| counted(body, count));
        let (instances, shared) = (Arc::clone(&self.instances), Arc::clone(&self.shared));
        let work = async move {
            let _held = slot;
            instances.answer(&shared, request, answer).await
        };
        let work = Metered::new(work, limits.cpu_time, carried);
        let longest = limits.request_time;
        let running = async move {
            match tokio::time::timeout(longest, work).await {
                Ok(Ok(done)) => done,
                Ok(Err(used_up)) => Err(used_up.into()),
                Err(_) => Err(TimedOut(longest).into()),
            }
        };
        let mut running = Box::pin(running);
        tokio::select! {
            biased;
            // As a rule it is over at once, and needs no task of its own.
            done = &mut running => match (answered.try_recv(), done) {
                (Ok(Ok(response)), done) => {
                    log_late_failure(done, &self.failures, &self.runtime.metrics);
                    Ok(response)
                }
                (Ok(Err(code)), _) => Err(Failure::Error(code)),
                (Err(_), done) => Err(unanswered(done)),
            },
            answer = &mut answered => match answer {
                Ok(Ok(response)) => {
                    // The head is out: what the instance still does is its own affair.
                    let failures = Arc::clone(&self.failures);
                    let metrics = Arc::clone(&self.runtime.metrics);
                    let rest = async move {
                        log_late_failure(running.await, &failures, &metrics);
                    };
                    tokio::spawn(rest.in_current_span());
                    Ok(response)
                }
                Ok(Err(code)) => Err(Failure::Error(code)),
                Err(_) => Err(unanswered(running.await)),
            },
        }
    }
}

/// Everything of one instance. Its time is cut into slices, so that others get theirs.
fn new_store(engine: &Engine, shared: &Shared) -> Store<State> {
    let mut store = Store::new(engine, State::new(shared));
    store.epoch_deadline_async_yield_and_update(1);
    // The deadline that it is made with is over already.
    store.set_epoch_deadline(1);
    store.set_hostcall_fuel(MOST_HANDED_OVER);
    store
}

/// Why an instance that has ended gave no answer.
fn unanswered(done: wasmtime::Result<()>) -> Failure {
    match done {
        Ok(()) => Failure::NoAnswer,
        Err(trap) => Failure::Component(trap),
    }
}

/// A failure after the head cannot be answered any more; the response breaks off.
fn log_late_failure(done: wasmtime::Result<()>, failures: &Failures, metrics: &Metrics) {
    if let Err(trap) = done {
        let failure = Failure::Component(trap);
        tracing::error!(
            kind = failure.kind(),
            error = failure.to_string(),
            "the component failed after its answer"
        );
        failures.record(&failure);
        metrics.failed(failure.kind());
    }
}
