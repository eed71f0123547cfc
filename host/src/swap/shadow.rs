//! The shadow policy of the component in force: begun from a file or by an operator, kept when the
//! component changes, and put in force.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::error::{NoShadow, PromoteError, ShadowRefused, SwapError};
use super::in_force::{Digest, Digests, InForce};
use super::load::admit;
use super::sources::SourceError;
use super::{Past, Swap, loosened};
use crate::process::clock;
use crate::shadow::{About, Shadow};

/// Where a shadow policy comes from.
const FILE: &str = "file";
const REQUEST: &str = "request";

impl Swap {
    /// The shadow policy, if there is one.
    pub fn shadow(&self) -> &Arc<Shadow> {
        &self.shadow
    }

    /// Begins with this document as the shadow policy.
    ///
    /// # Errors
    /// [`ShadowRefused`], which is also logged; the one before stays.
    pub async fn begin_shadow(&self, document: String) -> Result<(), ShadowRefused> {
        // The component must not change meanwhile.
        let _past = self.past.lock().await;
        self.begin(document.into(), REQUEST).await
    }

    /// Ends the shadow policy.
    ///
    /// # Errors
    /// [`NoShadow`].
    pub async fn end_shadow(&self) -> Result<(), NoShadow> {
        let mut past = self.past.lock().await;
        if !self.shadow.stop("stopped") {
            return Err(NoShadow);
        }
        // Nobody waits any longer for it to be put in force.
        if let (Some(promotion), Some((refused, _))) = (past.promotion.take(), &past.refused)
            && Arc::ptr_eq(&promotion, refused)
        {
            past.refused = None;
        }
        Ok(())
    }

    /// Puts the shadow policy in force, like any other change of the policy.
    ///
    /// # Errors
    /// [`PromoteError`]; then nothing changes.
    pub async fn promote(self: &Arc<Self>, why: &str) -> Result<Arc<InForce>, PromoteError> {
        let mut past = self.past.lock().await;
        let (About { document, .. }, _) = self.shadow.running().ok_or(NoShadow)?;
        let in_force = self.in_force();
        let digests = Digests {
            component: in_force.digests.component,
            policy: Some(Digest::of(document.as_bytes())),
        };
        let promoted = if in_force.digests == digests {
            in_force
        } else {
            match self.admit_shadow(&in_force, &document, digests).await {
                Ok(next) => self.put_in_force(&mut past, next, why).await,
                Err(reason) => {
                    let reason = self.refuse(&mut past, reason, why);
                    past.promotion = Some(Arc::clone(&reason));
                    return Err(reason.into());
                }
            }
        };
        self.shadow.stop("promoted");
        Ok(promoted)
    }

    async fn admit_shadow(
        &self,
        in_force: &InForce,
        document: &str,
        digests: Digests,
    ) -> Result<InForce, SwapError> {
        let policy = Some(document.to_owned());
        let next = admit(in_force.compiled.clone(), policy, digests, &self.provided).await?;
        loosened::check(in_force, &next).await?;
        Ok(next)
    }

    /// Begins with the document of `--shadow-policy`, if it is not the one that was read last.
    ///
    /// # Errors
    /// Why not, which is also logged; the shadow policy before stays.
    pub(super) async fn read_shadow(&self, past: &mut Past) -> Result<(), SwapError> {
        let sources = self.sources.clone();
        let read = match spawn_blocking(move || sources.read_shadow()).await? {
            Ok(Some(document)) => Ok(document),
            Ok(None) => return Ok(()),
            Err(unreadable) => Err(unreadable),
        };
        let document = read.inspect_err(|reason: &SourceError| {
            self.shadow.refuse(&reason.to_string());
        })?;
        let digest = Digest::of(document.as_bytes());
        if past.shadow_file == Some(digest) {
            return Ok(());
        }
        past.shadow_file = None;
        self.begin(document.into(), FILE).await?;
        past.shadow_file = Some(digest);
        Ok(())
    }

    /// Lets this component decide by the shadow policy, if another one did.
    pub(super) async fn follow(&self, in_force: &InForce) {
        let Some((about, _)) = self.shadow.running() else {
            return;
        };
        if about.component == in_force.digests.component.to_string() {
            return;
        }
        let begun = self.judge(in_force, about.document, about.source).await;
        if let Err(reason) = begun {
            let reason = format!(
                "the component now in force does not accept it: {}",
                reason.0
            );
            self.shadow.drop_it(&reason);
        }
    }

    async fn begin(&self, document: Arc<str>, source: &'static str) -> Result<(), ShadowRefused> {
        let begun = self.judge(&self.in_force(), document, source).await;
        begun.inspect_err(|refused| self.shadow.refuse(&refused.0.to_string()))
    }

    async fn judge(
        &self,
        in_force: &InForce,
        document: Arc<str>,
        source: &'static str,
    ) -> Result<(), ShadowRefused> {
        let mut settings = self.provided.settings.clone();
        settings.push(("COFFER_POLICY".to_owned(), document.to_string()));
        let judging = in_force.compiled.candidate.judge(settings).await;
        let (judge, report) = judging.map_err(ShadowRefused)?;
        for notice in &report.notices {
            tracing::warn!("shadow policy: {notice}");
        }
        let about = About {
            policy: Digest::of(document.as_bytes()).to_string(),
            component: in_force.digests.component.to_string(),
            document,
            source,
            since: clock::now(),
        };
        self.shadow.begin(judge, about);
        Ok(())
    }
}
