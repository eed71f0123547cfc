//! Runs the component: wasmtime, what it is lent, and one instance a request.

mod limits;
mod state;

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use tokio::sync::{Semaphore, oneshot};
use tracing::Instrument;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};
use wasmtime_wasi::runtime::AbortOnDropJoinHandle;
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::bindings;
use crate::store::BlobStore;
use state::State;

pub use crate::bindings::check::exports::coffer::storage::self_check::Report;
pub use limits::Limits;
pub use state::Setting;

/// What WebAssembly starts with (Core Specification, 5.5.16).
const WASM: &[u8] = b"\0asm";

/// A component, compiled and linked, with everything that it is lent.
pub struct Sandbox {
    handler: ProxyPre<State>,
    checker: bindings::check::CheckedPre<State>,
    settings: Arc<[Setting]>,
    store: Arc<dyn BlobStore>,
    slots: Arc<Semaphore>,
    patience: Duration,
}

/// Why a file is not a component that can be served.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The sandbox itself cannot be set up on this machine.
    #[error("the sandbox cannot be set up: {0:#}")]
    Engine(#[source] wasmtime::Error),
    /// Some other kind of file.
    #[error("not a WebAssembly component: it does not start as WebAssembly does")]
    NotWasm,
    /// The bytes are no valid component.
    #[error("not a WebAssembly component: {0:#}")]
    Compile(#[source] wasmtime::Error),
    /// It asks for more than it is lent, or does not export what is called.
    #[error("not a Coffer component: {0:#}")]
    Link(#[source] wasmtime::Error),
}

/// Why a component does not take its settings.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The component's own words.
    #[error("{0}")]
    Refused(String),
    /// It did not get as far as an answer.
    #[error("the component failed its check: {0:#}")]
    Failed(#[source] wasmtime::Error),
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
    /// Compiles and links a component.
    ///
    /// # Errors
    /// A [`LoadError`]; nothing of the component has run by then.
    pub fn load(
        component: &[u8],
        settings: Vec<Setting>,
        store: Arc<dyn BlobStore>,
        limits: &Limits,
    ) -> Result<Self, LoadError> {
        if !component.starts_with(WASM) {
            return Err(LoadError::NotWasm);
        }
        let engine = Engine::new(&limits.config()).map_err(LoadError::Engine)?;
        let component = Component::new(&engine, component).map_err(LoadError::Compile)?;
        let mut linker = Linker::new(&engine);
        state::lend(&mut linker).map_err(LoadError::Engine)?;
        let linked = linker
            .instantiate_pre(&component)
            .map_err(LoadError::Link)?;
        let handler = ProxyPre::new(linked.clone()).map_err(LoadError::Link)?;
        let checker = bindings::check::CheckedPre::new(linked).map_err(LoadError::Link)?;
        limits::keep_ticking(&engine);
        Ok(Self {
            handler,
            checker,
            settings: settings.into(),
            store,
            slots: Arc::new(Semaphore::new(limits.instances as usize)),
            patience: limits.queue_time,
        })
    }

    /// Lets the component judge its settings.
    ///
    /// Returns what it says of itself.
    ///
    /// # Errors
    /// A [`CheckError`] with the component's own words, or the trap.
    pub async fn check(&self) -> Result<Report, CheckError> {
        let mut store = self.new_store();
        let report = async {
            let instance = self.checker.instantiate_async(&mut store).await?;
            instance
                .coffer_storage_self_check()
                .call_check(&mut store)
                .await
        };
        match report.await {
            Ok(Ok(report)) => Ok(report),
            Ok(Err(refusal)) => Err(CheckError::Refused(refusal)),
            Err(trap) => Err(CheckError::Failed(trap)),
        }
    }

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
        let mut store = self.new_store();
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

    fn new_store(&self) -> Store<State> {
        let state = State::new(&self.settings, Arc::clone(&self.store));
        let mut store = Store::new(self.handler.engine(), state);
        store.epoch_deadline_async_yield_and_update(1);
        store
    }
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
