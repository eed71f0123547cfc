//! Runs the component: wasmtime, what it is provided with, and one instance per request.

mod candidate;
pub mod code_cache;
mod cpu_time;
mod failure;
mod instances;
mod judge;
mod limits;
mod runtime;
mod state;
mod succession;
mod trial;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;
use wasmtime::{Engine, Store};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::imports::client_wait::{Awaited, ClientWait, Slot};
use crate::imports::port::Parked;
use crate::imports::telemetry::Subject;
use crate::metrics::Metrics;
use crate::process::log::RequestLog;
use cpu_time::CpuLimited;
use failure::TimedOut;
use instances::{Instances, Step};
use state::{SharedState, State};

pub use candidate::{Candidate, Identity, Opening, Refused, WASM};
pub use failure::{Failures, SandboxFailure};
pub use judge::{Judge, JudgeError, MOST_JUDGING};
pub use limits::{COMPOSED, SandboxLimits};
pub use runtime::{Runtime, RuntimeError};
pub use succession::Reopening;

/// Max size of what a component passes in one call, in bytes of the host's memory: a list can take
/// far more there than in the component's own.
const MOST_HANDED_OVER: usize = 8 << 20;

/// The least time for what follows a body: if that has taken all of the request's time, what has
/// arrived of a resumable upload is still to be kept.
const AFTER_BODY: Duration = Duration::from_secs(10);

/// A component that has passed its check, with everything that it is provided with.
pub struct Sandbox {
    runtime: Runtime,
    instances: Arc<Instances>,
    shared: Arc<SharedState>,
    failures: Arc<Failures>,
}

impl Sandbox {
    /// Answers one request with an instance of its own.
    ///
    /// `subject` receives what the request is about. Returns once the response's header is there;
    /// its body may still be on its way. If the caller goes away before that, the instance ends
    /// with everything it holds.
    ///
    /// # Errors
    /// A [`SandboxFailure`], and no response.
    pub async fn handle<B>(
        &self,
        request: http::Request<B>,
        subject: &Arc<Subject>,
    ) -> Result<http::Response<HyperOutgoingBody>, SandboxFailure>
    where
        B: Body<Data = Bytes, Error = wasmtime_wasi_http::Error> + Send + Unpin + 'static,
    {
        let answered = self.run(request, subject).await;
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

    /// Whether a request would get an instance within this time.
    pub async fn has_room(&self, patience: Duration) -> bool {
        let slot = self.runtime.slots.acquire();
        tokio::time::timeout(patience, slot).await.is_ok()
    }

    /// Room for one instance, after waiting for others to end if there is none.
    async fn slot(&self, patience: Duration) -> Result<Slot, SandboxFailure> {
        let (slots, metrics) = (Arc::clone(&self.runtime.slots), &self.runtime.metrics);
        if let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
            return Ok(Slot::new(slot, metrics.instance()));
        }
        let _waiting = metrics.waiting();
        match tokio::time::timeout(patience, slots.acquire_owned()).await {
            Ok(Ok(slot)) => Ok(Slot::new(slot, metrics.instance())),
            _ => Err(SandboxFailure::Busy),
        }
    }

    /// One instance for the whole request or, if its client is slow, two, with none in between.
    async fn run<B>(
        &self,
        request: http::Request<B>,
        subject: &Arc<Subject>,
    ) -> Result<http::Response<HyperOutgoingBody>, SandboxFailure>
    where
        B: Body<Data = Bytes, Error = wasmtime_wasi_http::Error> + Send + Unpin + 'static,
    {
        let deadline = Instant::now() + self.runtime.limits.request_time;
        let parked = match self.step(Step::Begin(request), subject, deadline).await? {
            Stepped::Answered(response) => return Ok(response),
            Stepped::Parked(parked) => parked,
        };
        let note = parked.note.clone();
        let received = parked.receive(deadline).await;
        let received = received.map_err(SandboxFailure::Component)?;
        let deadline = deadline.max(Instant::now() + AFTER_BODY);
        let rest: Step<B> = Step::Resume(note, received);
        match self.step(rest, subject, deadline).await? {
            Stepped::Answered(response) => Ok(response),
            Stepped::Parked(_) => Err(SandboxFailure::NoAnswer),
        }
    }

    /// One instance's part of a request.
    async fn step<B>(
        &self,
        step: Step<B>,
        subject: &Arc<Subject>,
        deadline: Instant,
    ) -> Result<Stepped, SandboxFailure>
    where
        B: Body<Data = Bytes, Error = wasmtime_wasi_http::Error> + Send + Unpin + 'static,
    {
        let limits = &self.runtime.limits;
        let patience = match step {
            Step::Begin(_) => limits.queue_time,
            // A body that arrived over hours is not dropped because of a moment's load.
            Step::Resume(..) => limits.request_time,
        };
        let slot = self.slot(patience).await?;
        let client = Arc::new(ClientWait::new(slot, Arc::clone(&self.runtime.waiting)));
        let (answer, mut answered) = oneshot::channel();
        let carried = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&carried);
        let step = step.map(|body| {
            let counted = body.inspect_frame(move |frame| {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                counter.fetch_add(bytes as u64, Ordering::Relaxed);
            });
            Awaited::body(counted, &client)
        });
        let (instances, shared) = (Arc::clone(&self.instances), Arc::clone(&self.shared));
        let (waits, subject) = (Arc::clone(&client), Arc::clone(subject));
        let work = async move {
            let done = instances
                .take_step(&shared, step, answer, &waits, &subject)
                .await;
            waits.end();
            done
        };
        let work = CpuLimited::new(work, limits.cpu_time, carried);
        let longest = limits.request_time;
        let running = async move {
            match timeout_at(deadline, work).await {
                Ok(Ok(done)) => done,
                Ok(Err(used_up)) => Err(used_up.into()),
                Err(_) => Err(TimedOut(longest).into()),
            }
        };
        let mut running = Box::pin(running);
        let answered = tokio::select! {
            biased;
            // Usually it is done at once, and needs no task of its own.
            done = &mut running => match (answered.try_recv(), done) {
                (_, Ok(Some(parked))) => return Ok(Stepped::Parked(Box::new(parked))),
                (Ok(Ok(response)), done) => {
                    log_late_failure(done, &self.failures, &self.runtime.metrics);
                    Ok(response)
                }
                (Ok(Err(code)), _) => Err(SandboxFailure::Error(code)),
                (Err(_), done) => Err(unanswered(done)),
            },
            answer = &mut answered => match answer {
                Ok(Ok(response)) => {
                    // The header is out: the instance finishes in the background.
                    let failures = Arc::clone(&self.failures);
                    let metrics = Arc::clone(&self.runtime.metrics);
                    let rest = async move {
                        log_late_failure(running.await, &failures, &metrics);
                    };
                    tokio::spawn(RequestLog::current().scope(rest.in_current_span()));
                    Ok(response)
                }
                Ok(Err(code)) => Err(SandboxFailure::Error(code)),
                Err(_) => match running.await {
                    Ok(Some(parked)) => return Ok(Stepped::Parked(Box::new(parked))),
                    done => Err(unanswered(done)),
                },
            },
        };
        if client.was_refused() {
            return Err(SandboxFailure::Busy);
        }
        answered.map(Stepped::Answered)
    }
}

/// How a step ended.
enum Stepped {
    Answered(http::Response<HyperOutgoingBody>),
    /// The client is slow, so the instance was ended.
    Parked(Box<Parked>),
}

/// The store of one instance. It yields after each time slice, so that others get theirs.
fn new_store(engine: &Engine, shared: &SharedState) -> Store<State> {
    let mut store = Store::new(engine, State::new(shared));
    store.epoch_deadline_async_yield_and_update(1);
    // The deadline that it is created with is already past.
    store.set_epoch_deadline(1);
    store.set_hostcall_fuel(MOST_HANDED_OVER);
    store
}

/// Why an instance ended without a response.
fn unanswered(done: wasmtime::Result<Option<Parked>>) -> SandboxFailure {
    match done {
        Ok(_) => SandboxFailure::NoAnswer,
        Err(trap) => SandboxFailure::Component(trap),
    }
}

/// After the header a failure cannot be answered anymore; the response is cut short.
fn log_late_failure(
    done: wasmtime::Result<Option<Parked>>,
    failures: &Failures,
    metrics: &Metrics,
) {
    if let Err(trap) = done {
        let failure = SandboxFailure::Component(trap);
        tracing::error!(
            kind = failure.kind(),
            error = failure.to_string(),
            "the component failed after its response header"
        );
        failures.record(&failure);
        metrics.failed(failure.kind());
    }
}
