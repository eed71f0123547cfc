//! A component that is asked what it decides, and answers no requests. It has instances, a memo
//! and copies of the IAM API's documents of its own, and a store that is empty.

use std::sync::Arc;
use std::time::Duration;

use super::candidate::{PATIENCE, Refused, Report};
use super::cpu_time::CpuLimited;
use super::state::{SharedState, State};
use super::{Candidate, SandboxLimits, new_store};
use crate::bindings::judge::JudgedPre;
use crate::bindings::judge::decisions::{Question, Verdict};
use crate::imports::environment::Setting;
use crate::imports::memo::Memo;
use crate::imports::port::Turns;
use crate::store::absent::AbsentStore;

/// Max instances that judge at the same time, besides those of requests.
pub const MOST_JUDGING: u32 = 4;

/// A component that has passed its check, to be asked.
pub struct Judge {
    component: JudgedPre<State>,
    shared: SharedState,
    limits: SandboxLimits,
}

/// Why a component gives no verdicts.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// It trapped, or used up its CPU time.
    #[error("the component failed: {0:#}")]
    Failed(#[source] wasmtime::Error),
    /// It took too long.
    #[error("the component took longer than {0:?}")]
    Late(Duration),
    /// Its verdicts cannot be assigned to the questions.
    #[error("the component gave {given} verdicts on {asked} questions")]
    Incomplete {
        /// How many verdicts it gave.
        given: usize,
        /// On how many questions.
        asked: usize,
    },
}

impl Candidate {
    /// Checks the component with these settings as one that is to serve, but to be asked only.
    ///
    /// # Errors
    /// As [`Candidate::check`]; [`Refused::World`] for a component that cannot be asked.
    pub async fn judge(&self, settings: Vec<Setting>) -> Result<(Judge, Report), Refused> {
        let component = JudgedPre::new(self.handler.instance_pre().clone())
            .map_err(|error| Refused::World(format!("{error:#}")))?;
        let checking = self.check(settings, Arc::new(AbsentStore), Arc::default());
        let (checked, report) = checking.await?;
        let shared = SharedState {
            settings: Arc::clone(&checked.shared.settings),
            store: Arc::new(AbsentStore),
            turns: Turns::default(),
            outbound: checked.shared.outbound.clone(),
            memo: Memo::new(),
            metrics: Arc::default(),
            on_trial: true,
            silent: true,
        };
        let judge = Judge {
            component,
            shared,
            limits: self.runtime.limits.clone(),
        };
        Ok((judge, report))
    }
}

impl Judge {
    /// Its verdicts on these questions for a request with this `Authorization` field, or in its
    /// own words why it has none at the moment.
    ///
    /// # Errors
    /// [`JudgeError`].
    pub async fn by_token(
        &self,
        authorization: Option<&[u8]>,
        questions: &[Question],
    ) -> Result<Result<Vec<Verdict>, String>, JudgeError> {
        let mut store = new_store(self.component.engine(), &self.shared);
        let asking = async {
            let instance = self.component.instantiate_async(&mut store).await?;
            let judge = instance.coffer_storage_judge();
            judge
                .call_by_token(&mut store, authorization, questions)
                .await
        };
        let asking = CpuLimited::new(asking, self.limits.cpu_time, Arc::default());
        let patience = PATIENCE.min(self.limits.request_time);
        let verdicts = match tokio::time::timeout(patience, asking).await {
            Ok(Ok(Ok(verdicts))) => verdicts,
            Ok(Ok(Err(trap))) => return Err(JudgeError::Failed(trap)),
            Ok(Err(used_up)) => return Err(JudgeError::Failed(used_up.into())),
            Err(_) => return Err(JudgeError::Late(patience)),
        };
        match &verdicts {
            Ok(given) if given.len() != questions.len() => Err(JudgeError::Incomplete {
                given: given.len(),
                asked: questions.len(),
            }),
            _ => Ok(verdicts),
        }
    }
}
