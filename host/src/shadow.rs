//! A shadow policy: it decides beside the policy in force, for a share of the requests, and only
//! operators see what it decided. Requests never wait for it.
//!
//! A [`Watch`] follows one request; [`comparison`] asks the shadow what the request was about,
//! once its response is on its way.

mod comparison;
mod effect;
mod lines;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwapOption;
use http::{HeaderMap, HeaderValue, header};

use crate::imports::decisions::Decision;
use crate::metrics::{ShadowMetrics, Word};
use crate::process::clock;
use crate::process::log::RequestLog;
use crate::sandbox::Judge;
use comparison::Comparison;
use lines::Lines;

pub use effect::Counted;

/// How long ago the decisions may have been made: a token may have expired since.
const LONGEST: Duration = Duration::from_secs(60);

/// Holds the shadow policy, if there is one.
pub struct Shadow {
    /// Of all requests: 0 to 1.
    share: f64,
    metrics: ShadowMetrics,
    lines: Arc<Lines>,
    /// All that a request looks at if there is none.
    is_on: AtomicBool,
    comparison: ArcSwapOption<Comparison>,
    /// Held during a change.
    past: Mutex<Past>,
}

/// What went wrong before.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Why the last shadow policy was dropped, unless another one came since.
    pub dropped: Option<(String, SystemTime)>,
    /// Why the last document was not accepted, if it was not.
    pub refused: Option<(String, SystemTime)>,
}

/// What a shadow policy is.
#[derive(Debug, Clone)]
pub struct About {
    /// The document.
    pub document: Arc<str>,
    /// The document's digest.
    pub policy: String,
    /// The digest of the component that decides by it.
    pub component: String,
    /// Where the document came from.
    pub source: &'static str,
    /// Since when it decides.
    pub since: SystemTime,
}

/// A request whose decisions are compared.
pub struct Watch {
    shadow: Arc<Shadow>,
    comparison: Arc<Comparison>,
    authorization: Option<HeaderValue>,
    begun: Instant,
}

impl Shadow {
    /// None yet. Later ones see this share of the requests.
    pub fn new(share: f64, metrics: ShadowMetrics) -> Arc<Self> {
        Arc::new(Self {
            share,
            metrics,
            lines: Arc::default(),
            is_on: AtomicBool::new(false),
            comparison: ArcSwapOption::empty(),
            past: Mutex::default(),
        })
    }

    /// The share of the requests that are compared.
    pub fn share(&self) -> f64 {
        self.share
    }

    /// The shadow policy, and what was decided since it began.
    pub fn running(&self) -> Option<(About, Counted)> {
        let running = self.comparison.load_full()?;
        Some((running.about.clone(), running.counted()))
    }

    /// What went wrong before.
    pub fn past(&self) -> Past {
        self.lock().clone()
    }

    /// Watches a request with these fields, if it is one of those to compare.
    pub fn watch(self: &Arc<Self>, fields: &HeaderMap) -> Option<Watch> {
        if !self.is_on.load(Ordering::Relaxed) || fastrand::f64() >= self.share {
            return None;
        }
        let comparison = self.comparison.load_full()?;
        let mut authorization = fields.get_all(header::AUTHORIZATION).iter();
        let first = authorization.next().cloned();
        // Several are refused without a decision, or not looked at.
        authorization.next().is_none().then(|| Watch {
            shadow: Arc::clone(self),
            comparison,
            authorization: first,
            begun: Instant::now(),
        })
    }

    /// Begins with another shadow policy, in place of the one before.
    pub fn begin(&self, judge: Judge, about: About) {
        let mut past = self.lock();
        tracing::info!(
            policy = about.policy,
            component = about.component,
            source = about.source,
            share = self.share,
            "shadow policy: started"
        );
        let next = Comparison::new(judge, about, self.metrics.clone(), Arc::clone(&self.lines));
        if let Some(previous) = self.comparison.swap(Some(Arc::new(next))) {
            previous.end();
        }
        *past = Past::default();
        self.is_on.store(true, Ordering::Relaxed);
        self.changed("started");
    }

    /// A document was not accepted; the shadow policy before it stays.
    pub fn refuse(&self, reason: &str) {
        tracing::error!(reason, "shadow policy: refused");
        self.lock().refused = Some((reason.to_owned(), clock::now()));
        self.changed("refused");
    }

    /// Ends the shadow policy, or forgets why it was dropped. Whether there was anything to end.
    pub fn stop(&self, why: &'static str) -> bool {
        let mut past = self.lock();
        let had_failed = std::mem::take(&mut *past).dropped.is_some();
        let ended = self.end();
        if let Some(about) = &ended {
            tracing::info!(policy = about.policy, "shadow policy: {why}");
            self.changed(why);
        }
        ended.is_some() || had_failed
    }

    /// Ends the shadow policy that has this fault, or that cannot go on for this reason.
    pub fn drop_it(&self, reason: &str) {
        self.drop_within(&mut self.lock(), reason);
    }

    /// The same for one that may have been replaced since.
    fn drop_failed(&self, failed: &Arc<Comparison>, reason: &str) {
        let mut past = self.lock();
        let current = self.comparison.load_full();
        if current.is_some_and(|current| Arc::ptr_eq(&current, failed)) {
            self.drop_within(&mut past, reason);
        }
    }

    fn drop_within(&self, past: &mut Past, reason: &str) {
        if let Some(about) = self.end() {
            tracing::error!(policy = about.policy, reason, "shadow policy: dropped");
            past.dropped = Some((reason.to_owned(), clock::now()));
            self.changed("dropped");
        }
    }

    fn end(&self) -> Option<About> {
        self.is_on.store(false, Ordering::Relaxed);
        let ended = self.comparison.swap(None)?;
        ended.end();
        Some(ended.about.clone())
    }

    fn changed(&self, outcome: &'static str) {
        self.metrics.changed(Word(outcome));
        self.metrics.running(self.is_on.load(Ordering::Relaxed));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Has the request's decisions compared, in the background; `log` is the request's.
    pub fn compare(self, decisions: Vec<Decision>, log: RequestLog) {
        let Self {
            shadow,
            comparison,
            authorization,
            begun,
        } = self;
        if begun.elapsed() > LONGEST {
            return comparison.skip(&decisions);
        }
        let Some(room) = comparison.admit(&decisions) else {
            return;
        };
        tokio::spawn(async move {
            let _room = room;
            let compared = comparison.compare(decisions, authorization, &log).await;
            if let Err(failure) = compared {
                shadow.drop_failed(&comparison, &failure.to_string());
            }
        });
    }
}
