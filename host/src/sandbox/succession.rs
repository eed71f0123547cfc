//! A component is asked what its policy keeps closed, and what it opens of what the one before it
//! kept closed (`wit/world.wit`).

use super::candidate::Refused;
use super::state::State;
use super::{Candidate, Sandbox, new_store};
use crate::bindings::succession::SucceededPre;

pub use crate::bindings::succession::exports::coffer::storage::succession::{Closing, Reopening};

impl Candidate {
    /// What the policy that this component has been checked with keeps closed; nothing for a
    /// component that cannot say.
    ///
    /// # Errors
    /// [`Refused::Settings`], [`Refused::Failed`], [`Refused::Late`].
    pub async fn closings(&self, checked: &Sandbox) -> Result<Vec<Closing>, Refused> {
        let Some(component) = self.succession() else {
            return Ok(Vec::new());
        };
        let mut store = new_store(self.handler.engine(), &checked.shared);
        let asking = async {
            let instance = component.instantiate_async(&mut store).await?;
            let succession = instance.coffer_storage_succession();
            succession.call_closings(&mut store).await
        };
        self.limited(asking).await?.map_err(Refused::Settings)
    }

    /// What the policy that this component has been checked with opens of these without saying so;
    /// nothing for a component that cannot say.
    ///
    /// # Errors
    /// As [`Candidate::closings`].
    pub async fn reopened(
        &self,
        checked: &Sandbox,
        closings: &[Closing],
    ) -> Result<Vec<Reopening>, Refused> {
        let Some(component) = self.succession().filter(|_| !closings.is_empty()) else {
            return Ok(Vec::new());
        };
        let mut store = new_store(self.handler.engine(), &checked.shared);
        let asking = async {
            let instance = component.instantiate_async(&mut store).await?;
            let succession = instance.coffer_storage_succession();
            succession.call_reopened(&mut store, closings).await
        };
        self.limited(asking).await?.map_err(Refused::Settings)
    }

    /// `None` for a component without this export.
    fn succession(&self) -> Option<SucceededPre<State>> {
        SucceededPre::new(self.handler.instance_pre().clone()).ok()
    }
}
