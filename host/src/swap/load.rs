//! From files to a component that is ready to serve: read, compiled, checked.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::task::spawn_blocking;

use super::error::SwapError;
use super::in_force::{Compiled, Digests, InForce};
use super::sources::{Sources, Taken};
use crate::imports::environment::Setting;
use crate::imports::outbound::Documents;
use crate::sandbox::{Candidate, Refused, Runtime};
use crate::store::BlobStore;

/// What every component is provided with.
pub struct Provided {
    /// Engine and pool.
    pub runtime: Runtime,
    /// Settings besides the policy.
    pub settings: Vec<Setting>,
    /// The files.
    pub store: Arc<dyn BlobStore>,
    /// What the IAM API publishes.
    pub documents: Arc<Documents>,
}

/// Reads the files and computes their digests, off the threads that serve.
pub(super) async fn read(sources: &Sources) -> Result<(Taken, Digests), SwapError> {
    let sources = sources.clone();
    let reading = spawn_blocking(move || {
        let taken = sources.read()?;
        let digests = Digests::of(&taken);
        Ok((taken, digests))
    });
    reading.await?
}

/// Compiles what was read, unless a known component was compiled from the same bytes, and checks
/// it.
pub(super) async fn load(
    taken: Taken,
    digests: Digests,
    provided: &Provided,
    known: &[&Arc<InForce>],
) -> Result<InForce, Refused> {
    let mut known = known.iter();
    let compiled = match known.find(|it| it.digests.component == digests.component) {
        Some(same) => same.compiled.clone(),
        None => Compiled {
            candidate: Candidate::load(taken.component, provided.runtime.clone()).await?,
            is_asking: taken.is_asking,
        },
    };
    admit(compiled, taken.policy, digests, provided).await
}

/// Checks a compiled component with a policy.
pub(super) async fn admit(
    compiled: Compiled,
    policy: Option<String>,
    digests: Digests,
    provided: &Provided,
) -> Result<InForce, Refused> {
    let mut settings = provided.settings.clone();
    let document = policy.clone();
    settings.extend(document.map(|text| ("COFFER_POLICY".to_owned(), text)));
    let (store, documents) = (Arc::clone(&provided.store), Arc::clone(&provided.documents));
    let (sandbox, report) = compiled.candidate.check(settings, store, documents).await?;
    for notice in &report.notices {
        tracing::warn!("{notice}");
    }
    Ok(InForce {
        sandbox,
        compiled,
        cors_origins: report.cors_origins,
        policy,
        openings: report.openings,
        digests,
        since: SystemTime::now(),
    })
}
