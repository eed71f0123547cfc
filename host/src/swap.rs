//! Hot reload: the component in force, and how another one replaces it. It is read, compiled and
//! checked, and only then used for new requests. Requests in progress end on the component that
//! they began with.

mod embedded;
mod error;
mod in_force;
mod load;
mod loosened;
mod probation;
mod shadow;
mod sources;
mod watch;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use crate::shadow::Shadow;
use in_force::Digest;
use load::{load, read};
use sources::Stamps;

pub use error::{NoPrevious, PromoteError, SwapError};
pub use in_force::{Digests, InForce};
pub use load::Provided;
pub use sources::{SourceError, Sources, Taken};
pub use watch::watch;

/// Holds the component in force.
pub struct Swap {
    sources: Sources,
    provided: Provided,
    probation: Option<Duration>,
    in_force: ArcSwap<InForce>,
    shadow: Arc<Shadow>,
    /// Held during a change, so that there is one at a time.
    past: Mutex<Past>,
}

/// The history of changes.
struct Past {
    /// What was in force before, until it is rolled back to.
    previous: Option<Arc<InForce>>,
    /// The files that were last tried, accepted or refused.
    tried: Stamps,
    /// Why the last change was refused, if it was, and when.
    refused: Option<(Arc<SwapError>, SystemTime)>,
    /// Why the shadow policy was not put in force, if it was refused.
    promotion: Option<Arc<SwapError>>,
    /// The content of the shadow policy's file that was last accepted.
    shadow_file: Option<Digest>,
    swaps: u64,
    rollbacks: u64,
}

/// The state of hot reload.
pub struct Status {
    /// What is in force.
    pub in_force: Arc<InForce>,
    /// What a rollback would restore.
    pub previous: Option<Arc<InForce>>,
    /// Why the last change was refused, if it was, and when.
    pub refused: Option<(Arc<SwapError>, SystemTime)>,
    /// Changes since the start.
    pub swaps: u64,
    /// Those of them that were rollbacks.
    pub rollbacks: u64,
}

impl Swap {
    /// Starts with the first component, as read when its sources were opened. There is none to
    /// fall back to.
    ///
    /// # Errors
    /// Why it cannot serve: see [`SwapError`].
    pub async fn start(
        (sources, taken): (Sources, Taken),
        provided: Provided,
        probation: Option<Duration>,
        shadow: Arc<Shadow>,
    ) -> Result<Arc<Self>, SwapError> {
        let digests = Digests::of(&taken);
        let tried = taken.stamps.clone();
        sources.tell_fixed();
        let first = load(taken, digests, &provided, &[]).await?;
        let metrics = provided.runtime.metrics();
        metrics.in_force(digests.component.to_string(), digests.policy_text());
        let swap = Arc::new(Self {
            sources,
            provided,
            probation,
            in_force: ArcSwap::from_pointee(first),
            shadow,
            past: Mutex::new(Past {
                previous: None,
                tried,
                refused: None,
                promotion: None,
                shadow_file: None,
                swaps: 0,
                rollbacks: 0,
            }),
        });
        swap.read_shadow(&mut *swap.past.lock().await).await?;
        Ok(swap)
    }

    /// The component for a new request.
    pub fn in_force(&self) -> Arc<InForce> {
        self.in_force.load_full()
    }

    /// The current state.
    pub async fn status(&self) -> Status {
        let past = self.past.lock().await;
        Status {
            in_force: self.in_force(),
            previous: past.previous.clone(),
            refused: past.refused.clone(),
            swaps: past.swaps,
            rollbacks: past.rollbacks,
        }
    }

    /// Reads the files again and puts them in force. Unless and until every check has passed, the
    /// old version stays.
    ///
    /// # Errors
    /// Why not, which is also logged: see [`SwapError`].
    pub async fn reload(self: &Arc<Self>, why: &str) -> Result<Arc<InForce>, Arc<SwapError>> {
        let mut past = self.past.lock().await;
        self.sources.tell_fixed();
        let reloaded = match self.take(&mut past).await {
            Ok(None) => {
                tracing::info!(why, "component and policy are unchanged");
                past.refused = None;
                Ok(self.in_force())
            }
            Ok(Some(next)) => Ok(self.put_in_force(&mut past, next, why).await),
            Err(reason) => Err(self.refuse(&mut past, reason, why)),
        };
        // The outcome has been logged, and says nothing about the policy in force.
        let _ = self.read_shadow(&mut past).await;
        reloaded
    }

    async fn put_in_force(
        self: &Arc<Self>,
        past: &mut Past,
        next: InForce,
        why: &str,
    ) -> Arc<InForce> {
        let next = Arc::new(next);
        let previous = self.in_force.swap(Arc::clone(&next));
        past.refused = None;
        past.swaps += 1;
        self.count("swapped", &next);
        let Digests { component, .. } = &next.digests;
        tracing::info!(why, %component, policy = next.digests.policy_text(),
            "hot reload: swapped");
        self.watch_over(&next, &previous);
        past.previous = Some(previous);
        self.follow(&next).await;
        next
    }

    fn refuse(&self, past: &mut Past, reason: SwapError, why: &str) -> Arc<SwapError> {
        let reason = Arc::new(reason);
        tracing::error!(
            why,
            reason = reason.to_string(),
            "hot reload: the new component or policy was refused, the old one stays"
        );
        past.refused = Some((Arc::clone(&reason), SystemTime::now()));
        self.provided.runtime.metrics().changed("refused");
        reason
    }

    /// Has resumable uploads that are being received keep what has arrived and end their requests.
    pub fn suspend_uploads(&self) {
        self.provided.runtime.suspend_uploads();
    }

    /// Rolls back to what was in force before.
    ///
    /// # Errors
    /// [`NoPrevious`], also after a rollback.
    pub async fn rollback(&self, why: &str) -> Result<Arc<InForce>, NoPrevious> {
        let mut past = self.past.lock().await;
        let previous = past.previous.take().ok_or(NoPrevious)?;
        past.refused = None;
        self.put_back(&mut past, Arc::clone(&previous), why).await;
        Ok(previous)
    }

    async fn put_back(&self, past: &mut Past, back: Arc<InForce>, why: &str) {
        past.previous = None;
        past.swaps += 1;
        past.rollbacks += 1;
        self.count("rolled-back", &back);
        let undone = self.in_force.swap(Arc::clone(&back));
        let (undone, digests) = (&undone.digests, &back.digests);
        tracing::warn!(
            why,
            undone_component = %undone.component,
            undone_policy = undone.policy_text(),
            component = %digests.component,
            policy = digests.policy_text(),
            "rolled back"
        );
        self.follow(&back).await;
    }

    /// The content of the files, unless it is in force already: then nothing changes, and neither
    /// does what a rollback would restore.
    async fn take(&self, past: &mut Past) -> Result<Option<InForce>, SwapError> {
        // Unreadable files, too, are tried only once.
        past.tried = self.sources.stamps();
        let (taken, digests) = read(&self.sources).await?;
        let in_force = self.in_force();
        if in_force.digests == digests {
            return Ok(None);
        }
        let known: Vec<_> = past.previous.iter().chain([&in_force]).collect();
        let next = load(taken, digests, &self.provided, &known).await?;
        loosened::check(&in_force, &next).await?;
        Ok(Some(next))
    }

    fn count(&self, outcome: &'static str, in_force: &InForce) {
        let metrics = self.provided.runtime.metrics();
        metrics.changed(outcome);
        let digests = &in_force.digests;
        metrics.in_force(digests.component.to_string(), digests.policy_text());
    }

    /// Whether files that look like this have not been tried yet.
    async fn is_new(&self, stamps: &Stamps) -> bool {
        self.past.lock().await.tried != *stamps
    }
}
