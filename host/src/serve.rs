//! `coffer serve`: wires the parts together.

mod error;
mod signals;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use tokio::net::TcpListener;

use crate::engine::{self, EngineError, OpenedEngine};
use crate::imports::environment::{Setting, secrets, setting};
use crate::metrics::Metrics;
use crate::ops::Operations;
use crate::process::{log, memory, output};
use crate::sandbox::{COMPOSED, Runtime, code_cache};
use crate::secrets::{dev, link_secret};
use crate::settings::Serve;
use crate::shadow::Shadow;
use crate::store::BlobStore;
use crate::store::metered::Metered;
use crate::swap::{Provided, Sources, Swap, Taken, watch};
use crate::{maintenance, ops, server, traces};

pub use error::ServeError;

/// Threads for what belongs to no connection.
const BACKGROUND_THREADS: usize = 2;

/// Serves until a signal requests a graceful shutdown.
///
/// # Errors
/// See [`ServeError`]: why it did not start, or did not shut down gracefully.
pub fn serve(asked: &Serve) -> Result<(), ServeError> {
    let traces = asked.otlp_endpoint.as_ref().map(traces::start);
    let (exporter, spans) = traces.transpose()?.unzip();
    // Dropped last, so that the whole log is written.
    let _log = log::start(&asked.log, asked.log_format, spans)?;
    let _exporter = exporter;
    asked.checked_engine()?;
    let public_url = asked.checked_public_url()?;
    // Read first: if this fails, the store stays untouched. A pipe can be read only once.
    let sources = Sources::with_shadow(
        asked.component.as_deref(),
        asked.policy.as_deref(),
        asked.shadow_policy.as_deref(),
    )?;
    let limits = asked
        .limits
        .server(asked.hosts(), asked.trusted_proxies.clone());
    memory::avoid_huge_pages();
    // What belongs to no connection: operators' requests, hot reloads, upkeep of the store.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(BACKGROUND_THREADS)
        .enable_all()
        .on_thread_park(memory::worker_sleeps)
        .build()
        .map_err(ServeError::NoRuntime)?;
    let workers = server::Workers::start(asked.pin_cores).map_err(ServeError::NoRuntime)?;
    let metrics = Arc::new(Metrics::default());
    let OpenedEngine {
        store,
        failed,
        live,
    } = engine::open(asked, &runtime, &metrics)?;
    let backups = live.and_then(|live| {
        let offered = maintenance::offer(live);
        offered
            .inspect_err(
                |error| tracing::warn!(%error, "backups are unavailable while this host serves"),
            )
            .ok()
    });
    let files: Arc<dyn BlobStore> =
        Arc::new(Metered::new(Arc::clone(&store), Arc::clone(&metrics)));
    let served = settings(asked, public_url).and_then(|settings| {
        let data_dir = store.describe().data_dir;
        let cache = code_cache::find(asked.code_cache.as_deref(), data_dir.as_deref());
        // The embedded one is not composed, and address space is limited in some environments.
        let components = asked.component.as_ref().map_or(1, |_| COMPOSED);
        let sandbox_limits = asked.limits.sandbox(components);
        let provided = Provided {
            runtime: Runtime::new(&sandbox_limits, cache, Arc::clone(&metrics))?,
            settings,
            store: files,
            documents: Arc::default(),
        };
        runtime.block_on(listen(
            asked, &workers, limits, sources, provided, metrics, failed,
        ))
    });
    // The workers go on until then, since aborted uploads are cleaned up on them.
    engine::close(store.as_ref(), &runtime);
    drop(workers);
    drop(backups);
    drop(runtime);
    drop(store);
    if served.is_ok() {
        // Another server may begin: the data directory is free.
        tracing::info!("stopped");
    }
    served
}

/// The component's settings, except for the policy.
fn settings(asked: &Serve, public_url: Option<String>) -> Result<Vec<Setting>, ServeError> {
    let mut given = secrets()?;
    given.extend(public_url.map(|url| setting("PUBLIC_URL", url)));
    let secret = match &asked.link_secret_file {
        Some(file) => link_secret::read(file)?,
        None => link_secret::kept(&asked.data_dir)?,
    };
    given.push(setting("LINK_SECRET", secret));
    if asked.dev {
        given.push(setting("DEV_JWKS", dev::jwks(&asked.data_dir)?));
    }
    Ok(given)
}

async fn listen(
    asked: &Serve,
    workers: &server::Workers,
    limits: server::ServerLimits,
    sources: (Sources, Taken),
    provided: Provided,
    metrics: Arc<Metrics>,
    failed: BoxFuture<'static, EngineError>,
) -> Result<(), ServeError> {
    let store = Arc::clone(&provided.store);
    let about = store.describe();
    let shadow = Shadow::new(asked.shadow_share.into(), metrics.shadow());
    let probation = asked.probation.map(Into::into);
    let swap = Swap::start(sources, provided, probation, shadow).await?;
    let listener = TcpListener::bind(asked.listen)
        .await
        .map_err(|source| ServeError::Listen {
            address: asked.listen,
            source,
        })?;
    let stop = signals::stop()?;
    let address = listener.local_addr().map_err(ServeError::NoAddress)?;
    let operations = Arc::new(Operations {
        swap: Arc::clone(&swap),
        store,
        metrics: Arc::clone(&metrics),
        hosts: asked.own_hosts(),
        draining: AtomicBool::new(false),
    });
    let ops_address = match asked.ops_listen.0 {
        None => None,
        Some(address) => Some(listen_for_operators(address, &operations).await?),
    };
    let in_force = swap.in_force();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        commit = env!("COFFER_COMMIT"),
        engine = about.engine,
        files = about.place,
        component = %in_force.digests.component,
        policy = in_force.digests.policy_text(),
        listen = %address,
        operations = ops_address.map_or_else(|| "off".to_owned(), |address| address.to_string()),
        "serving"
    );
    output::tell(format_args!("listening on http://{address}"));
    if let Some(address) = ops_address {
        output::tell(format_args!("operations on http://{address}"));
    }

    tokio::spawn(memory::give_back(workers.runtimes()));
    tokio::spawn(watch(Arc::clone(&swap), asked.watch_interval.into()));
    tokio::spawn(signals::reload_on_hangup(Arc::clone(&swap))?);
    let mut failure = None;
    let stop = async {
        tokio::select! {
            () = stop => {}
            error = failed => failure = Some(error),
        }
        operations.draining.store(true, Ordering::Relaxed);
    };
    let page = asked
        .serves_page()
        .then(|| server::Page::new(asked.dev.then(|| asked.data_dir.clone())));
    let finished = server::run(listener, workers, swap, metrics, limits, page, stop).await;
    match failure {
        Some(error) => Err(error.into()),
        None if finished => Ok(()),
        None => Err(ServeError::Unfinished),
    }
}

/// Returns the address of the operations listener.
async fn listen_for_operators(
    address: SocketAddr,
    operations: &Arc<Operations>,
) -> Result<SocketAddr, ServeError> {
    let failed = |source| ServeError::ListenForOperators { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tokio::spawn(ops::run(listener, Arc::clone(operations)));
    Ok(address)
}
