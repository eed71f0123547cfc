//! What all components run on: one engine with its pool, and what they are lent.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use wasmtime::{Cache, CacheConfig, Engine};

use super::state::{self, State};
use super::{Limits, limits};
use crate::metrics::Metrics;

/// An engine, a linker, and room for so many instances at once.
#[derive(Clone)]
pub struct Runtime {
    pub(super) engine: Engine,
    pub(super) linker: Arc<Linker<State>>,
    pub(super) slots: Arc<Semaphore>,
    /// Room for instances that wait for their clients.
    pub(super) waiting: Arc<Semaphore>,
    pub(super) limits: Limits,
    pub(super) metrics: Arc<Metrics>,
    /// Always the same few threads: each keeps some memory of what it has compiled.
    pub(super) compilers: Arc<ThreadPool>,
}

impl Runtime {
    /// Sets the engine up. Compiled code is kept in `cache`, if there is such a
    /// directory and nobody else can write there.
    ///
    /// # Errors
    /// Where this machine has no room for the pool.
    pub fn new(
        limits: &Limits,
        cache: Option<&Path>,
        metrics: Arc<Metrics>,
    ) -> wasmtime::Result<Self> {
        let mut config = limits.config();
        config.cache(cache.and_then(code_cache));
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        state::lend(&mut linker)?;
        limits::keep_ticking(&engine);
        let compilers = ThreadPoolBuilder::new()
            .thread_name(|number| format!("compiler-{number}"))
            // A compiler bug costs the component, and not the host.
            .panic_handler(|_| tracing::error!("the compiler panicked"))
            .build()?;
        Ok(Self {
            engine,
            linker: Arc::new(linker),
            slots: Arc::new(Semaphore::new(limits.instances as usize)),
            waiting: Arc::new(Semaphore::new(limits.waiting as usize)),
            limits: limits.clone(),
            metrics,
            compilers: Arc::new(compilers),
        })
    }

    /// The same engine, with room for one instance beyond those of requests, and with
    /// nothing counted: for trials, which no load may keep from happening.
    pub(super) fn apart(&self) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(1)),
            metrics: Arc::default(),
            ..self.clone()
        }
    }

    /// Where it is counted what runs here.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

/// Compiled code by the component's digest and the compiler's version. What is there
/// is run as it is, so it must be this user's alone.
fn code_cache(directory: &Path) -> Option<Cache> {
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .and_then(|()| directory.metadata());
    let usable = match made {
        Ok(about) if about.uid() != rustix::process::geteuid().as_raw() => {
            Err("it belongs to another user".to_owned())
        }
        Ok(about) if about.mode() & 0o022 != 0 => Err("others can write there".to_owned()),
        Ok(_) => directory
            .canonicalize()
            .map_err(|error| error.to_string())
            .and_then(|directory| {
                let mut config = CacheConfig::new();
                config.with_directory(directory);
                // Code that is loaded often would be compressed anew, harder, which takes
                // hundreds of megabytes of memory for nothing.
                config.with_optimized_compression_usage_counter_threshold(u64::MAX);
                Cache::new(config).map_err(|error| format!("{error:#}"))
            }),
        Err(error) => Err(error.to_string()),
    };
    match usable {
        Ok(cache) => Some(cache),
        Err(reason) => {
            let directory = directory.display();
            tracing::warn!("compiled code is not kept in {directory}: {reason}");
            None
        }
    }
}
