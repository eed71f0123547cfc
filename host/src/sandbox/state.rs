//! What belongs to one request in the sandbox, and what the component is lent.

use std::sync::Arc;

use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::http as wasi_http;
use wasmtime_wasi_http::{
    RequestOptions, WasiBody, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::bindings::coffer::storage::blobs;
use crate::guest_log::GuestLog;
use crate::port::{Port, PortView};
use crate::store::BlobStore;

/// Name and value of a setting, as the component reads it from its environment.
pub type Setting = (String, String);

/// The most resources one request may hold at a time.
const MOST_RESOURCES: usize = 1024;

/// One request's side of the sandbox. Ends with the request.
pub(super) struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: NoWayOut,
    table: ResourceTable,
    store: Arc<dyn BlobStore>,
}

impl State {
    pub(super) fn new(settings: &[Setting], store: Arc<dyn BlobStore>) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MOST_RESOURCES);
        let wasi = WasiCtx::builder()
            .envs(settings)
            .stderr(GuestLog::current())
            .build();
        Self {
            wasi,
            http: WasiHttpCtx::new(),
            hooks: NoWayOut,
            table,
            store,
        }
    }

    fn port(&mut self) -> PortView<'_> {
        PortView {
            table: &mut self.table,
            store: &self.store,
        }
    }
}

/// Lends a component what `wit/world.wit` says, and nothing else: no file system,
/// no sockets, no HTTP of its own.
pub(super) fn lend(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(linker)?;
    wasmtime_wasi::p2::bindings::cli::environment::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    let options = wasi_http::types::LinkOptions::default();
    wasi_http::types::add_to_linker::<_, WasiHttp>(linker, &options, State::http)?;
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
            hooks: &mut self.hooks,
        }
    }
}

/// Refuses outgoing requests, which are not linked either.
struct NoWayOut;

type Done<T> = Box<dyn Future<Output = Result<T, wasmtime_wasi_http::Error>> + Send>;

impl WasiHttpHooks for NoWayOut {
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _done: Done<()>,
    ) -> Done<(http::Response<WasiBody>, Done<()>)> {
        Box::new(async { Err(wasmtime_wasi_http::Error::HttpRequestDenied) })
    }
}
