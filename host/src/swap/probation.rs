//! Probation: a new component that traps too often is rolled back, unless that could bring back
//! other rules.

use std::sync::Arc;

use super::Swap;
use super::in_force::{Digests, InForce};
use super::load::admit;

/// Max traps within the probation: a few may have any cause, more are the component's fault.
const FEW_FAILURES: u64 = 3;

impl Swap {
    /// Rolls back a component that traps more than a few times during its probation. The policy
    /// stays: no client can undo a rule by making a component trap. So where rules are in a
    /// component, it stays too.
    pub(super) fn watch_over(self: &Arc<Self>, next: &Arc<InForce>, previous: &Arc<InForce>) {
        let Some(probation) = self.probation else {
            return;
        };
        if next.digests.component == previous.digests.component {
            return;
        }
        if rules_within(next, previous) {
            tracing::warn!(
                "no probation: rules are in the component, and a rollback would undo them"
            );
            return;
        }
        let (swap, next, previous) = (Arc::clone(self), Arc::clone(next), Arc::clone(previous));
        tokio::spawn(async move {
            let failing = next.sandbox.failures().exceed(FEW_FAILURES);
            if tokio::time::timeout(probation, failing).await.is_err() {
                return;
            }
            let why = "it trapped too often during its probation";
            let mut past = swap.past.lock().await;
            if !Arc::ptr_eq(&swap.in_force(), &next) {
                return;
            }
            if next.digests.policy == previous.digests.policy {
                return swap.put_back(&mut past, previous, why).await;
            }
            let digests = Digests {
                component: previous.digests.component,
                policy: next.digests.policy,
            };
            let (compiled, policy) = (previous.compiled.clone(), next.policy.clone());
            match admit(compiled, policy, digests, &swap.provided).await {
                Ok(back) => swap.put_back(&mut past, Arc::new(back), why).await,
                Err(error) => tracing::error!(
                    reason = error.to_string(),
                    "{why}, but was not rolled back: the previous component does not accept the \
                     policy in force"
                ),
            }
        });
    }
}

/// Whether going back to the previous component would change more than how the policy in force is
/// carried out: without a policy document the component has one of its own, and one that asks
/// another component decides by that.
fn rules_within(next: &InForce, previous: &InForce) -> bool {
    next.policy.is_none() || next.compiled.is_asking || previous.compiled.is_asking
}
