//! The state of one request in the sandbox, and what the component is provided with.

use std::sync::Arc;

use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::p2::DynOutputStream;
use wasmtime_wasi::p2::bindings::cli::environment;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::http as wasi_http;
use wasmtime_wasi_http::p2::body::{HostOutgoingBody, StreamContext};
use wasmtime_wasi_http::{WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::bindings::coffer::storage::{blobs, documents, exchange, telemetry, uploads};
use crate::imports::client_wait::ClientWait;
use crate::imports::environment::{EnvironmentView, HasEnvironment, Setting};
use crate::imports::exchange::{Exchange, ExchangeView};
use crate::imports::guest_log::Written;
use crate::imports::memo::{self, Memo, MemoView};
use crate::imports::outbound::{HasOutbound, Outbound};
use crate::imports::port::{Parked, Port, PortView, Received, Turns};
use crate::imports::telemetry::{Subject, Telemetry, TelemetryView};
use crate::metrics::Metrics;
use crate::process::clock::WallClock;
use crate::store::BlobStore;

/// Max resources that one request may hold at a time.
const MOST_RESOURCES: usize = 1024;

/// One request's side of the sandbox. Ends with the request.
pub(super) struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    memo: Memo,
    version: u64,
    settings: Arc<[Setting]>,
    metrics: Arc<Metrics>,
    subject: Arc<Subject>,
    token_reported: bool,
    written: Written,
    table: ResourceTable,
    store: Arc<dyn BlobStore>,
    turns: Turns,
    client: Arc<ClientWait>,
    parked: Option<Parked>,
    received: Option<Received>,
}

/// What all requests share.
pub(super) struct SharedState {
    pub(super) settings: Arc<[Setting]>,
    pub(super) store: Arc<dyn BlobStore>,
    pub(super) turns: Turns,
    pub(super) outbound: Outbound,
    pub(super) memo: Memo,
    pub(super) metrics: Arc<Metrics>,
    /// Whether refusals are expected, and not logged.
    pub(super) on_trial: bool,
    /// Whether nothing that the component writes is logged: it only judges, for every request.
    pub(super) silent: bool,
}

impl State {
    pub(super) fn new(shared: &SharedState) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MOST_RESOURCES);
        let written = Written::default();
        let mut wasi = WasiCtx::builder();
        wasi.wall_clock(WallClock);
        if !shared.silent {
            wasi.stderr(written.error());
        }
        if !shared.silent && !shared.on_trial {
            wasi.stdout(written.output());
        }
        let wasi = wasi.build();
        Self {
            wasi,
            http: WasiHttpCtx::new(),
            outbound: shared.outbound.clone(),
            memo: shared.memo.clone(),
            version: shared.outbound.version(),
            settings: Arc::clone(&shared.settings),
            metrics: Arc::clone(&shared.metrics),
            subject: Arc::default(),
            token_reported: false,
            written,
            table,
            store: Arc::clone(&shared.store),
            turns: shared.turns.clone(),
            client: Arc::default(),
            parked: None,
            received: None,
        }
    }

    /// Begins a request of this client.
    pub(super) fn serve(&mut self, client: Arc<ClientWait>, subject: Arc<Subject>) {
        self.client = client;
        self.subject = subject;
    }

    /// Continues a request whose body has arrived.
    pub(super) fn go_on_with(&mut self, received: Received) {
        self.received = Some(received);
    }

    /// The request, if its client is slow.
    pub(super) fn parked(&mut self) -> Option<Parked> {
        self.parked.take()
    }

    fn telemetry(&mut self) -> TelemetryView<'_> {
        TelemetryView {
            metrics: &self.metrics,
            subject: &self.subject,
            token_reported: &mut self.token_reported,
        }
    }

    /// Resets the state of a reused instance for its next request.
    pub(super) fn begin(&mut self, shared: &SharedState) {
        self.version = shared.outbound.version();
        self.token_reported = false;
        self.written.reset();
    }

    /// Whether nothing of a request is left, except the component's log streams.
    pub(super) fn is_clean(&mut self) -> bool {
        let mut left = self.table.iter_mut();
        left.all(|entry| entry.is::<DynOutputStream>())
    }

    fn environment(&mut self) -> EnvironmentView<'_> {
        EnvironmentView {
            settings: &self.settings,
        }
    }

    fn exchange(&mut self) -> ExchangeView<'_> {
        ExchangeView { http: self.http() }
    }

    fn outbound(&mut self) -> &mut Outbound {
        &mut self.outbound
    }

    fn memo(&mut self) -> MemoView<'_> {
        MemoView {
            memo: &self.memo,
            version: self.version,
        }
    }

    fn port(&mut self) -> PortView<'_> {
        PortView {
            table: &mut self.table,
            store: &self.store,
            turns: &self.turns,
            client: &self.client,
            parked: &mut self.parked,
            received: &mut self.received,
        }
    }
}

/// A body that was not finished is aborted: otherwise a client would take it for the whole.
impl Drop for State {
    fn drop(&mut self) {
        let entries = self.table.iter_mut();
        for body in entries.filter_map(|entry| entry.downcast_mut::<HostOutgoingBody>()) {
            let (finished, _) = HostOutgoingBody::new(StreamContext::Response, None, 1, 1);
            std::mem::replace(body, finished).abort();
        }
    }
}

/// Provides a component with what `wit/world.wit` says, and nothing else: no file system, no
/// sockets, and no outbound requests except through [`Outbound`].
pub(super) fn provide(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(linker)?;
    environment::add_to_linker::<_, HasEnvironment>(linker, State::environment)?;
    let options = wasi_http::types::LinkOptions::default();
    wasi_http::types::add_to_linker::<_, WasiHttp>(linker, &options, State::http)?;
    wasi_http::outgoing_handler::add_to_linker::<_, WasiHttp>(linker, State::http)?;
    memo::add_to_linker(linker, State::memo)?;
    telemetry::add_to_linker::<_, Telemetry>(linker, State::telemetry)?;
    exchange::add_to_linker::<_, Exchange>(linker, State::exchange)?;
    documents::add_to_linker::<_, HasOutbound>(linker, State::outbound)?;
    uploads::add_to_linker::<_, Port>(linker, State::port)?;
    blobs::add_to_linker::<_, Port>(linker, State::port)
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.outbound,
        }
    }
}
