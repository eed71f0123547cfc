//! A component that is new is watched for a while.

use std::sync::Arc;

use super::Swap;
use super::in_force::{Digests, InForce};
use super::load::admit;

/// So many traps within the probation may be anybody's; more are the component's.
const FEW_FAILURES: u64 = 3;

impl Swap {
    /// Takes a component back that traps more than a few times while on probation. The
    /// policy stays: what clients can bring a component to do undoes no rule.
    pub(super) fn watch_over(self: &Arc<Self>, next: &Arc<InForce>, previous: &Arc<InForce>) {
        let Some(probation) = self.probation else {
            return;
        };
        if next.digests.component == previous.digests.component {
            return;
        }
        let (swap, next, previous) = (Arc::clone(self), Arc::clone(next), Arc::clone(previous));
        tokio::spawn(async move {
            let failing = next.sandbox.failures().exceed(FEW_FAILURES);
            if tokio::time::timeout(probation, failing).await.is_err() {
                return;
            }
            let why = "it failed too often while on probation";
            let mut past = swap.past.lock().await;
            if !Arc::ptr_eq(&swap.in_force(), &next) {
                return;
            }
            if next.digests.policy == previous.digests.policy {
                return swap.put_back(&mut past, previous, why);
            }
            let digests = Digests {
                component: previous.digests.component,
                policy: next.digests.policy,
            };
            let (candidate, policy) = (previous.candidate.clone(), next.policy.clone());
            match admit(candidate, policy, digests, &swap.provided).await {
                Ok(back) => swap.put_back(&mut past, Arc::new(back), why),
                Err(error) => tracing::error!(
                    reason = error.to_string(),
                    "{why}, but the component before does not take the policy in force"
                ),
            }
        });
    }
}
