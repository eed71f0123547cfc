//! A component before it serves: compiled, linked, and checked with its settings.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use wasmtime::component::Component;
use wasmtime_wasi_http::p2::bindings::ProxyPre;

use super::cpu_time::CpuLimited;
use super::instances::Instances;
use super::state::{SharedState, State};
use super::trial::{self, TrialError};
use super::{Runtime, Sandbox, new_store, world};
use crate::bindings::check::CheckedPre;
use crate::bindings::explain::ExplainedPre;
use crate::bindings::judge::JudgedPre;
use crate::bindings::judge::decisions::{Question, Verdict};
use crate::bindings::judge::exports::coffer::storage::judge::Subject;
use crate::bindings::resume::GuestIndices;
use crate::imports::environment::Setting;
use crate::imports::memo::Memo;
use crate::imports::outbound::{Documents, Outbound};
use crate::imports::port::Turns;
use crate::store::BlobStore;
use crate::store::absent::AbsentStore;

pub use crate::bindings::check::exports::coffer::storage::self_check::{Opening, Probe, Report};
pub use crate::bindings::explain::exports::coffer::storage::explain::Identity;

/// The magic number of WebAssembly (Core Specification, 5.5.16).
pub const WASM: &[u8] = b"\0asm";

/// How long a component's check may take, including waiting: changes wait for one another.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A component, compiled and linked, to be checked with any number of settings.
#[derive(Clone)]
pub struct Candidate {
    pub(super) runtime: Runtime,
    pub(super) handler: ProxyPre<State>,
    continuation: GuestIndices,
    checker: CheckedPre<State>,
}

/// Why a component cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Another kind of file.
    #[error("not a WebAssembly component: bad magic number")]
    NotWasm,
    /// The bytes are not a valid component.
    #[error("not a WebAssembly component: {0:#}")]
    Compile(#[source] wasmtime::Error),
    /// It imports more than the host provides, or does not export what is called.
    #[error("not a Coffer component: {0}")]
    World(String),
    /// It refuses its settings, in its own words.
    #[error("{0}")]
    Settings(String),
    /// It failed before it had checked them.
    #[error("the component failed its check: {0:#}")]
    Failed(#[source] wasmtime::Error),
    /// It took too long.
    #[error("the component failed its check: it took longer than {0:?}")]
    Late(Duration),
    /// Its responses are not what is required.
    #[error("the component failed its check: {0}")]
    Trial(#[from] TrialError),
}

impl Candidate {
    /// Compiles and links a component, off the threads that serve.
    ///
    /// # Errors
    /// [`Refused::NotWasm`], [`Refused::Compile`], [`Refused::World`].
    pub async fn load(component: Vec<u8>, runtime: Runtime) -> Result<Self, Refused> {
        let compilers = Arc::clone(&runtime.compilers);
        let (send, loaded) = oneshot::channel();
        compilers.spawn(move || {
            // The receiver may be gone.
            let _ = send.send(Self::load_here(&component, &runtime));
        });
        let stopped = |_| Refused::Compile(wasmtime::format_err!("the compiler panicked"));
        loaded.await.map_err(stopped)?
    }

    fn load_here(component: &[u8], runtime: &Runtime) -> Result<Self, Refused> {
        if !component.starts_with(WASM) {
            return Err(Refused::NotWasm);
        }
        let component = Component::new(&runtime.engine, component).map_err(Refused::Compile)?;
        world::check(&component, runtime)?;
        let foreign = |error: wasmtime::Error| Refused::World(format!("{error:#}"));
        let linked = runtime
            .linker
            .instantiate_pre(&component)
            .map_err(foreign)?;
        Ok(Self {
            runtime: runtime.clone(),
            handler: ProxyPre::new(linked.clone()).map_err(foreign)?,
            continuation: GuestIndices::new(&linked).map_err(foreign)?,
            checker: CheckedPre::new(linked).map_err(foreign)?,
        })
    }

    /// Lets the component check its settings and answer its probes on an empty store. Until then it
    /// cannot send requests; afterwards it can, to the origins that it names, answered from
    /// `documents`.
    ///
    /// Returns the component, ready to serve, and its report.
    ///
    /// # Errors
    /// [`Refused::Settings`], [`Refused::Failed`], [`Refused::Late`], [`Refused::Trial`].
    pub async fn check(
        &self,
        settings: Vec<Setting>,
        store: Arc<dyn BlobStore>,
        documents: Arc<Documents>,
    ) -> Result<(Sandbox, Report), Refused> {
        let on_trial = Arc::new(SharedState {
            settings: settings.into(),
            store: Arc::new(AbsentStore),
            turns: Turns::default(),
            outbound: Outbound::to(&[], Arc::clone(&documents)),
            memo: Memo::new(),
            metrics: Arc::clone(&self.runtime.metrics),
            on_trial: true,
            silent: false,
        });
        let patience = PATIENCE.min(self.runtime.limits.request_time);
        let judging = async {
            let report = self.ask(&on_trial).await?;
            let sandbox = self.sandbox(self.runtime.apart(), Arc::clone(&on_trial));
            trial::pass(&sandbox, &report.probes).await?;
            Ok(report)
        };
        let judged = tokio::time::timeout(patience, judging).await;
        let report = judged.unwrap_or(Err(Refused::Late(patience)))?;
        let shared = Arc::new(SharedState {
            settings: Arc::clone(&on_trial.settings),
            store,
            turns: self.runtime.turns.clone(),
            outbound: Outbound::to(&report.iam_origins, documents),
            memo: on_trial.memo.clone(),
            metrics: Arc::clone(&self.runtime.metrics),
            on_trial: false,
            silent: false,
        });
        Ok((self.sandbox(self.runtime.clone(), shared), report))
    }

    /// Whom a token identifies, or why it is refused, according to a component that has passed its
    /// check.
    ///
    /// # Errors
    /// [`Refused::World`] for a component that cannot say, [`Refused::Failed`],
    /// [`Refused::Late`].
    pub async fn identify(
        &self,
        checked: &Sandbox,
        token: &str,
    ) -> Result<Result<Identity, String>, Refused> {
        let explainer = ExplainedPre::new(self.handler.instance_pre().clone())
            .map_err(|error| Refused::World(format!("{error:#}")))?;
        let mut store = new_store(self.handler.engine(), &checked.shared);
        let asking = async {
            let instance = explainer.instantiate_async(&mut store).await?;
            let explain = instance.coffer_storage_explain();
            explain.call_token(&mut store, token).await
        };
        self.limited(asking).await
    }

    /// The verdict of a component that has passed its check, on a caller who is given by name, or
    /// without a token. The error is the component's own words.
    ///
    /// # Errors
    /// As [`Candidate::identify`].
    pub async fn decide(
        &self,
        checked: &Sandbox,
        subject: Option<&Subject>,
        question: &Question,
    ) -> Result<Result<Verdict, String>, Refused> {
        let judge = JudgedPre::new(self.handler.instance_pre().clone())
            .map_err(|error| Refused::World(format!("{error:#}")))?;
        let mut store = new_store(self.handler.engine(), &checked.shared);
        let asking = async {
            let instance = judge.instantiate_async(&mut store).await?;
            let judge = instance.coffer_storage_judge();
            judge.call_by_claims(&mut store, subject, question).await
        };
        self.limited(asking).await
    }

    /// What a component says to an operator, within the limits of a request.
    pub(super) async fn limited<T>(
        &self,
        asking: impl Future<Output = wasmtime::Result<T>> + Send,
    ) -> Result<T, Refused> {
        let limits = &self.runtime.limits;
        let asking = CpuLimited::new(asking, limits.cpu_time, Arc::default());
        let patience = PATIENCE.min(limits.request_time);
        match tokio::time::timeout(patience, asking).await {
            Ok(Ok(Ok(said))) => Ok(said),
            Ok(Ok(Err(trap))) => Err(Refused::Failed(trap)),
            Ok(Err(used_up)) => Err(Refused::Failed(used_up.into())),
            Err(_) => Err(Refused::Late(patience)),
        }
    }

    fn sandbox(&self, runtime: Runtime, shared: Arc<SharedState>) -> Sandbox {
        let (handler, continuation) = (self.handler.clone(), self.continuation.clone());
        Sandbox {
            instances: Instances::new(handler, continuation, runtime.limits.clone()),
            runtime,
            shared,
            failures: Arc::default(),
        }
    }

    async fn ask(&self, shared: &SharedState) -> Result<Report, Refused> {
        let mut store = new_store(self.handler.engine(), shared);
        let asking = async {
            let instance = self.checker.instantiate_async(&mut store).await?;
            let checked = instance.coffer_storage_self_check();
            checked.call_check(&mut store).await
        };
        let limit = self.runtime.limits.cpu_time;
        match CpuLimited::new(asking, limit, Arc::default()).await {
            Ok(Ok(Ok(report))) => Ok(report),
            Ok(Ok(Err(refusal))) => Err(Refused::Settings(refusal)),
            Ok(Err(trap)) => Err(Refused::Failed(trap)),
            Err(used_up) => Err(Refused::Failed(used_up.into())),
        }
    }
}
