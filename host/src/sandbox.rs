//! Runs the component: wasmtime, what it is lent, and one instance a request.

mod candidate;
mod limits;
mod state;

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use tokio::sync::{Semaphore, oneshot};
use tracing::Instrument;
use wasmtime::{Engine, Store};
use wasmtime_wasi::runtime::AbortOnDropJoinHandle;
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use state::{Shared, State};

pub use candidate::Candidate;
pub use limits::Limits;
pub use state::Setting;

/// A component that has passed its own check, with everything that it is lent.
pub struct Sandbox {
    handler: ProxyPre<State>,
    shared: Shared,
    slots: Arc<Semaphore>,
    patience: Duration,
}

/// Why a request got no answer from the component.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Every instance is in use and none came free in time.
    #[error("no instance came free")]
    Busy,
    /// The component trapped, or gave up the request without an answer.
    #[error("the component failed: {0:#}")]
    Component(#[source] wasmtime::Error),
    /// The component answered with an error instead of a response.
    #[error("the component answered with an error: {0}")]
    Error(ErrorCode),
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
        let waiting = Arc::clone(&self.slots).acquire_owned();
        let slot = match tokio::time::timeout(self.patience, waiting).await {
            Ok(Ok(slot)) => slot,
            _ => return Err(Failure::Busy),
        };
        let (answer, answered) = oneshot::channel();
        let mut store = new_store(self.handler.engine(), &self.shared);
        let mut resources = store.data_mut().http();
        let request = resources
            .new_incoming_request(Scheme::Http, request.map(BodyExt::boxed_unsync))
            .map_err(Failure::Component)?;
        let out = resources
            .new_response_outparam(answer)
            .map_err(Failure::Component)?;

        let handler = self.handler.clone();
        let running = async move {
            let _slot = slot;
            let instance = handler.instantiate_async(&mut store).await?;
            instance
                .wasi_http_incoming_handler()
                .call_handle(&mut store, request, out)
                .await
        };
        let running = AbortOnDropJoinHandle::from(tokio::spawn(running.in_current_span()));
        match answered.await {
            Ok(Ok(response)) => {
                // The head is out: what the instance still does is its own affair.
                tokio::spawn(log_late_trap(running).in_current_span());
                Ok(response)
            }
            Ok(Err(code)) => Err(Failure::Error(code)),
            Err(_) => Err(Failure::Component(match running.await {
                Ok(()) => wasmtime::format_err!("it returned without a response"),
                Err(trap) => trap,
            })),
        }
    }
}

/// Everything of one instance. Its time is cut into slices, so that others get theirs.
fn new_store(engine: &Engine, shared: &Shared) -> Store<State> {
    let mut store = Store::new(engine, State::new(shared));
    store.epoch_deadline_async_yield_and_update(1);
    store
}

/// A trap after the head cannot be answered any more; the response breaks off.
async fn log_late_trap(running: AbortOnDropJoinHandle<wasmtime::Result<()>>) {
    if let Err(trap) = running.await {
        tracing::error!(
            error = format!("{trap:#}"),
            "the component failed after its answer"
        );
    }
}
