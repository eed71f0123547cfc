//! Instances of one component: a fresh one for each request or, with `--instance-reuse`, one that
//! has answered others before.

use std::cell::RefCell;
use std::sync::Arc;

use thread_local::ThreadLocal;
use tokio::sync::oneshot;
use wasmtime::Store;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::bindings::{Proxy, ProxyPre};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::{Error, WasiHttpView};

use super::limits::SandboxLimits;
use super::new_store;
use super::state::{SharedState, State};
use crate::bindings::resume::GuestIndices;
use crate::imports::client_wait::ClientWait;
use crate::imports::port::{NoInstanceWaits, Parked, Received};
use crate::imports::telemetry::Subject;

/// How a request is answered.
pub(super) type GuestResponse = Result<http::Response<HyperOutgoingBody>, ErrorCode>;

/// What one instance should do for a request.
pub(super) enum Step<B> {
    /// Answer it.
    Begin(http::Request<B>),
    /// Answer it with this note, now that its body has arrived.
    Resume(Vec<u8>, Received),
}

impl<B> Step<B> {
    /// The same with another body.
    pub(super) fn map<C>(self, change: impl FnOnce(B) -> C) -> Step<C> {
        match self {
            Self::Begin(request) => Step::Begin(request.map(change)),
            Self::Resume(note, received) => Step::Resume(note, received),
        }
    }
}

/// Instances that have answered a request and may answer another. Empty if every request gets a
/// fresh one.
pub(super) struct Instances {
    handler: ProxyPre<State>,
    continuation: GuestIndices,
    limits: SandboxLimits,
    /// Each thread has its own, whose memory is in its core's cache.
    idle: ThreadLocal<RefCell<Vec<Instance>>>,
}

/// An idle instance.
struct Instance {
    store: Store<State>,
    proxy: Proxy,
    answered: u32,
}

impl Instances {
    /// Each answers as many requests as the limits say.
    pub(super) fn new(
        handler: ProxyPre<State>,
        continuation: GuestIndices,
        limits: SandboxLimits,
    ) -> Arc<Self> {
        let idle = ThreadLocal::new();
        Arc::new(Self {
            handler,
            continuation,
            limits,
            idle,
        })
    }

    /// Runs one step of a request in an instance. If the client is slow, the instance is ended and
    /// the request returned.
    pub(super) async fn take_step<B>(
        &self,
        shared: &SharedState,
        step: Step<B>,
        answer: oneshot::Sender<GuestResponse>,
        client: &Arc<ClientWait>,
        subject: &Arc<Subject>,
    ) -> wasmtime::Result<Option<Parked>>
    where
        B: hyper::body::Body<Data = bytes::Bytes, Error = Error> + Send + 'static,
    {
        match step {
            Step::Begin(request) => self.begin(shared, request, answer, client, subject).await,
            Step::Resume(note, received) => {
                self.resume(shared, note, received, answer).await?;
                Ok(None)
            }
        }
    }

    /// Answers a request with an instance, and keeps it if it may answer another.
    async fn begin<B>(
        &self,
        shared: &SharedState,
        request: http::Request<B>,
        answer: oneshot::Sender<GuestResponse>,
        client: &Arc<ClientWait>,
        subject: &Arc<Subject>,
    ) -> wasmtime::Result<Option<Parked>>
    where
        B: hyper::body::Body<Data = bytes::Bytes, Error = Error> + Send + 'static,
    {
        let mut instance = match self.take(shared) {
            Some(instance) => instance,
            None => {
                let mut store = new_store(self.handler.engine(), shared);
                let proxy = self.handler.instantiate_async(&mut store).await?;
                Instance {
                    store,
                    proxy,
                    answered: 0,
                }
            }
        };
        instance
            .store
            .data_mut()
            .serve(Arc::clone(client), Arc::clone(subject));
        let mut resources = instance.store.data_mut().http();
        let request = resources.new_incoming_request(Scheme::Http, request)?;
        let out = resources.new_response_outparam(answer)?;
        let handler = instance.proxy.wasi_http_incoming_handler();
        let handled = handler.call_handle(&mut instance.store, request, out).await;
        match handled {
            Ok(()) => {
                instance.answered += 1;
                self.keep(instance);
                Ok(None)
            }
            Err(ended) if ended.is::<NoInstanceWaits>() => Ok(instance.store.data_mut().parked()),
            Err(trap) => Err(trap),
        }
    }

    /// Answers the rest of a request with a fresh instance.
    async fn resume(
        &self,
        shared: &SharedState,
        note: Vec<u8>,
        received: Received,
        answer: oneshot::Sender<GuestResponse>,
    ) -> wasmtime::Result<()> {
        let mut store = new_store(self.handler.engine(), shared);
        let component = self.handler.instance_pre();
        let instance = component.instantiate_async(&mut store).await?;
        store.data_mut().go_on_with(received);
        let out = store.data_mut().http().new_response_outparam(answer)?;
        let continuation = self.continuation.load(&mut store, &instance)?;
        continuation.call_resume(&mut store, &note, out).await
    }

    fn take(&self, shared: &SharedState) -> Option<Instance> {
        if self.limits.reuse <= 1 {
            return None;
        }
        let mut instance = self.idle.get()?.borrow_mut().pop()?;
        instance.store.data_mut().begin(shared);
        instance.store.set_epoch_deadline(1);
        Some(instance)
    }

    /// An instance that still holds anything of its request is not reused.
    fn keep(&self, mut instance: Instance) {
        if instance.answered >= self.limits.reuse || !instance.store.data_mut().is_clean() {
            return;
        }
        let mut idle = self.idle.get_or_default().borrow_mut();
        if idle.len() < self.limits.idle() as usize {
            idle.push(instance);
        }
    }
}
