//! A component before it serves: compiled, linked, and held against its settings.

use std::sync::Arc;

use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi_http::p2::bindings::ProxyPre;

use super::state::{self, Setting, Shared, State};
use super::{Limits, Sandbox, limits, new_store};
use crate::bindings::check::CheckedPre;
use crate::memo::Memo;
use crate::outbound::{Documents, Outbound};
use crate::store::BlobStore;

pub use crate::bindings::check::exports::coffer::storage::self_check::Report;

/// What WebAssembly starts with (Core Specification, 5.5.16).
const WASM: &[u8] = b"\0asm";

/// A component, compiled and linked, of which nothing has run.
pub struct Candidate {
    handler: ProxyPre<State>,
    checker: CheckedPre<State>,
    limits: Limits,
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

impl Candidate {
    /// Compiles and links a component.
    ///
    /// # Errors
    /// A [`LoadError`].
    pub fn load(component: &[u8], limits: &Limits) -> Result<Self, LoadError> {
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
        let checker = CheckedPre::new(linked).map_err(LoadError::Link)?;
        limits::keep_ticking(&engine);
        Ok(Self {
            handler,
            checker,
            limits: limits.clone(),
        })
    }

    /// Lets the component judge its settings. Until it has, it can send no request of
    /// its own; afterwards those to the origins that it then names, which are answered
    /// from `documents`.
    ///
    /// Returns the component, fit to serve, and what it says of itself.
    ///
    /// # Errors
    /// A [`CheckError`] with the component's own words, or the trap.
    pub async fn check(
        self,
        settings: Vec<Setting>,
        store: Arc<dyn BlobStore>,
        documents: Arc<Documents>,
    ) -> Result<(Sandbox, Report), CheckError> {
        let mut shared = Shared {
            settings,
            store,
            outbound: Outbound::to(&[], Arc::clone(&documents)),
            memo: Memo::new(),
        };
        let mut instance_store = new_store(self.handler.engine(), &shared);
        let report = async {
            let instance = self.checker.instantiate_async(&mut instance_store).await?;
            let checked = instance.coffer_storage_self_check();
            checked.call_check(&mut instance_store).await
        };
        let report = match report.await {
            Ok(Ok(report)) => report,
            Ok(Err(refusal)) => return Err(CheckError::Refused(refusal)),
            Err(trap) => return Err(CheckError::Failed(trap)),
        };
        shared.outbound = Outbound::to(&report.iam_origins, documents);
        let sandbox = Sandbox {
            handler: self.handler,
            shared,
            slots: Arc::new(Semaphore::new(self.limits.instances as usize)),
            patience: self.limits.queue_time,
        };
        Ok((sandbox, report))
    }
}
