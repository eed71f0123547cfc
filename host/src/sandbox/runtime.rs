//! What all components run on: one engine with its pool, and what they are provided with.

use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use wasmtime::{Cache, Engine};

use super::failure::SandboxFailure;
use super::limits::{self, SandboxLimits};
use super::state::{self, State};
use crate::imports::port::Turns;
use crate::metrics::Metrics;

/// An engine, a linker, and room for a number of concurrent instances.
#[derive(Clone)]
pub struct Runtime {
    pub(super) engine: Engine,
    pub(super) linker: Arc<Linker<State>>,
    pub(super) slots: Arc<Semaphore>,
    /// Room for instances that wait for their clients.
    pub(super) waiting: Arc<Semaphore>,
    pub(super) limits: SandboxLimits,
    /// Of all components, one of which may succeed another.
    pub(super) turns: Turns,
    pub(super) metrics: Arc<Metrics>,
    /// Always the same few threads, since each retains some memory from compiling.
    pub(super) compilers: Arc<ThreadPool>,
}

/// The sandbox cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox cannot be set up: {0:#}")]
pub struct RuntimeError(#[source] wasmtime::Error);

impl Runtime {
    /// Has resumable uploads that are being received keep what has arrived and end their requests.
    pub fn suspend_uploads(&self) {
        self.turns.close();
    }

    /// Sets the engine up. Compiled code is stored in `cache`, if there is one.
    ///
    /// # Errors
    /// [`RuntimeError`] if this machine has no room for the pool.
    pub fn new(
        limits: &SandboxLimits,
        cache: Option<Cache>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, RuntimeError> {
        Self::set_up(limits, cache, metrics).map_err(RuntimeError)
    }

    fn set_up(
        limits: &SandboxLimits,
        cache: Option<Cache>,
        metrics: Arc<Metrics>,
    ) -> wasmtime::Result<Self> {
        let mut config = limits.config();
        config.cache(cache);
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        state::provide(&mut linker)?;
        limits::keep_ticking(&engine);
        metrics.may_fail(&SandboxFailure::KINDS);
        let compilers = ThreadPoolBuilder::new()
            .thread_name(|number| format!("compiler-{number}"))
            // A compiler bug fails the component, not the host.
            .panic_handler(|_| tracing::error!("the compiler panicked"))
            .build()?;
        Ok(Self {
            engine,
            linker: Arc::new(linker),
            slots: Arc::new(Semaphore::new(limits.instances as usize)),
            waiting: Arc::new(Semaphore::new(limits.waiting as usize)),
            limits: limits.clone(),
            turns: Turns::default(),
            metrics,
            compilers: Arc::new(compilers),
        })
    }

    /// The same engine, with room for one instance besides those of requests, and without metrics:
    /// for trials, which no load may delay.
    pub(super) fn apart(&self) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(1)),
            metrics: Arc::default(),
            ..self.clone()
        }
    }

    /// The metrics of what runs here.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}
