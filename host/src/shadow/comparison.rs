//! One shadow policy at work: decisions wait for it in a bounded queue, and are compared.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;

use http::HeaderValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::About;
use super::effect::{Counted, Counts, Effect};
use super::lines::Lines;
use crate::bindings::coffer::storage::decisions::{Question, Verdict};
use crate::imports::decisions::Decision;
use crate::metrics::{ShadowMetrics, Word};
use crate::process::log::RequestLog;
use crate::sandbox::{Judge, JudgeError, MOST_JUDGING};

/// Max decisions that wait, together a few MiB; those of further requests are skipped.
const MOST_WAITING: usize = 4096;

/// A shadow policy, and what it has decided.
pub(super) struct Comparison {
    pub(super) about: About,
    judge: Judge,
    metrics: ShadowMetrics,
    lines: Arc<Lines>,
    counts: Counts,
    waiting: Arc<Semaphore>,
    judging: Semaphore,
    has_ended: AtomicBool,
}

impl Comparison {
    pub(super) fn new(
        judge: Judge,
        about: About,
        metrics: ShadowMetrics,
        lines: Arc<Lines>,
    ) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            about,
            judge,
            metrics,
            lines,
            counts: Counts::default(),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
            judging: Semaphore::new(cores.min(MOST_JUDGING as usize)),
            has_ended: AtomicBool::new(false),
        }
    }

    /// What was decided so far.
    pub(super) fn counted(&self) -> Counted {
        self.counts.counted()
    }

    /// Nothing is compared anymore, and how many lines are missing is logged.
    pub(super) fn end(&self) {
        self.has_ended.store(true, Ordering::Relaxed);
        self.lines.finish();
    }

    /// Room in the queue for a request's decisions, if it made any. Without room they are skipped.
    pub(super) fn admit(&self, decisions: &[Decision]) -> Option<OwnedSemaphorePermit> {
        if decisions.is_empty() {
            return None;
        }
        let room = u32::try_from(decisions.len()).ok().and_then(|room| {
            let waiting = Arc::clone(&self.waiting);
            waiting.try_acquire_many_owned(room).ok()
        });
        if room.is_none() {
            self.skip(decisions);
        }
        room
    }

    /// Asks the shadow policy what the policy in force was asked, and counts and logs how the
    /// verdicts differ.
    ///
    /// # Errors
    /// [`JudgeError`]: it is of no use anymore.
    pub(super) async fn compare(
        &self,
        decisions: Vec<Decision>,
        authorization: Option<HeaderValue>,
        log: &RequestLog,
    ) -> Result<(), JudgeError> {
        let Ok(_turn) = self.judging.acquire().await else {
            return Ok(());
        };
        if self.has_ended.load(Ordering::Relaxed) {
            return Ok(());
        }
        let questions: Vec<Question> = decisions
            .iter()
            .map(|decision| decision.question.clone())
            .collect();
        let authorization = authorization.as_ref().map(HeaderValue::as_bytes);
        match self.judge.by_token(authorization, &questions).await? {
            Ok(verdicts) => {
                for (decision, verdict) in decisions.iter().zip(&verdicts) {
                    self.count(decision, verdict, log);
                }
            }
            Err(reason) => {
                self.skip(&decisions);
                if self.lines.admit() {
                    log.in_scope(|| {
                        tracing::warn!(reason = ?reason, "the shadow policy gives no verdict");
                    });
                }
            }
        }
        Ok(())
    }

    fn count(&self, decision: &Decision, shadow: &Verdict, log: &RequestLog) {
        let Decision { question, verdict } = decision;
        let effect = Effect::of(verdict.outcome, shadow.outcome);
        self.tell(question, effect);
        if effect == Effect::Same || !self.lines.admit() {
            return;
        }
        let (action, area) = (Word::from(question.action), Word::from(question.area));
        let reason = shadow.reason.as_ref().or(verdict.reason.as_ref());
        log.in_scope(|| {
            tracing::info!(
                result = effect.word().0, action = action.0, area = area.0, name = ?question.name,
                in_force = Word::from(verdict.outcome).0, rule = ?verdict.rule,
                shadow = Word::from(shadow.outcome).0, shadow_rule = ?shadow.rule,
                reason = reason.map(tracing::field::debug),
                "the shadow policy decides differently"
            );
        });
    }

    /// Counts decisions that the shadow policy is not asked for.
    pub(super) fn skip(&self, decisions: &[Decision]) {
        for Decision { question, .. } in decisions {
            self.tell(question, Effect::Skipped);
        }
    }

    fn tell(&self, question: &Question, effect: Effect) {
        self.counts.add(effect);
        let (action, area) = (question.action.into(), question.area.into());
        self.metrics.compared(action, area, effect.word());
    }
}
