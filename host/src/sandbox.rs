//! Runs the component: wasmtime, what it is lent, and one instance a request.

mod candidate;
mod failure;
mod limits;
mod metered;
mod runtime;
mod state;
mod trial;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::Instrument;
use wasmtime::{Engine, Store};
use wasmtime_wasi::runtime::AbortOnDropJoinHandle;
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::counted::counted;
use crate::metrics::{Held, Metrics};
use failure::TimedOut;
use metered::Metered;
use state::{Shared, State};

pub use candidate::{Candidate, Refused};
pub use failure::{Failure, Failures};
pub use limits::Limits;
pub use runtime::Runtime;
pub use state::Setting;

/// The most that a component may hand over in one call, in bytes of the host's memory:
/// a list can take far more there than in the component's own.
const MOST_HANDED_OVER: usize = 8 << 20;

/// A component that has passed its check, with everything that it is lent.
pub struct Sandbox {
    runtime: Runtime,
    handler: ProxyPre<State>,
    shared: Shared,
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
        B: Body<Data = Bytes, Error = wasmtime_wasi_http::Error> + Send + 'static,
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
        B: Body<Data = Bytes, Error = wasmtime_wasi_http::Error> + Send + 'static,
    {
        let limits = &self.runtime.limits;
        let slot = self.slot().await?;
        let (answer, answered) = oneshot::channel();
        let mut store = new_store(self.handler.engine(), &self.shared);
        let mut resources = store.data_mut().http();
        let carried = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&carried);
        let count = move |bytes| _ = counter.fetch_add(bytes, Ordering::Relaxed);
        let request = request.map(|body| counted(body, count));
        let request = resources
            .new_incoming_request(Scheme::Http, request)
            .map_err(Failure::Component)?;
        let out = resources
            .new_response_outparam(answer)
            .map_err(Failure::Component)?;

        let handler = self.handler.clone();
        let work = async move {
            let _held = slot;
            let instance = handler.instantiate_async(&mut store).await?;
            instance
                .wasi_http_incoming_handler()
                .call_handle(&mut store, request, out)
                .await
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
        let running = AbortOnDropJoinHandle::from(tokio::spawn(running.in_current_span()));
        match answered.await {
            Ok(Ok(response)) => {
                // The head is out: what the instance still does is its own affair.
                let failures = Arc::clone(&self.failures);
                let metrics = Arc::clone(&self.runtime.metrics);
                tokio::spawn(log_late_failure(running, failures, metrics).in_current_span());
                Ok(response.map(logged))
            }
            Ok(Err(code)) => Err(Failure::Error(code)),
            Err(_) => Err(match running.await {
                Ok(()) => Failure::NoAnswer,
                Err(trap) => Failure::Component(trap),
            }),
        }
    }
}

/// Everything of one instance. Its time is cut into slices, so that others get theirs.
fn new_store(engine: &Engine, shared: &Shared) -> Store<State> {
    let mut store = Store::new(engine, State::new(shared));
    store.epoch_deadline_async_yield_and_update(1);
    store.set_hostcall_fuel(MOST_HANDED_OVER);
    store
}

/// The body, with a line in the log where it does not come to its end.
fn logged(body: HyperOutgoingBody) -> HyperOutgoingBody {
    let span = tracing::Span::current();
    body.map_err(move |error| {
        span.in_scope(|| tracing::error!(kind = "broken", %error, "the response broke off"));
        error
    })
    .boxed_unsync()
}

/// A failure after the head cannot be answered any more; the response breaks off.
async fn log_late_failure(
    running: AbortOnDropJoinHandle<wasmtime::Result<()>>,
    failures: Arc<Failures>,
    metrics: Arc<Metrics>,
) {
    if let Err(trap) = running.await {
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
